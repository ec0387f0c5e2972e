"""A consumer of a group and a client of the broker that answer from memory, for tests of group members."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from aiokafka.errors import IllegalStateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiokafka import ConsumerRebalanceListener, TopicPartition


class Record(NamedTuple):
    """As much of a record as a member looks at."""

    offset: int


@dataclass
class FakeReader:
    """A consumer: what is assigned to it, the records of each partition, and errors that its calls raise."""

    records: dict[TopicPartition, range]
    assigned: set[TopicPartition] = field(default_factory=set)
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    commits: list[dict[TopicPartition, tuple[int, str]]] = field(default_factory=list)
    failures: Iterator[Exception | None] = field(default_factory=lambda: iter(()))
    meanwhile: Callable[[], object] = lambda: None
    """Called during each call that waits for the broker."""

    def subscribe(self, topics: list[str], listener: ConsumerRebalanceListener) -> None:
        self.topics, self.listener = topics, listener

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        waiting = self.meanwhile()
        if asyncio.iscoroutine(waiting):
            await waiting
        if failure := next(self.failures, None):
            raise failure

    def _check(self, tps: Iterable[TopicPartition]) -> None:
        for tp in tps:
            if tp not in self.assigned:
                raise IllegalStateError(f"No current assignment for partition {tp}")

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._check([tp])
        self.positions[tp] = offset

    async def position(self, tp: TopicPartition) -> int:
        await asyncio.sleep(0)
        self._check([tp])
        return self.positions[tp]

    async def beginning_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        await self._answer()
        return {tp: self.records[tp].start for tp in tps}

    async def end_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        await self._answer()
        return {tp: self.records[tp].stop for tp in tps}

    def highwater(self, tp: TopicPartition) -> int | None:
        return self.records[tp].stop if self.positions.get(tp) else None

    async def getmany(
        self, *tps: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Record]]:
        assert timeout_ms > 0
        await self._answer()
        batch = {}
        for tp in tps or sorted(self.assigned):
            first = self.positions.get(tp, 0)
            offsets = self.records[tp][max(0, first - self.records[tp].start) :][:max_records]
            if offsets:
                batch[tp] = [Record(offset) for offset in offsets]
                self.positions[tp] = offsets[-1] + 1
        return batch

    async def commit(self, offsets: dict[TopicPartition, tuple[int, str]]) -> None:
        await self._answer()
        self._check(offsets)
        self.commits.append(offsets)


@dataclass
class FakeBroker:
    """The commits of the group and the ID of the topic; its methods stand in for functions of `streams.kafka`."""

    committed: dict[TopicPartition, tuple[int, str]] = field(default_factory=dict)
    current_id: str = "first"

    async def committed_offsets(
        self, _client: object, _group: str, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, tuple[int, str]]:
        """Stand in for `streams.kafka.metadata.committed_offsets`."""
        await asyncio.sleep(0)
        return {tp: self.committed.get(tp, (-1, "")) for tp in partitions}

    async def topic_id(self, *_: object) -> str:
        """Stand in for `streams.kafka.topic_ids.topic_id`."""
        await asyncio.sleep(0)
        return self.current_id
