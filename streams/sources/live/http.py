"""HTTP client of live sources: each request is limited in time and size, and each failure says whether to try again.

No error shows more of an address than its host, and none shows a header: paths, queries and headers hold secrets.
"""

from __future__ import annotations

import asyncio
import zlib
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from urllib.parse import urlsplit

import aiohttp

from streams import __version__
from streams.core.text.clean import printable
from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.records import epoch_ms
from streams.sources.live.addresses import PrivateAddress, PublicResolver, check_host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from aiohttp import ClientResponse

CONNECT_SECONDS: Final = 15.0
HEADER_SECONDS: Final = 30.0
BODY_SECONDS: Final = 60.0

SHOWN_BYTES: Final = 300
"""Part of the body of a refusal that is shown."""

DENIALS: Final = frozenset({401, 402, 403, 407, 451})
"""Status codes by which a server denies access until somebody changes something."""

PASSING: Final = frozenset({408, 409, 421, 423, 425, 429})
"""Status codes below 500 that concern the moment."""

_BLOCK_BYTES: Final = 65_536


class Received(NamedTuple):
    """The whole answer to a request.

    Parameters
    ----------
    status
        2xx, 304, or a redirect that was not followed.
    headers
        Headers; names are in lower case.
    body
        Body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


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
    """

    def __init__(
        self,
        source: str,
        *,
        allow_private: bool = False,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 16_000_000,
        contact: str = "",
    ) -> None:
        self._source = source
        self._allow_private = allow_private
        agent = f"firewatch/{__version__}" + (f" (+{contact})" if contact else "")
        self._headers = {"User-Agent": agent, "Accept-Encoding": "gzip, deflate", **(headers or {})}
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        resolver = None if self._allow_private else PublicResolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, limit_per_host=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            auto_decompress=False,
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
        timeout = aiohttp.ClientTimeout(total=HEADER_SECONDS + BODY_SECONDS, sock_connect=CONNECT_SECONDS)
        async with self._answer(method, url, headers, body, timeout) as answer:
            content = await self._body(answer, url)
            received = {name.lower(): value for name, value in answer.headers.items()}
            return Received(answer.status, received, content)

    @asynccontextmanager
    async def stream(
        self, url: str, *, silence_seconds: float, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[ClientResponse]:
        """Open an answer that does not end; nothing is compressed.

        Parameters
        ----------
        silence_seconds
            Seconds without a byte after which the connection counts as stalled.

        Raises
        ------
        SourceError
            As `request`; in the body of the context too.
        """
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=max(silence_seconds, HEADER_SECONDS)
        )
        asked = {"Accept-Encoding": "identity", **(headers or {})}
        async with self._answer("GET", url, asked, None, timeout) as answer:
            timeout_now = answer.connection.protocol if answer.connection is not None else None
            if timeout_now is not None:
                timeout_now.read_timeout = silence_seconds
            yield answer

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  a setting of aiohttp
    ) -> AsyncIterator[ClientResponse]:
        if self._session is None:
            raise RuntimeError("the client is not open")
        where = host_of(url)
        try:
            if not self._allow_private:
                check_host(urlsplit(url).hostname or "")
            async with self._session.request(
                method, url, headers=headers, data=body, allow_redirects=False, timeout=timeout
            ) as answer:
                if answer.status >= 400:
                    raise await self._failure(answer, where)
                yield answer
        except PrivateAddress as error:
            raise SourceRefused(self._source, "private_address", f"{error}: it is reached only if allowed") from error
        except TimeoutError as error:
            raise SourceUnavailable(self._source, "timeout", f"{where} does not answer in time") from error
        except aiohttp.InvalidURL as error:
            raise SourceRefused(self._source, "bad_address", f"{where} is no address that can be reached") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddress):
                detail = f"{error.os_error}: it is reached only if allowed"
                raise SourceRefused(self._source, "private_address", detail) from error
            reason = error.os_error.strerror or str(error.os_error) or "no connection"
            raise SourceUnavailable(self._source, "unreachable", f"{where}: {reason}") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise SourceUnavailable(self._source, "broken", f"{where}: {type(error).__name__}") from error

    async def _failure(self, answer: ClientResponse, where: str) -> SourceError:
        try:
            excerpt = printable((await answer.content.read(SHOWN_BYTES)).decode(errors="replace")).strip()
        except (aiohttp.ClientError, OSError):
            excerpt = ""
        detail = f"{where} answers {answer.status} {answer.reason or ''}".rstrip() + (f": {excerpt}" if excerpt else "")
        reason = f"http_{answer.status}"
        if answer.status >= 500 or answer.status in PASSING:
            return SourceUnavailable(self._source, reason, detail, retry_after(answer.headers))
        return SourceRefused(self._source, reason, detail)

    async def _body(self, answer: ClientResponse, url: str) -> bytes:
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding in {"gzip", "x-gzip", "deflate"}:
            inflate = zlib.decompressobj(wbits=47 if encoding != "deflate" else 15)
        elif encoding in {"identity", ""}:
            inflate = None
        else:
            raise SourceUnavailable(self._source, "bad_encoding", f"{host_of(url)} answers in the encoding {encoding}")
        content = bytearray()
        async for block in answer.content.iter_chunked(_BLOCK_BYTES):
            rest = block
            while rest:
                if inflate is None:
                    content += rest
                    rest = b""
                else:
                    try:
                        content += inflate.decompress(rest, self._max_bytes + 1 - len(content))
                    except zlib.error as error:
                        detail = f"{host_of(url)} answers with a damaged body"
                        raise SourceUnavailable(self._source, "broken", detail) from error
                    rest = inflate.unconsumed_tail
                if len(content) > self._max_bytes:
                    raise SourceUnavailable(
                        self._source, "too_large", f"{host_of(url)} answers with more than {self._max_bytes:,} bytes"
                    )
        return bytes(content)


def host_of(url: str) -> str:
    """Return the part of an address that may be shown.

    >>> host_of("https://social.example:8443/api?access_token=secret")
    'social.example:8443'
    """
    parts = urlsplit(url)
    return (parts.hostname or "an address without a host") + (f":{parts.port}" if parts.port else "")


def retry_after(headers: Mapping[str, str], now_ms: int | None = None) -> float | None:
    """Return the seconds that a server asks for by ``Retry-After``, which is a number or a date; None if it does not.

    Parameters
    ----------
    headers
        Headers of the answer, in which ``Date`` is the server's clock.
    now_ms
        The clock to compare with if the server states none, milliseconds since the epoch.

    Examples
    --------
    >>> retry_after({"Retry-After": "120"})
    120.0
    >>> retry_after({"Retry-After": "Mon, 30 Nov 2026 12:00:30 GMT", "Date": "Mon, 30 Nov 2026 12:00:00 GMT"})
    30.0
    """
    asked = headers.get("Retry-After", headers.get("retry-after", "")).strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    until = _date_ms(asked)
    present = _date_ms(headers.get("Date", headers.get("date", ""))) or now_ms
    if until is None or present is None:
        return None
    return max(0.0, (until - present) / 1000)


def _date_ms(text: str) -> int | None:
    try:
        return epoch_ms(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None
