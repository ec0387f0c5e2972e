"""A Jetstream server on this machine, for the demo and the tests: both wires of Bluesky's Jetstream, from posts that it
is given.

It follows the lexicon `network.bsky.jetstream.subscribeEvents` (``/xrpc/...``, called v2 here) and the documentation of
the older ``/subscribe`` (v1): cursors by number and by time, the look-back window, ``#info OutdatedCursor``,
``CursorTooOld``, filters, pings. Compression is not offered.

    python deploy/local/jetstream_server.py [--port 8481] [--end-with-input]

prints its address, and ``subscribed`` once somebody is, and reads posts from standard input, a JSON object a line:
``id``, ``author``, ``text``, ``created_at``, and optionally ``lang`` or ``langs``, ``reply_to``, ``"edited": true``; or
``"delete": true`` with an ``id``; ``witnessed_ms`` is when the server witnesses it, by default now. It serves until it
is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from bisect import bisect_left
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.local.jetstream_events import NSID, Event, Wire, outdated
from deploy.local.jetstream_log import LOOK_BACK_SECONDS, EventLog
from deploy.local.jetstream_log import now_us as clock_us
from deploy.local.jetstream_requests import Filter, Refusal, cursor_of, filter_of_v1, filter_of_v2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request
    from websockets.typing import Subprotocol

V2_PATH: Final = f"/xrpc/{NSID}"
V1_PATH: Final = "/subscribe"

FIRST_TIME_CURSOR: Final = 10**15
"""Cursors from here on are times in microseconds since 1970, lower ones numbers of events."""

WRITE_SECONDS: Final = 5.0
"""A frame that can't be written for so long ends the connection."""

PING_SECONDS: Final = 30.0

_SUBPROTOCOL: Final = "xrpc.v1.json"


class Start(NamedTuple):
    """Where a subscription begins.

    Parameters
    ----------
    seq
        Number of its first event.
    info
        Message of an ``OutdatedCursor``, if the cursor was too old.
    """

    seq: int
    info: str = ""


