"""HTTP client of live sources: each request is limited in time and size, and each failure says whether to try again.

No error shows more of an address than its host, and none shows a header: paths, queries and headers hold secrets. What
is shown of the other side's own words is without them.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from yarl import URL

from streams import __version__
from streams.core.text.clean import printable
from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.runtime import clock
from streams.sources.live.addresses import PrivateAddress, PublicResolver, check_host, no_tls
from streams.sources.live.content_encoding import ACCEPTED, BodyError, BodyInflater, BodyTooLarge
from streams.sources.live.http_dates import retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from types import TracebackType

    from aiohttp import ClientResponse

SHOWN_BYTES: Final = 300
"""Part of the body of a refusal that is shown."""

PASSING: Final = frozenset({408, 409, 421, 423, 425, 429})
"""Status codes below 500 that concern the moment."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

PERMANENT: Final = frozenset({301, 308})
"""Status codes by which an address has moved for good (RFC 9110, 15.4)."""

_MAX_REDIRECTS: Final = 5

_NO_CREDENTIALS: Final = frozenset({"user-agent", "accept", "accept-encoding", "if-none-match", "if-modified-since"})
"""Headers that are sent on to another host by a redirect; any other may be a credential."""

_MAX_HEADER_BYTES: Final = 32_768
"""Longest line of the head of an answer."""

_EXCERPT_SECONDS: Final = 5.0


class Timeouts(NamedTuple):
    """Limits of a request in time.

    Parameters
    ----------
    connect_seconds
        Until there is a connection, with TLS.
    header_seconds
        Until the head of the answer is complete, the connection included.
    body_seconds
        From then on until the body is complete.
    """

    connect_seconds: float = 15.0
    header_seconds: float = 30.0
    body_seconds: float = 60.0


