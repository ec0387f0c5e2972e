"""An HTTP/1.1 server on the loopback interface that misbehaves as it is told: it stalls, cuts, drips, lies and bombs.

Answers are scripted per path, or computed from the request; every request is recorded. It speaks HTTP by itself, byte
by byte, since servers of libraries do not let a test break the protocol.
"""

from __future__ import annotations

import asyncio
import gzip
import inspect
import zlib
from collections import Counter, defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from types import TracebackType

_HEAD_LIMIT: Final = 1_000_000


class SeenRequest(NamedTuple):
    """A request that the server has received; names of headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int
    """Number of the connection it came by, from 1."""


@dataclass(frozen=True)
class Answer:
    """An answer, and what is wrong with it.

    Parameters
    ----------
    status, headers, body
        The answer. A body that is a function yields parts of a stream, which is sent in chunks and may never end.
    chunked
        Whether a body of bytes is sent in chunks, without its length.
    length
        What ``Content-Length`` says instead of the truth.
    until_close
        Whether neither says where the body ends, but the end of the connection.
    stall_before
        Whether nothing is sent at all while the connection stays open.
    stall_after
        Bytes of the whole answer, its head included, after which nothing comes while the connection stays open.
    stall_in_body
        Bytes of the body after which nothing comes.
    cut_after
        Bytes of the whole answer after which the connection ends.
    drip
        Bytes, and seconds before each such piece, in which the whole answer is sent.
    raw
        What is sent instead of an answer.
    reset
        Whether the connection is ended by a reset rather than properly, once the answer or its part is sent.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[SeenRequest], AsyncIterator[bytes]] = b""
    chunked: bool = False
    length: int | None = None
    until_close: bool = False
    stall_before: bool = False
    stall_after: int | None = None
    stall_in_body: int | None = None
    cut_after: int | None = None
    drip: tuple[int, float] | None = None
    raw: bytes | None = None
    reset: bool = False


def redirect(target: str, status: int = 302) -> Answer:
    """Return a redirect."""
    return Answer(status, {"Location": target})


def busy(status: int = 429, retry_after: int | str | None = None) -> Answer:
    """Return a refusal for the moment; `retry_after` is in seconds or a date of HTTP."""
    return Answer(status, {} if retry_after is None else {"Retry-After": str(retry_after)})


def http_date(seconds: float) -> str:
    """Return a moment, in seconds since the epoch, as HTTP writes it."""
    return formatdate(seconds, usegmt=True)


def gzip_bomb(inflated_bytes: int) -> Answer:
    """Return a body of zeros that is a thousandth of its size on the wire."""
    block = b"\0" * 1_000_000
    squeeze = zlib.compressobj(9, wbits=31)
    parts = [
        squeeze.compress(block[: min(len(block), inflated_bytes - start)])
        for start in range(0, inflated_bytes, len(block))
    ]
    return Answer(headers={"Content-Encoding": "gzip"}, body=b"".join(parts) + squeeze.flush())


