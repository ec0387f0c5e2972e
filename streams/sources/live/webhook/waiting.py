"""Posts that have been pushed and wait until Kafka has them."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sources.live.base import Item, ItemOutcome


class PushedItems:
    """The items of one request.

    Parameters
    ----------
    items
        The items.

    Attributes
    ----------
    outcomes
        What became of them; None once Kafka could not take them.
    is_given_up
        Whether nobody waits for them any more, so that they need not be written if they have not been read yet.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.outcomes: asyncio.Future[Sequence[ItemOutcome] | None] = asyncio.get_running_loop().create_future()
        self.is_given_up = False

    def settle(self, outcomes: Sequence[ItemOutcome] | None) -> None:
        """Record what became of the items."""
        if not self.outcomes.done():
            self.outcomes.set_result(outcomes)


class WaitingItems:
    """Requests in the order in which they came, until they are read."""

    def __init__(self) -> None:
        self._waiting: deque[PushedItems] = deque()
        self._read: set[PushedItems] = set()
        self._arrived = asyncio.Event()

    def add(self, pushed: PushedItems) -> None:
        """Append a request."""
        self._waiting.append(pushed)
        self._arrived.set()

    async def next(self, max_items: int, seconds: float) -> list[PushedItems]:
        """Return the first requests with up to `max_items` items, or one with more; none if none comes in time."""
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        taken: list[PushedItems] = []
        count = 0
        while self._waiting and (not taken or count + len(self._waiting[0].items) <= max_items):
            pushed = self._waiting.popleft()
            if pushed.is_given_up:
                pushed.settle(None)
                continue
            count += len(pushed.items)
            taken.append(pushed)
            self._read.add(pushed)
            pushed.outcomes.add_done_callback(partial(self._settled, pushed))
        return taken

    def _settled(self, pushed: PushedItems, _: object) -> None:
        self._read.discard(pushed)

    def refuse_waiting(self) -> None:
        """Settle the requests that have not been read, as ones that Kafka could not take."""
        while self._waiting:
            self._waiting.popleft().settle(None)

    async def all_settled(self, seconds: float) -> None:
        """Wait until the requests that have been read are settled, and settle the rest after some seconds."""
        if self._read:
            await asyncio.wait([pushed.outcomes for pushed in self._read], timeout=seconds)
        for pushed in list(self._read):
            pushed.settle(None)
