"""The connection to a Jetstream server, and what its refusals mean."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode, urlsplit

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import CloseCode

from streams import __version__
from streams.config.sources.jetstream import V1_PATH, V2_PATH
from streams.core.text.clean import printable
from streams.errors import SourceRefused, SourceUnavailable
from streams.runtime import clock
from streams.sources.bluesky_posts import COLLECTION
from streams.sources.live.addresses import no_tls
from streams.sources.live.http import PASSING, host_of
from streams.sources.live.http_dates import retry_after

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.http11 import Response

MAX_FRAME_BYTES: Final = 1_000_000
"""Longest frame that is received. A record of a post has a few kilobytes; a repository takes none above 1 MB."""

OPEN_SECONDS: Final = 15.0
PING_SECONDS: Final = 20.0
CLOSE_SECONDS: Final = 2.0

_QUEUED_FRAMES: Final = 2_000
_QUEUED_BYTES: Final = 8_000_000

_SHOWN_CHARS: Final = 200

_ABSENT: Final = frozenset({200, 404, 405, 410, 426, 501})
"""Statuses of a server that has no websocket at an address."""

Wire = Literal["v2", "v1"]


class CursorTooOld(Exception):
    """A server no longer keeps the event that a cursor names."""


class EndpointMissing(Exception):
    """A server does not have an endpoint of a wire."""


class FrameTooLarge(Exception):
    """A frame is longer than `MAX_FRAME_BYTES`."""


def address_of(url: str, wire: Wire, cursor: int | None, *, identities: bool, max_bytes: int) -> str:
    """Return the address of a subscription.

    Parameters
    ----------
    url
        Server, with or without the path of an endpoint.
    wire
        The wire that is asked for.
    cursor
        Number of an event, or a time in microseconds; None for what is published now.
    identities
        Whether changes of handles are wanted; on v1 they come always.
    max_bytes
        Longest event that is wanted; 0 for all.

    Examples
    --------
    >>> address_of("wss://jetstream.example.org", "v1", 7, identities=False, max_bytes=0)
    'wss://jetstream.example.org/subscribe?wantedCollections=app.bsky.feed.post&cursor=7'
    """
    if wire == "v2":
        kinds = ["commit", "account", *(["identity"] if identities else [])]
        query = [("collections", COLLECTION), *(("kinds", kind) for kind in kinds)]
    else:
        query = [("wantedCollections", COLLECTION)]
    if cursor is not None:
        query.append(("cursor", str(cursor)))
    if max_bytes:
        query.append(("maxMessageSizeBytes", str(max_bytes)))
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{V2_PATH if wire == 'v2' else V1_PATH}?{urlencode(query)}"


async def open_connection(source: str, address: str, wire: Wire) -> ClientConnection:
    """Return an open connection.

    Raises
    ------
    CursorTooOld, EndpointMissing
        If the server says so.
    SourceUnavailable
        If it can't be reached, or asks for patience.
    SourceRefused
        If it denies access, or what is asked for is wrong.
    """
    host = urlsplit(address).netloc
    subprotocols = ["xrpc.v1.json"] if wire == "v2" else None
    opening = _Connect(
        address,
        subprotocols=subprotocols,  # type: ignore[arg-type]
        compression=None,
        user_agent_header=f"firewatch/{__version__}",
        open_timeout=OPEN_SECONDS,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_SECONDS,
        close_timeout=CLOSE_SECONDS,
        max_size=MAX_FRAME_BYTES,
        proxy=None if address.startswith("ws:") else True,  # of the environment; servers in this network need none
    )
    try:
        return await opening
    except InvalidStatus as error:
        raise _refusal(source, host, error.response) from error
    except TimeoutError as error:
        detail = f"{host} did not answer within {OPEN_SECONDS:g} s"
        raise SourceUnavailable(source, "timeout", detail) from error
    except ssl.SSLCertVerificationError as error:
        detail = f"the certificate of {host} can't be verified: {printable(error.verify_message)}"
        raise SourceUnavailable(source, "certificate", detail) from error
    except (WebSocketException, ImportError, EOFError) as error:
        raise SourceUnavailable(source, "bad_handshake", f"{host} does not speak websocket: {_shown(error)}") from error
    except OSError as error:
        reason = no_tls(error, "ws") or _shown(error)
        raise SourceUnavailable(source, "unreachable", f"{host} can't be reached: {reason}") from error


class _Connect(connect):
    """A connection that follows no redirect: one could lead to any address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def _refusal(source: str, host: str, response: Response) -> Exception:
    """Return the error that a response in place of a websocket means."""
    status = response.status_code
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    name, message = _reason(response.body)
    said = f"{host} answers {status}" + (f": {message or name}" if message or name else "")
    if status == 400 and name == "CursorTooOld":
        return CursorTooOld(message)
    if status in _ABSENT:
        return EndpointMissing(said)
    if 300 <= status < 400:
        target = host_of(headers.get("location", ""))
        detail = f"{said}; it redirects to {target}, which is not followed: write the host that has Jetstream"
        return SourceRefused(source, f"http_{status}", detail)
    if status in {401, 402, 403, 451}:
        return SourceRefused(source, f"http_{status}", f"{said}; it denies access")
    if status in PASSING or status >= 500:
        return SourceUnavailable(source, f"http_{status}", said, retry_after(headers, clock.now_ms()))
    return SourceRefused(source, f"http_{status}", f"{said}; it does not accept what is asked for")