def gzipped(body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a compressed body."""
    return Answer(headers={"Content-Encoding": "gzip", **(headers or {})}, body=gzip.compress(body))


def huge_headers(count: int, size: int) -> Answer:
    """Return an answer with many or large headers."""
    return Answer(headers={f"X-Filler-{number}": "x" * size for number in range(count)})


class HttpFaults:
    """The server; an async context manager.

    Parameters
    ----------
    tls
        Context of a server with TLS; plain by default.

    Attributes
    ----------
    requests
        All requests, in their order.
    connections
        Number of connections so far.
    open_connections, most_connections
        Number of connections at present, and the largest there has been.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._scripts: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._handlers: dict[str, Callable[[SeenRequest], Answer | Awaitable[Answer]]] = {}
        self._closing = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._waiters: list[tuple[str, int, asyncio.Event]] = []
        self._port = 0
        self.requests: list[SeenRequest] = []
        self.connections = 0
        self.open_connections = 0
        self.most_connections = 0

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls, limit=_HEAD_LIMIT)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all connections, and stop listening."""
        self._closing.set()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        """Return the port."""
        return self._port

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Return the address of a path."""
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}{path}"

    def script(self, path: str, *answers: Answer) -> None:
        """Answer requests for a path with these, one after another; the last one is repeated."""
        self._scripts[path].extend(answers)

    def rescript(self, path: str, *answers: Answer) -> None:
        """Replace the answers for a path."""
        self._scripts[path] = deque(answers)

    def handle(self, path: str, handler: Callable[[SeenRequest], Answer | Awaitable[Answer]]) -> None:
        """Answer requests for a path, or for all below it if it ends in ``/``, as a function decides."""
        self._handlers[path] = handler

    def seen(self, path: str) -> list[SeenRequest]:
        """Return the requests for a path."""
        return [request for request in self.requests if request.path == path]

    def counts(self) -> Counter[str]:
        """Return the number of requests for each path."""
        return Counter(request.path for request in self.requests)

    async def until_seen(self, path: str, times: int = 1, timeout_seconds: float = 30.0) -> None:
        """Wait until a path has been asked for so many times."""
        event = asyncio.Event()
        self._waiters.append((path, times, event))
        self._wake()
        async with asyncio.timeout(timeout_seconds):
            await event.wait()

    async def until_idle(self, timeout_seconds: float = 30.0) -> None:
        """Wait until no connection is open."""
        async with asyncio.timeout(timeout_seconds):
            await self._idle.wait()

    def _wake(self) -> None:
        counts = self.counts()
        for path, times, event in self._waiters:
            if counts[path] >= times:
                event.set()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        self._idle.clear()
        self.most_connections = max(self.most_connections, self.open_connections)
        number = self.connections
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while (request := await _request(reader, number)) is not None:
                    self.requests.append(request)
                    self._wake()
                    if not await self._send(await self._answer_to(request), request, reader, writer):
                        break
        finally:
            self.open_connections -= 1
            if not self.open_connections:
                self._idle.set()
            with suppress(ConnectionError):
                writer.close()

    async def _answer_to(self, request: SeenRequest) -> Answer:
        handler = self._handlers.get(request.path) or next(
            (each for path, each in self._handlers.items() if path.endswith("/") and request.path.startswith(path)),
            None,
        )
        script = self._scripts.get(request.path)
        if script:
            return script.popleft() if len(script) > 1 else script[0]
        if handler is None:
            return Answer(404)
        answer = handler(request)
        return await answer if inspect.isawaitable(answer) else answer

    async def _send(
        self, answer: Answer, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Send an answer; return whether the connection goes on."""
        if answer.stall_before:
            return await self._stall(reader)
        head, body = _encoded(answer)
        if callable(answer.body):
            writer.write(head)
            async for part in answer.body(request):
                if part:
                    writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                    await writer.drain()
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            return True
        whole = head + body
        end = answer.cut_after
        stall = answer.stall_after
        if answer.stall_in_body is not None:
            stall = len(head) + answer.stall_in_body
        part = whole[: stall if stall is not None else end]
        size, seconds = answer.drip or (max(1, len(part)), 0.0)
        for start in range(0, len(part), size):
            if seconds:
                await asyncio.sleep(seconds)
            writer.write(part[start : start + size])
            await writer.drain()
        if stall is not None:
            return await self._stall(reader)
        if answer.reset:
            writer.transport.abort()
        return not (end is not None or answer.reset or answer.until_close or answer.raw is not None)

    async def _stall(self, reader: asyncio.StreamReader) -> bool:
        """Keep silent until the client ends the connection or the server is closed."""
        waits = [asyncio.ensure_future(reader.read(1)), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return False


async def _request(reader: asyncio.StreamReader, connection: int) -> SeenRequest | None:
    first_byte = await reader.read(1)
    if not first_byte.isalpha():
        return None  # the end, or no HTTP
    head = first_byte + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return SeenRequest(method, parts.path, dict(parse_qsl(parts.query, True)), headers, body, connection)


def _encoded(answer: Answer) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer as bytes."""
    if answer.raw is not None:
        return b"", answer.raw
    body = answer.body if isinstance(answer.body, bytes) else b""
    headers = {"Date": http_date_now(), **answer.headers}
    has_body = answer.status not in {204, 304}
    if callable(answer.body) or answer.chunked:
        headers["Transfer-Encoding"] = "chunked"
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in _parts(body)) + b"0\r\n\r\n"
    elif answer.until_close:
        headers["Connection"] = "close"
    elif has_body:
        headers["Content-Length"] = str(len(body) if answer.length is None else answer.length)
    phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"
    return head, body if has_body else b""


def http_date_now() -> str:
    """Return the present as HTTP writes it."""
    return formatdate(usegmt=True)


def _parts(body: bytes, size: int = 1_024) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]
