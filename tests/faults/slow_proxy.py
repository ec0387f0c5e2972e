"""A TCP proxy before the broker that delays what passes, and hangs up now and then."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator

DELAY_SECONDS: Final = (0.2, 2.0)
CHUNK_BYTES: Final = 65_536


class SlowProxy:
    """Passes connections to loopback port `to` on.

    Attributes
    ----------
    disturbing
        Whether it delays every chunk, in order, by some `DELAY_SECONDS`.
    delayed, dropped
        Chunks and connections so far.
    """

    def __init__(self, to: int, chance: random.Random) -> None:
        self._to = to
        self._random = chance
        self._writers: set[asyncio.StreamWriter] = set()
        self.disturbing = False
        self.delayed = 0
        self.dropped = 0

    def drop(self) -> None:
        """Hang up on a connection."""
        if self._writers:
            writer = self._random.choice(sorted(self._writers, key=id))
            writer.transport.abort()
            self.dropped += 1

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer))
                group.create_task(self._pass_on(far_reader, writer))
        except* (OSError, EOFError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the end of the stream, which is an error, so that the other direction ends too."""
        clock = asyncio.get_running_loop().time
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, chunk = await waiting.get()
                await asyncio.sleep(due - clock())
                writer.write(chunk)
                await writer.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            due = 0.0
            while chunk := await reader.read(CHUNK_BYTES):
                if self.disturbing:
                    due = max(due, clock() + self._random.uniform(*DELAY_SECONDS))
                    self.delayed += 1
                waiting.put_nowait((due, chunk))
            raise EOFError


@asynccontextmanager
async def slow_proxy(port: int, to: int, chance: random.Random) -> AsyncIterator[SlowProxy]:
    """A proxy that listens on a loopback port."""
    proxy = SlowProxy(to, chance)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", port)
    try:
        yield proxy
    finally:
        server.close()
        for writer in list(proxy._writers):
            writer.transport.abort()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 5)
