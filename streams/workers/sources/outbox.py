"""The way of the batches of one source into Kafka, and how far the broker has acknowledged them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import RecordError
from streams.records import Deletion, Gap, Post
from streams.runtime import clock, live_metrics, metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, ItemOutcome, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.sources.live.base import Batch, Item, Position
    from streams.workers.post_sender import PostSender
    from streams.workers.sources.door import Door

GROUP_ITEMS: Final = 2_000
"""Items that may wait for the group before them to be acknowledged."""

_INGESTED: Final = ItemOutcome("ingested")
_REPEATED: Final = ItemOutcome("repeated")
_SKIPPED: Final = ItemOutcome("skipped")

log = structlog.get_logger()


class Outbox:
    """Sends the items of batches, and calls back when the broker has them.

    Batches are sent as they come. While the broker has not acknowledged one group of them, the next ones gather into
    the group that follows.

    Parameters
    ----------
    source
        Id of the source.
    door
        Decides on posts.
    sender
        Sends records.
    on_gap
        Called with each gap.
    limit
        Posts that may be sent without the position being saved; a crash repeats no more.
    hurry
        Called when the position has to be saved before more can be sent.

    Attributes
    ----------
    position
        Position after all that the broker has acknowledged; None before the first one.
    """

    def __init__(
        self,
        source: str,
        door: Door,
        sender: PostSender,
        *,
        on_gap: Callable[[Gap], None],
        limit: int,
        hurry: Callable[[], None],
    ) -> None:
        self._source = source
        self._door = door
        self._sender = sender
        self._on_gap = on_gap
        self._limit = limit
        self._hurry = hurry
        self._waiting: list[tuple[Batch, list[ItemOutcome]]] = []
        self._items = 0
        self._unsaved = 0
        self._read = 0
        self._work = asyncio.Event()
        self._moved = asyncio.Condition()
        self.position: Position | None = None

    async def put(self, batch: Batch) -> None:
        """Send a batch; waits while too much is not acknowledged, or its position not saved.

        Raises
        ------
        KafkaError
            If the broker does not take it.
        """
        if self._items >= GROUP_ITEMS or self._unsaved >= self._limit:
            await self._room()
        outcomes = [await self._handle(item) for item in batch.items]
        if outcomes or batch.position is not None or batch.settled is not None:
            self._waiting.append((batch, outcomes))
            self._items += len(outcomes) or 1
            self._unsaved += len(outcomes)
            self._work.set()
        self._sender.count_altered(self._door.altered)

    async def _room(self) -> None:
        if self._unsaved >= self._limit:
            self._hurry()
        async with self._moved:
            await self._moved.wait_for(lambda: self._items < GROUP_ITEMS and self._unsaved < self._limit)

    async def settle(self) -> None:
        """Await acknowledgements in order, until cancelled.

        Raises
        ------
        KafkaError
            If the broker refuses a record or does not answer.
        """
        while True:
            await self._work.wait()
            self._work.clear()
            group, batches = self._sender.take(), self._waiting
            self._waiting = []
            try:
                await self._sender.settle(group)
            except BaseException:
                group.abandon()
                self._report(batches, acknowledged=False)
                raise
            reached(Failpoint.INGEST_ACKNOWLEDGED)
            self._sender.count(group)
            for batch, outcomes in batches:
                if batch.position is not None:
                    self.position = batch.position
                self._items -= len(outcomes) or 1
            self._report(batches, acknowledged=True)
            async with self._moved:
                self._moved.notify_all()

    async def drained(self) -> None:
        """Wait until all that was put is acknowledged."""
        async with self._moved:
            await self._moved.wait_for(lambda: not self._items)

    async def saved(self) -> None:
        """Note that the position has been saved."""
        self._unsaved = self._items
        async with self._moved:
            self._moved.notify_all()

    def give_up(self) -> None:
        """Report to all who wait that nothing more will be acknowledged."""
        self._sender.take().abandon()
        batches, self._waiting = self._waiting, []
        self._report(batches, acknowledged=False)

    def _report(self, batches: list[tuple[Batch, list[ItemOutcome]]], *, acknowledged: bool) -> None:
        for batch, outcomes in batches:
            if batch.settled is not None:
                batch.settled(outcomes if acknowledged else None)

    async def _handle(self, item: Item) -> ItemOutcome:
        self._read += 1
        match item:
            case Found():
                return await self._post(item)
            case Skipped():
                metrics.POSTS_SKIPPED.labels(self._source).inc(item.records)
                return _SKIPPED
            case Deleted():
                return await self._delete(item.id)
            case AuthorDeleted():
                return await self._delete_author(item.author)
            case Gap():
                self._on_gap(item)
                await self._sender.send_other(item)
                return _INGESTED
            case Bad():
                return await self._reject(item.error, item.raw, item.place)

    async def _post(self, found: Found) -> ItemOutcome:
        try:
            post = self._door.admit(found, clock.now_ms())
        except RecordError as error:
            return await self._reject(error, found.raw, found.place)
        except Exception as error:  # noqa: BLE001  one record that firewatch can't stand must not hold up all others
            live_metrics.ERRORS.labels(self._source).inc()
            log.error("unexpected error at a record; please report this", source=self._source, error=repr(error))  # noqa: TRY400
            return await self._reject(RecordError("defect", f"unexpected error: {error!r}"), found.raw, found.place)
        if isinstance(post, Post):
            return _INGESTED if await self._sender.send_post(post) else _REPEATED
        if isinstance(post, Deletion):
            await self._sender.send_other(post)
            return _INGESTED
        metrics.POSTS_SKIPPED.labels(self._source).inc(post.records)
        return _SKIPPED

    async def _delete(self, identity: str) -> ItemOutcome:
        try:
            deletion = self._door.deletion(identity)
        except RecordError as error:
            return await self._reject(error, identity.encode(errors="replace"), "a deletion")
        await self._sender.send_other(deletion)
        return _INGESTED

    async def _delete_author(self, author: str) -> ItemOutcome:
        deletion = self._door.author_deletion(author)
        if deletion is None:
            return _SKIPPED
        await self._sender.send_other(deletion)
        return _INGESTED

    async def _reject(self, error: RecordError, raw: bytes, place: str) -> ItemOutcome:
        metrics.POSTS_REJECTED.labels(self._source, error.reason).inc()
        placed = RecordError(error.reason, f"{place}: {error.detail}") if place else error
        await self._sender.send_dead_letter(placed, self._read, b"" if self._door.hashes_authors else raw)
        return ItemOutcome("rejected", error)
