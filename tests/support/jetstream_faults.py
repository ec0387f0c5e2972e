"""A Jetstream server that misbehaves as real ones do, and worse."""

from __future__ import annotations

import asyncio
import random
import struct
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from deploy.local.jetstream_server import JetstreamServer

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request

    from deploy.local.jetstream_events import Wire
    from deploy.local.jetstream_requests import Filter
    from deploy.local.jetstream_server import Start

NESTED: Final = b'{"time_us":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
"""A message that is nested so deeply that decoders refuse or crash."""

GARBAGE: Final = (b"", b"\x00\xff\xfe", b"nonsense", b"{", b"[]", b"{}", b'{"$type":"message"}', b"null", NESTED)
"""Messages that are no events."""

CODES: Final = (1000, 1001, 1008, 1011, 1012)
"""Codes with which servers close."""


@dataclass
class Chances:
    """How likely each fault is, for each event that is sent; 0 to 1.

    Attributes
    ----------
    cut
        The connection ends within the frame, without a close.
    close
        The server closes with one of `CODES`.
    stall
        Nothing is sent any more, while the connection stays open and pings are answered.
    repeat
        The event is sent twice.
    swap
        The event is sent after the next one.
    garbage
        One of `GARBAGE` is sent before it.
    """

    cut: float = 0
    close: float = 0
    stall: float = 0
    repeat: float = 0
    swap: float = 0
    garbage: float = 0


class FaultyJetstream(JetstreamServer):
    """A server that misbehaves by chance, or as its attributes say.

    Parameters
    ----------
    seed
        Of its random numbers.
    chances
        How likely faults are.
    options
        As for `JetstreamServer`.

    Attributes
    ----------
    refusals
        Status and headers of the answers to the next requests, in place of a stream.
    ignores_size
        Whether ``maxMessageSizeBytes`` has no effect.
    ignores_cursor
        Whether every stream begins with the present, as with a cursor that the server has not reached.
    farewell
        A message after which the next connection ends, with code 1000.
    faults
        How often each fault happened.
    requests
        Paths of all requests.
    """

    def __init__(self, seed: int = 1, chances: Chances | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.chances = chances or Chances()
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.ignores_size = False
        self.ignores_cursor = False
        self.farewell = b""
        self.faults: Counter[str] = Counter()
        self.requests: list[str] = []
        self._random = random.Random(seed)
        self._subscribed_again = asyncio.Event()
        self._happened = asyncio.Event()
        self._held: dict[ServerConnection, bytes] = {}

    def reset(self, first_seq: int = 1) -> None:
        """Forget everything, as a server does that is set up again."""
        self._events.clear()
        self.first_seq = first_seq

    def forget(self, events: int) -> None:
        """Forget the oldest events, as a server does whose look-back window has moved on."""
        del self._events[:events]
        self.first_seq += events

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request.path)
        if not self.refusals:
            return super().answer(connection, request)
        status, headers = self.refusals.pop(0)
        self.faults[f"status {status}"] += 1
        return Response(status, HTTPStatus(status).phrase, Headers({"Content-Length": "0"} | headers), b"")

    def start_of(self, wire: Wire, cursor: int | None) -> Start:
        return super().start_of(wire, None if self.ignores_cursor else cursor)

    async def _send_events(self, connection: ServerConnection, wire: Wire, chosen: Filter, seq: int) -> None:
        if self.farewell:
            frame, self.farewell = self.farewell, b""
            await connection.send(frame, text=True)
            await connection.close(1000)
        await super()._send_events(connection, wire, chosen._replace(max_bytes=0) if self.ignores_size else chosen, seq)

    async def send(self, connection: ServerConnection, frame: bytes) -> None:
        fault = self._fault()
        if fault == "garbage":
            await connection.send(self._random.choice(GARBAGE), text=self._random.random() < 0.9)
        elif fault == "swap" and connection not in self._held:
            self._held[connection] = frame
            return
        elif fault == "cut":
            encoded = _encoded(frame)
            connection.transport.write(encoded[: self._random.randrange(len(encoded))])
            connection.transport.close()
            raise ConnectionAbortedError
        elif fault == "close":
            await connection.close(self._random.choice(CODES), "maintenance")
        elif fault == "stall":
            await asyncio.Event().wait()
        await super().send(connection, frame)
        if fault == "repeat":
            await super().send(connection, frame)
        if held := self._held.pop(connection, None):
            await super().send(connection, held)

    async def until_subscriptions(self, count: int) -> None:
        """Wait until there have been so many subscriptions."""
        while self.subscriptions < count:
            self._subscribed_again.clear()
            await self._subscribed_again.wait()

    async def until_fault(self, name: str) -> None:
        """Wait until a fault happens once more."""
        count = self.faults[name]
        while self.faults[name] <= count:
            self._happened.clear()
            await self._happened.wait()

    async def end_all(self) -> None:
        """End all connections, with the code of a restart."""
        if self._server is not None:
            await asyncio.gather(*(each.close(1012, "restart") for each in list(self._server.connections)))

    async def _send_all(self, *args: Any) -> None:
        self._subscribed_again.set()
        try:
            await super()._send_all(*args)
        except (ConnectionAbortedError, ConnectionClosed):
            pass
        finally:
            self._held.pop(args[0], None)

    def _fault(self) -> str:
        drawn = self._random.random()
        for name, chance in vars(self.chances).items():
            drawn -= chance
            if drawn < 0:
                self.faults[name] += 1
                self._happened.set()
                return str(name)
        return ""


def _encoded(frame: bytes) -> bytes:
    """Return a message as the bytes of a frame (RFC 6455, section 5.2)."""
    if len(frame) < 126:
        return bytes((0x81, len(frame))) + frame
    if len(frame) < 65_536:
        return bytes((0x81, 126)) + struct.pack(">H", len(frame)) + frame
    return bytes((0x81, 127)) + struct.pack(">Q", len(frame)) + frame