def _reason(body: bytes | bytearray) -> tuple[str, str]:
    """Return the name and the message of an error of XRPC, or the beginning of another body as message."""
    try:
        fields = orjson.loads(body)
        name, message = fields["error"], fields.get("message", "")
        return printable(str(name))[:_SHOWN_CHARS], printable(str(message))[:_SHOWN_CHARS]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return "", printable(body[:_SHOWN_CHARS].decode("utf-8", "replace")).strip()


def _shown(error: Exception) -> str:
    return printable(str(error) or type(error).__name__)[:_SHOWN_CHARS]


class FrameInbox:
    """Frames of a connection, received in the background up to a bound; an async context manager.

    Beyond the bound nothing more is received until some are taken, so that the server is the one that waits.

    Parameters
    ----------
    source
        Id of the source, for messages.
    connection
        An open connection, which is closed at the end.
    """

    def __init__(self, source: str, connection: ClientConnection) -> None:
        self._source = source
        self._connection = connection
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._end: ConnectionClosed | None = None
        self._receiving = asyncio.create_task(self._receive())

    async def __aenter__(self) -> FrameInbox:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._receiving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._receiving
        await self._connection.close()

    async def _receive(self) -> None:
        try:
            while True:
                frame = await self._connection.recv(decode=False)
                self._frames.append(frame)
                self._bytes += len(frame)
                self._arrived.set()
                if len(self._frames) >= _QUEUED_FRAMES or self._bytes >= _QUEUED_BYTES:
                    self._taken.clear()
                    await self._taken.wait()
        except ConnectionClosed as end:
            self._end = end
            self._arrived.set()

    async def take(self, seconds: float) -> list[bytes]:
        """Return the frames that have been received; none if there are none within some seconds.

        Raises
        ------
        FrameTooLarge
            If the connection has ended at such a frame, and all frames before it have been taken.
        SourceUnavailable
            If it has ended otherwise.
        """
        if not self._frames:
            if self._end is not None:
                raise self._failure(self._end)
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
        frames = list(self._frames)
        self._frames.clear()
        self._bytes = 0
        self._taken.set()
        return frames

    def _failure(self, end: ConnectionClosed) -> Exception:
        if end.sent is not None and end.sent.code == CloseCode.MESSAGE_TOO_BIG and not end.rcvd_then_sent:
            return FrameTooLarge()
        if end.rcvd is not None:
            code, reason = end.rcvd.code, printable(end.rcvd.reason)[:_SHOWN_CHARS]
        elif end.sent is not None:
            code, reason = end.sent.code, printable(end.sent.reason)[:_SHOWN_CHARS]
        else:
            code, reason = int(CloseCode.ABNORMAL_CLOSURE), "the connection was cut"
        detail = f"the connection ended with code {code}" + (f": {reason}" if reason else "")
        name = "consumer_too_slow" if "ConsumerTooSlow" in reason else f"closed_{code}"
        return SourceUnavailable(self._source, name, detail)
