"""HTTP client of the receivers: requests are limited in time, and each failure is a refusal or may be retried.

Neither errors nor logs contain secrets, of which the paths of webhooks are one.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp

from streams import __version__
from streams.core.text.clean import printable
from streams.errors import ConfigError, DeliveryDenied, DeliveryFailed, DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiohttp import ClientResponse

REFUSALS: Final = frozenset({400, 406, 410, 411, 413, 414, 415, 422, 431})
"""Status codes that concern the alert itself, or say that none is wanted any more."""

DENIALS: Final = frozenset({401, 403, 404, 407})
"""Status codes that concern the address or the credentials. The others of 4xx concern the moment (408, 425, 429)."""

ANSWER_BYTES: Final = 16_000_000
"""Largest answer that is read: more than 200 messages of Slack, the largest page that is asked for, ever have."""

SHOWN_BYTES: Final = 300
"""Part of a response's body that is shown in errors."""


class HttpClient:
    """Posts JSON to receivers.

    Parameters
    ----------
    session
        An open session.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post JSON, and return when the receiver has accepted it with a 2xx. Redirects are not followed.

        Raises
        ------
        DeliveryRefused
            If the receiver will never accept this body.
        DeliveryFailed
            If the receiver may accept it later; `DeliveryDenied` if the address or the credentials are wrong.
        """
        async with self._accepted(url, body, headers):
            pass

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Post as `post` does, and return the body of the answer, of at most `ANSWER_BYTES`."""
        async with self._accepted(url, body, headers) as answer:
            parts = bytearray()
            async for part in answer.content.iter_any():
                parts += part
                if len(parts) > ANSWER_BYTES:
                    raise DeliveryFailed("answer_too_long", f"{shown(url)} answers with more than {ANSWER_BYTES} bytes")
            return bytes(parts)

    @asynccontextmanager
    async def _accepted(self, url: str, body: bytes, headers: Mapping[str, str]) -> AsyncIterator[ClientResponse]:
        where = shown(url)
        try:
            async with self._session.post(
                url, data=body, headers={"Content-Type": "application/json", **headers}, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    excerpt = printable((await answer.content.read(SHOWN_BYTES)).decode(errors="replace")).strip()
                    detail = f"{where} answers {answer.status} {answer.reason or ''}".rstrip()
                    detail += f": {excerpt}" if excerpt else ""
                    if answer.status in REFUSALS:
                        raise DeliveryRefused(f"http_{answer.status}", detail)
                    if answer.status in DENIALS:
                        raise DeliveryDenied(f"http_{answer.status}", detail)
                    raise DeliveryFailed(f"http_{answer.status}", detail, _seconds(answer.headers.get("Retry-After")))
                yield answer
        except TimeoutError as error:
            raise DeliveryFailed("timeout", f"{where} does not answer in time") from error
        except aiohttp.ClientConnectorError as error:
            raise DeliveryFailed("unreachable", f"{where}: {error.os_error.strerror or 'no connection'}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryFailed("broken", f"{where}: {type(error).__name__}") from error


@asynccontextmanager
async def http_client(timeout_seconds: float) -> AsyncIterator[HttpClient]:
    """Open a client whose requests take no longer than `timeout_seconds`."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"firewatch/{__version__}"},
    ) as session:
        yield HttpClient(session)


def shown(url: str) -> str:
    """Return the part of an address that may be shown: the paths and queries of webhooks are secrets.

    >>> shown("https://hooks.example/services/T0/B0/secret?token=secret")
    'https://hooks.example'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def check_url(url: str, setting: str) -> str:
    """Return an address that comes from a secret, once it is known to be valid.

    Raises
    ------
    ConfigError
        If it is not a valid address; the message does not show it.
    """
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # not shown either: it may quote the address
        is_valid = False
    if not is_valid:
        raise ConfigError([f"{setting}: must be a URL that begins with http:// or https:// and names a host"])
    return url


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