class Received(NamedTuple):
    """The whole answer to a request.

    Parameters
    ----------
    status
        2xx, 304, or a redirect that was not followed.
    headers
        Headers; names are in lower case.
    body
        Body, decompressed; empty for a redirect.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Followed(NamedTuple):
    """The answer at the end of redirects.

    Parameters
    ----------
    answer
        The answer.
    url
        Address that gave it.
    moved_to
        Address to use from now on, if the one that was asked for has moved for good; else None.
    """

    answer: Received
    url: str
    moved_to: str | None


class SourceHttp:
    """HTTP client of one source; an async context manager.

    Parameters
    ----------
    source
        Id of the source, for messages.
    allow_private
        Whether hosts inside of private networks may be reached.
    headers
        Headers of every request, such as ``Authorization``.
    max_bytes
        Largest body, after decompression.
    contact
        Address for the operators of the other side, in the header ``User-Agent``; empty for none.
    timeouts
        Limits of a request in time.
    patience
        Reads from the headers of a refusal how many seconds the other side asks to wait, for platforms with headers of
        their own.
    environment_proxy
        Whether requests go through the proxy that ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY`` name. It then
        decides which addresses a name has, and which may be reached.
    now_ms
        The clock, for a server that asks for patience by a date and states no time of its own.
    """

    def __init__(
        self,
        source: str,
        *,
        allow_private: bool = False,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 16_000_000,
        contact: str = "",
        timeouts: Timeouts = Timeouts(),  # noqa: B008  immutable
        patience: Callable[[Mapping[str, str], int], float | None] = retry_after,
        environment_proxy: bool = False,
        now_ms: Callable[[], int] = clock.now_ms,
    ) -> None:
        self._source = source
        self._allow_private = allow_private
        agent = f"firewatch/{__version__}" + (f" (+{contact})" if contact else "")
        self._headers = {"User-Agent": agent, "Accept-Encoding": ACCEPTED, **(headers or {})}
        self._max_bytes = max_bytes
        self._timeouts = timeouts
        self._patience = patience
        self._environment_proxy = environment_proxy
        self._now_ms = now_ms
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        checks_names = not self._allow_private and not self._environment_proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=PublicResolver() if checks_names else None, limit_per_host=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Received:
        """Make a request and return the whole answer; redirects are returned, not followed.

        Raises
        ------
        SourceRefused
            If the server denies access, or answers that there is no such thing.
        SourceUnavailable
            If it can't be reached, fails, is too slow, asks for patience, or answers with too much.
        """
        address = self._address(url)
        return await self._received(method, address, {**self._headers, **(headers or {})}, body)

    async def follow(self, url: str, *, headers: Mapping[str, str] | None = None) -> Followed:
        """Get an address and return the whole answer, after redirects, of which each is checked as the first address.

        Another host, scheme or port gets no header that may be a credential.

        Raises
        ------
        SourceError
            As `request`; also if there are too many redirects, or one leads nowhere.
        """
        first = address = self._address(url)
        sent = {**self._headers, **(headers or {})}
        has_moved_for_good = True
        moved_to = None
        for _ in range(_MAX_REDIRECTS + 1):
            answer = await self._received("GET", address, sent, None)
            location = answer.headers.get("location", "")
            if answer.status not in REDIRECTS or not location:
                return Followed(answer, str(address), moved_to)
            address = self._target(address, location)
            if address.origin() != first.origin():
                sent = {name: value for name, value in sent.items() if name.lower() in _NO_CREDENTIALS}
            has_moved_for_good = has_moved_for_good and answer.status in PERMANENT
            if has_moved_for_good:
                moved_to = str(address)
        raise SourceUnavailable(
            self._source, "redirects", f"{_place(first)} redirects more than {_MAX_REDIRECTS} times"
        )

    @asynccontextmanager
    async def stream(
        self, url: str, *, silence_seconds: float, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[ClientResponse]:
        """Open an answer that does not end; nothing is compressed. `streams.sources.live.lines` reads its lines.

        Parameters
        ----------
        silence_seconds
            Seconds without a byte after which the connection counts as stalled, once the head of the answer is there.

        Raises
        ------
        SourceError
            As `request`; in the body of the context too.
        """
        sent = {**self._headers, "Accept-Encoding": "identity", **(headers or {})}
        async with self._answer("GET", self._address(url), sent, None, silence_seconds=silence_seconds) as answer:
            yield answer

    def _address(self, text: str) -> URL:
        """Return an address that was named, without credentials: those of a source are in its headers."""
        address = _web_address(URL(), text)
        if address is None:
            raise SourceRefused(self._source, "bad_address", f"{host_of(text)} is no address that can be reached")
        return address.with_user(None)

    def _target(self, address: URL, location: str) -> URL:
        """Return the address that a redirect names, without credentials and without a fragment."""
        target = _web_address(address, location.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip())
        if target is None:
            detail = f"{_place(address)} redirects to an address that can't be reached"
            raise SourceUnavailable(self._source, "redirects", detail)
        return target.with_user(None).with_fragment(None)

    async def _received(self, method: str, address: URL, headers: Mapping[str, str], body: bytes | None) -> Received:
        async with self._answer(method, address, headers, body) as answer, asyncio.timeout(self._timeouts.body_seconds):
            received = {name.lower(): value for name, value in answer.headers.items()}
            content = b"" if answer.status in REDIRECTS else await self._body(answer, _place(address))
            return Received(answer.status, received, content)

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        address: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        silence_seconds: float | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """Yield an answer below 400 whose body has not been read, and translate errors."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        limits = self._timeouts
        where = _place(address)
        timeout = aiohttp.ClientTimeout(sock_connect=limits.connect_seconds, sock_read=silence_seconds)
        try:
            if not self._allow_private:
                check_host(address.raw_host or "")
            async with asyncio.timeout(limits.header_seconds):
                answer = await self._session.request(
                    method,
                    address,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    timeout=timeout,
                    proxy=self._proxy(address),
                )
            async with answer:
                if answer.status >= 400:
                    raise await self._failure(answer, address, headers)
                yield answer
        except PrivateAddress as error:
            raise self._private(error) from None
        except TimeoutError:
            raise SourceUnavailable(self._source, "timeout", f"{where} does not answer in time") from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            detail = f"{where} is no address that can be reached"
            raise SourceRefused(self._source, "bad_address", detail) from None
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", "") or "its certificate is not valid"
            raise SourceUnavailable(self._source, "certificate", f"{where}: {printable(reason)}") from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddress):
                raise self._private(error.os_error) from None
            failed = error.os_error
            reason = no_tls(failed, "http") or failed.strerror or str(failed) or "no connection"
            raise SourceUnavailable(self._source, "unreachable", f"{where}: {printable(reason)}") from None
        except aiohttp.ClientResponseError:
            raise SourceUnavailable(self._source, "broken", f"{where} answers with what is no HTTP") from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError):
            raise SourceUnavailable(self._source, "broken", f"{where} ends the connection") from None

    def _private(self, error: PrivateAddress) -> SourceRefused:
        return SourceRefused(self._source, "private_address", f"{error}: it is reached only with allow_private: true")

    def _proxy(self, address: URL) -> str | None:
        if not self._environment_proxy or proxy_bypass(address.host or ""):
            return None
        return getproxies_environment().get(address.scheme)

    async def _failure(self, answer: ClientResponse, address: URL, headers: Mapping[str, str]) -> SourceError:
        excerpt = await self._excerpt(answer)
        for shown in (str(address), address.raw_path_qs, address.path_qs, *headers.values()):
            for secret in (shown, shown.rpartition(" ")[2]):
                if len(secret) > 3:
                    excerpt = excerpt.replace(secret, "…")
        reason = printable(answer.reason or "")[:60]
        detail = f"{_place(address)} answers {answer.status} {reason}".rstrip() + (f": {excerpt}" if excerpt else "")
        code = f"http_{answer.status}"
        if answer.status >= 500 or answer.status in PASSING:
            return SourceUnavailable(self._source, code, detail, self._patience(answer.headers, self._now_ms()))
        return SourceRefused(self._source, code, detail)

    async def _excerpt(self, answer: ClientResponse) -> str:
        """Return the beginning of a refusal that is no page for browsers; empty if it does not come soon."""
        if answer.content_type not in {"application/json", "application/problem+json", "text/plain"}:
            return ""
        try:
            inflater = BodyInflater(answer.headers.get("Content-Encoding", ""), 64 * SHOWN_BYTES)
            async with asyncio.timeout(_EXCERPT_SECONDS):
                inflater.add(await answer.content.read(4 * SHOWN_BYTES))
        except (aiohttp.ClientError, OSError, BodyError):
            return ""
        return printable(inflater.so_far()[:SHOWN_BYTES].decode(errors="replace")).strip()

    async def _body(self, answer: ClientResponse, where: str) -> bytes:
        try:
            inflater = BodyInflater(answer.headers.get("Content-Encoding", ""), self._max_bytes)
            async for block in answer.content.iter_any():
                inflater.add(block)
            return inflater.finish()
        except BodyTooLarge as error:
            raise SourceUnavailable(self._source, "too_large", f"{where} answers with {error}") from None
        except BodyError as error:
            raise SourceUnavailable(self._source, "bad_body", f"{where} answers with {error}") from None


def host_of(url: str) -> str:
    """Return the part of an address that may be shown.

    >>> host_of("https://social.example:8443/api?access_token=secret")
    'social.example:8443'
    """
    try:
        return _place(URL(url))
    except ValueError:
        return _place(URL())


def _web_address(base: URL, text: str) -> URL | None:
    """Return an address of the web, which may be relative to another one; None if it is none."""
    try:
        address = base.join(URL(text))
    except ValueError:
        return None
    return address if address.scheme in {"http", "https"} and address.host and address.port else None


def _place(address: URL) -> str:
    if not address.host:
        return "an address without a host"
    return address.host + (f":{address.explicit_port}" if address.explicit_port else "")