class JetstreamServer(EventLog):
    """A Jetstream server; an async context manager. All methods belong to the event loop in which it was started.

    Parameters
    ----------
    port
        Port on loopback; 0 for a free one.
    look_back_seconds
        How long events are kept.
    wires
        Which wires it speaks; a server of the old kind has ``v1`` alone.
    numbered
        Whether events of v1 have a ``cursor``, and numbers are accepted as cursors there, as on servers of 2026.
    first_seq
        Number of the first event.
    now_us
        The clock, microseconds since 1970.

    Examples
    --------
    >>> server = JetstreamServer()
    >>> server.post({"id": "1", "author": "kim", "text": "Nordtel ist weg", "created_at": "2026-03-02T10:15:00Z"})
    1
    >>> server.delete("1")
    2
    """

    def __init__(
        self,
        port: int = 0,
        *,
        look_back_seconds: float = LOOK_BACK_SECONDS,
        wires: tuple[Wire, ...] = ("v1", "v2"),
        numbered: bool = True,
        first_seq: int = 1,
        now_us: Callable[[], int] = clock_us,
    ) -> None:
        super().__init__(look_back_seconds, first_seq, now_us)
        self._port = port
        self._wires = wires
        self._numbered = numbered
        self._grown: set[asyncio.Event] = set()
        self._server: Server | None = None
        self.subscriptions = 0
        """Subscriptions so far."""
        self.subscribed = asyncio.Event()
        """Set once somebody has subscribed."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen for subscribers."""
        self._server = await serve(
            self._subscribed,
            "127.0.0.1",
            self._port,
            process_request=self._process_request,
            select_subprotocol=_select_subprotocol,
            compression=None,
            ping_interval=PING_SECONDS,
            max_size=1_000_000,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    def added(self) -> None:
        """Wake the subscriptions."""
        for grown in self._grown:
            grown.set()

    async def stop(self) -> None:
        """End all subscriptions; the events stay, and the port is used again after another `start`."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        """Address for the setting `hosts` of a source."""
        return f"ws://127.0.0.1:{self._port}"

    def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        try:
            self._plan(request.path)
        except Refusal as refusal:
            body = json.dumps({"error": refusal.error, "message": refusal.message}).encode()
            headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
            return Response(refusal.status, refusal.status.phrase, headers, body)
        return self.answer(connection, request)

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:  # noqa: ARG002
        """Return a response in place of a subscription, None to accept it; for servers that misbehave."""
        return None

    def _plan(self, path: str) -> tuple[Wire, Filter, Start]:
        """Return the wire, filter and start that a request asks for.

        Raises
        ------
        Refusal
            If it can't be met.
        """
        parts = urlsplit(path)
        asked = parse_qs(parts.query, keep_blank_values=True)
        if parts.path == V2_PATH and "v2" in self._wires:
            return "v2", filter_of_v2(asked), self.start_of("v2", cursor_of(asked, strict=True))
        if parts.path == V1_PATH and "v1" in self._wires:
            return "v1", filter_of_v1(asked), self.start_of("v1", cursor_of(asked, strict=False))
        raise Refusal(HTTPStatus.NOT_FOUND, "MethodNotImplemented", "there is no such endpoint")

    def start_of(self, wire: Wire, cursor: int | None) -> Start:
        """Return where a subscription with a cursor begins.

        Raises
        ------
        Refusal
            With ``CursorTooOld``.
        """
        is_time = cursor is not None and (cursor >= FIRST_TIME_CURSOR or (wire == "v1" and not self._numbered))
        if cursor is None or cursor > (self._now_us() if is_time else self.next_seq - 1):
            return Start(self.next_seq)
        if is_time:
            oldest = self._events[0].time_us if self._events else cursor
            seq = self.first_seq + bisect_left(self._events, cursor, key=lambda event: event.time_us)
            note = f"requested timestamp cursor below retention floor; starting at seq {seq}"
            return Start(seq, note if cursor < oldest and wire == "v2" else "")
        if cursor < self.first_seq and wire == "v2":
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                "CursorTooOld",
                f"cursor {cursor} is below the retention floor; oldest available seq is {self.first_seq}",
            )
        return Start(max(cursor, self.first_seq))

    async def _subscribed(self, connection: ServerConnection) -> None:
        request = connection.request
        if request is None:
            return
        self.subscriptions += 1
        try:
            wire, chosen, start = self._plan(request.path)
        except Refusal:
            return  # it began before the floor moved
        self.subscribed.set()
        sending = asyncio.create_task(self._send_all(connection, wire, chosen, start))
        try:
            await _refuse_frames(connection, wire)  # ends with the connection
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def _send_all(self, connection: ServerConnection, wire: Wire, chosen: Filter, start: Start) -> None:
        try:
            if start.info:
                await self.send(connection, outdated(start.info))
            await self._send_events(connection, wire, chosen, start.seq)
        except (ConnectionClosed, TimeoutError):
            connection.transport.abort()

    async def _send_events(self, connection: ServerConnection, wire: Wire, chosen: Filter, seq: int) -> None:
        grown = asyncio.Event()
        self._grown.add(grown)
        try:
            while True:
                grown.clear()
                for event in self._from(seq):
                    seq = event.seq + 1
                    frame = self.frame(event, wire) if chosen.passes(event) else b""
                    if frame and not 0 < chosen.max_bytes < len(frame):
                        await self.send(connection, frame)
                if seq >= self.next_seq:
                    await grown.wait()
                await asyncio.sleep(0)  # a fast reader never makes a write wait, and its pings need answers
        finally:
            self._grown.discard(grown)

    def _from(self, seq: int) -> Iterator[Event]:
        """Yield the events from a number on, up to a hundred of them."""
        first = max(0, seq - self.first_seq)
        yield from self._events[first : first + 100]

    def frame(self, event: Event, wire: Wire) -> bytes:
        """Return the frame of an event; servers that misbehave return others."""
        return event.frame(wire, numbered=self._numbered)

    async def send(self, connection: ServerConnection, frame: bytes) -> None:
        """Send a frame; servers that misbehave do otherwise."""
        async with asyncio.timeout(WRITE_SECONDS):
            await connection.send(frame, text=True)


def _select_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next((each for each in offered if each == _SUBPROTOCOL), None)


async def _refuse_frames(connection: ServerConnection, wire: Wire) -> None:
    """End a connection whose client sends anything: neither wire needs it from ours."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in connection:
            await connection.close(1008 if wire == "v2" else 1007, "no frames are expected")


async def _serve_lines(port: int, *, ends_with_input: bool) -> None:
    """Serve the posts of standard input."""
    async with JetstreamServer(port) as server:
        print(server.url, flush=True)
        telling = asyncio.create_task(_tell_of_subscriber(server))
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            post = json.loads(line)
            witnessed_us = int(post["witnessed_ms"]) * 1_000 if "witnessed_ms" in post else None
            if post.get("delete"):
                server.delete(str(post["id"]), witnessed_us=witnessed_us)
            else:
                server.post(post, witnessed_us=witnessed_us)
        if ends_with_input:
            telling.cancel()
            return
        await asyncio.Event().wait()


async def _tell_of_subscriber(server: JetstreamServer) -> None:
    await server.subscribed.wait()
    print("subscribed", flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Serve posts of standard input as a Jetstream server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port; a free one by default")
    parser.add_argument("--end-with-input", action="store_true", help="end with standard input, as the parent does")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_lines(arguments.port, ends_with_input=arguments.end_with_input))


if __name__ == "__main__":
    main()
