"""Reading of a live source without Kafka: what it yields, resumed at the last position, with a clock of the test's."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from streams.config import Config
from streams.errors import SourceError
from streams.records import Gap
from streams.runtime import clock
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, Skipped, Surroundings
from streams.sources.live.registry import make_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.sources.live.base import Item, LiveSource, Position

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}

SECONDS = 60.0
"""Longest wait for a condition: far longer than it takes on a machine with nothing else to do."""


class LiveReader:
    """Reads one source, connection by connection, and keeps what it yields.

    Parameters
    ----------
    kind
        Kind of the source.
    settings
        Its further settings; `id` is ``test`` by default.

    Attributes
    ----------
    items
        All items, in order.
    batches
        Number of batches.
    errors
        Errors with which connections ended.
    position
        Last position.
    ahead_ms
        By how much the clock of the source is ahead of that of this machine.
    slept
        How long the source waited, each time.
    """

    def __init__(self, kind: str, **settings: Any) -> None:
        entry = {"id": "test", "kind": kind} | settings
        self._config = Config.model_validate({"brands": [BRAND], "sources": [entry]})
        self.items: list[Item] = []
        self.batches = 0
        self.errors: list[SourceError] = []
        self.position: Position | None = None
        self.ahead_ms = 0
        self.slept: list[float] = []
        self.source = self._made()

    def _made(self) -> LiveSource:
        surroundings = Surroundings(self._config, self.now_ms, self._sleep, random.Random(1))
        return make_source(self._config.sources[0], surroundings)

    def restart(self) -> None:
        """Begin as another process does, which knows the position alone."""
        self.source = self._made()

    def now_ms(self) -> int:
        """Return the clock of the source."""
        return clock.now_ms() + self.ahead_ms

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def connection(self, until: Callable[[], bool] = lambda: False, seconds: float = SECONDS) -> None:
        """Read one connection, until a condition holds after a batch.

        Raises
        ------
        SourceError
            If the connection ends before.
        """
        async with asyncio.timeout(seconds), aclosing(self.source.batches(self.position)) as batches:
            async for batch in batches:
                self.batches += 1
                self.items += batch.items
                if batch.position is not None:
                    self.position = batch.position
                if until():
                    return

    async def read(self, until: Callable[[], bool], *, connections: int = 1_000, seconds: float = SECONDS) -> None:
        """Read connection after connection, until a condition holds."""
        async with asyncio.timeout(seconds):
            for _ in range(connections):
                try:
                    await self.connection(until)
                except SourceError as error:
                    self.errors.append(error)
                    await asyncio.sleep(0.01)
                else:
                    return
        raise AssertionError(f"not within {connections} connections: {self.errors[-1]}")

    async def posts(self, count: int, **limits: Any) -> list[Found]:
        """Read until there are so many posts, each counted once, and return them."""
        await self.read(lambda: len(self.ids) >= count, **limits)
        return self.found

    @property
    def found(self) -> list[Found]:
        """Return the posts, repeats included."""
        return [item for item in self.items if isinstance(item, Found)]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the posts, each once, in the order in which they came first."""
        return list(dict.fromkeys(item.fields["id"] for item in self.found))

    @property
    def texts(self) -> list[str]:
        """Return the texts of the posts, each once, in the order in which they came first."""
        return list(dict.fromkeys(item.fields["text"] for item in self.found))

    @property
    def gaps(self) -> list[Gap]:
        """Return the gaps."""
        return [item for item in self.items if isinstance(item, Gap)]

    @property
    def bad(self) -> list[Bad]:
        """Return the records that are defects."""
        return [item for item in self.items if isinstance(item, Bad)]

    @property
    def deleted(self) -> list[str]:
        """Return the ids of the posts, and the authors, that were deleted."""
        return [item.id if isinstance(item, Deleted) else item.author for item in self.items
                if isinstance(item, Deleted | AuthorDeleted)]  # fmt: skip

    def skipped(self, reason: str) -> int:
        """Return how many records were skipped for a reason."""
        return sum(item.records for item in self.items if isinstance(item, Skipped) and item.reason == reason)
