"""A scorer reads its partitions evenly in event time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import pytest
from aiokafka import TopicPartition

from streams.config import Config
from streams.core.score.admission import MAX_ACTIVE_SOURCES
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.kafka.clients import MAX_RECORD_BYTES
from streams.records import MAX_ID_CHARS, Post
from streams.workers import even_reader
from streams.workers.even_reader import MAX_OF_PARTITION, PATIENCE_SECONDS, SHARE, EvenReader
from tests.support.two_brands import WordModel

if TYPE_CHECKING:
    from collections.abc import Collection

ONE, TWO = (TopicPartition("social.posts", number) for number in range(2))
START: Final = 1_760_000_400_000
BATCH: Final = 2_000


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


class Member:
    """A member with a backlog: records of each partition that are a number of milliseconds of event time apart."""

    def __init__(self, counts: dict[TopicPartition, int], apart_ms: dict[TopicPartition, int]) -> None:
        self.generation = 0
        self.restored = set(counts)
        self.positions = {tp: Position("t") for tp in counts}
        self.counts = counts
        self.apart_ms = apart_ms
        self.silent: set[TopicPartition] = set()
        self.rebalances = False
        self.time = 0.0
        self._next = dict.fromkeys(counts, 0)

    async def waiting(self) -> set[TopicPartition]:
        return {tp for tp in self.counts if self._next[tp] < self.counts[tp]}

    async def read(
        self, timeout_seconds: float, max_records: int, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, list[Record]]:
        self.generation += self.rebalances
        for tp in partitions:
            offsets = range(self._next[tp], min(self.counts[tp], self._next[tp] + max_records))
            if offsets and tp not in self.silent:
                self._next[tp] = offsets.stop
                return {tp: [self._record(tp, offset) for offset in offsets]}
        self.time += timeout_seconds
        return {}

    def _record(self, tp: TopicPartition, offset: int) -> Record:
        post = Post(str(offset), "forum", self.event_time(tp, offset), "Netz weg")
        return Record(offset, START + 10**9, post.to_bytes())

    def event_time(self, tp: TopicPartition, offset: int) -> int:
        return START + offset * self.apart_ms[tp]

    def process(self, batch: dict[TopicPartition, list[Any]]) -> None:
        for tp, records in batch.items():
            last = records[-1].offset
            self.positions[tp] = Position("t", last + 1, self.event_time(tp, last))


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Member:
    member = Member({ONE: 10_000, TWO: 10_000}, {ONE: 1_000, TWO: 3_000})
    monkeypatch.setattr(even_reader, "time", SimpleNamespace(monotonic=lambda: member.time))
    return member


def reader(member: Member) -> EvenReader:
    return EvenReader(cast("Any", member))


async def test_no_partition_runs_ahead_of_another_that_has_records(member: Member) -> None:
    even = reader(member)
    for _ in range(5):
        batch = await even.read(member.positions, BATCH, 0.2)
        assert sum(map(len, batch.values())) == BATCH
        member.process(batch)
        one, two = (member.positions[tp].watermark_ms for tp in (ONE, TWO))
        assert abs(one - two) <= SHARE * 3_000 + 5_000
    assert member.positions[ONE].offset == pytest.approx(3 * member.positions[TWO].offset, abs=3 * SHARE)


async def test_a_partition_read_to_its_end_holds_nobody_back(member: Member) -> None:
    member.counts = {ONE: 50, TWO: 10_000}
    batch = await reader(member).read(member.positions, BATCH, 0.2)
    assert [len(batch[tp]) for tp in (ONE, TWO)] == [50, BATCH - 50]


async def test_a_partition_whose_records_do_not_come_holds_the_others_back_only_for_a_while(member: Member) -> None:
    member.silent = {ONE}
    even = reader(member)
    while not (batch := await even.read(member.positions, BATCH, 0.2)).get(TWO, [])[SHARE:]:
        member.process(batch)
    assert member.time == pytest.approx(PATIENCE_SECONDS, abs=0.5)
    member.process(batch)
    member.silent = set()
    batch = await even.read(member.positions, BATCH, 0.2)
    assert len(batch[ONE]) == BATCH, "it has to catch up"


async def test_a_batch_has_so_many_records_of_one_partition_at_most(member: Member) -> None:
    member.counts = {ONE: 10_000, TWO: 0}
    batch = await reader(member).read(member.positions, 50_000, 0.2)
    assert MAX_OF_PARTITION - SHARE < len(batch[ONE]) <= MAX_OF_PARTITION


def test_the_progress_of_the_largest_batch_of_a_partition_fits_into_a_record() -> None:
    """A line for each minute of a sparse archive, and one for each source: sixteen counts, and a name."""
    config = Config.model_validate({"brands": [{"id": "b", "name": "B", "match": {"any": ["netz"]}}]})
    scorer = Scorer(config, WordModel())
    scorer.assign(0, Position("t"))
    rows = []
    for offset in range(MAX_OF_PARTITION):
        source = f"{offset % (2 * MAX_ACTIVE_SOURCES)}".rjust(MAX_ID_CHARS, "\U00020000")
        post = Post(str(offset), source, START + offset * 3_600_000, "Netz weg")
        rows.append((offset, START + 10**12, post.to_bytes()))
    progress = scorer.score(0, rows).progress
    assert len(progress.pulse) > 0.9 * MAX_OF_PARTITION
    assert len(progress.active) > MAX_ACTIVE_SOURCES
    assert len(progress.to_bytes()) < MAX_RECORD_BYTES - 10_000


async def test_what_was_read_before_a_rebalance_is_dropped(member: Member) -> None:
    even = reader(member)
    member.rebalances = True
    assert await even.read(member.positions, BATCH, 0.2) == {}
