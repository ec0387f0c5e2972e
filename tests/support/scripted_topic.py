"""A topic in memory, with the methods of `ForeignTopic`: a day passes in a second, and any batch can be damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson

from streams.config import Config
from streams.kafka.foreign_topic import Fetched, TopicState
from streams.kafka.record_batches import DamagedBatch, ReadablePart
from streams.sources.conversion import Conversion
from streams.sources.live.base import SourceHealth, Surroundings
from streams.sources.live.kafka.position import TopicPosition
from streams.sources.live.kafka.records import RecordReading
from streams.sources.live.kafka.stalled import StalledPartitions
from streams.sources.live.kafka.tail import TopicTail
from tests.support.foreign_records import Record
from tests.support.source_reading import NORDTEL, Read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiokafka.structs import ConsumerRecord

    from streams.config.sources.kafka import KafkaSourceSettings
    from streams.kafka.foreign_topic import ForeignTopic

NOON = 1_772_452_800_000
FETCH = 500


class ScriptedTopic:
    """A topic whose records, damage and clock a test decides on.

    Parameters
    ----------
    partitions
        Number of partitions.

    Attributes
    ----------
    now_ms, idle_ms
        The clock, and what passes of it whenever nothing comes.
    damaged
        Batches that can't be read, by partition.
    """

    def __init__(self, partitions: int = 1) -> None:
        self.now_ms, self.idle_ms = NOON, 1_000
        self.damaged: dict[int, DamagedBatch] = {}
        self._logs: dict[int, list[Record]] = {each: [] for each in range(partitions)}
        self._begins = dict.fromkeys(self._logs, 0)
        self._reads: dict[int, int] = {}
        self._paused: set[int] = set()

    def write(self, count: int = 1, partition: int = 0) -> None:
        """Append posts of the present; their ids are their partition and offset."""
        for _ in range(count):
            offset = self.end_of(partition)
            post = {"id": f"{partition}/{offset}", "text": "Nordtel", "created_at": self.now_ms}
            record = Record(orjson.dumps(post), partition=partition, offset=offset, timestamp=self.now_ms)
            self._logs[partition].append(record)

    def remove_before(self, partition: int, offset: int) -> None:
        """Delete the first records, as retention does."""
        kept = offset - self._begins[partition]
        self._logs[partition] = self._logs[partition][kept:]
        self._begins[partition] = offset

    async def state(self) -> TopicState:
        return TopicState("id", tuple(self._logs))

    async def bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        return {each: (self._begins[each], self.end_of(each)) for each in partitions}

    async def first_since(self, partition: int, time_ms: int) -> tuple[int, int] | None:
        return next(
            ((each.offset, each.timestamp) for each in self._logs[partition] if each.timestamp >= time_ms), None
        )

    def read_from(self, offsets: Mapping[int, int]) -> None:
        self._reads, self._paused = dict(offsets), set()

    def seek(self, partition: int, offset: int) -> None:
        self._reads[partition] = offset

    def pause(self, partitions: Iterable[int]) -> None:
        self._paused |= set(partitions)

    def resume(self, partitions: Iterable[int]) -> None:
        self._paused -= set(partitions)

    async def read_to(self, partition: int) -> int:
        return self._reads[partition]

    def end_of(self, partition: int) -> int:
        return self._begins[partition] + len(self._logs[partition])

    async def look(self, partition: int, offset: int) -> ReadablePart:
        found = self._logs[partition][max(0, offset - self._begins[partition]) :][:FETCH]
        damage = self.damaged.get(partition)
        if damage is None or damage.first > offset + FETCH or damage.first < offset:
            damage = None
        else:
            found = [each for each in found if each.offset < damage.first]
        return ReadablePart(cast("list[ConsumerRecord]", found), damage)

    async def more(self, _timeout_seconds: float, most: int) -> Fetched:
        """Return records as aiokafka does: none at all if one partition has damage among them."""
        records: dict[int, list[Any]] = {}
        for partition in sorted(set(self._reads) - self._paused):
            offset = self._reads[partition]
            if offset < self._begins[partition]:
                return Fetched({}, frozenset({partition}))
            part = await self.look(partition, offset)
            if part.damage is not None:
                if part.damage.why == "silence":
                    continue
                return Fetched({}, damage="Invalid CRC")
            records[partition] = list(part.records[:most])
        for partition, found in records.items():
            self._reads[partition] += len(found)
        if not any(records.values()):
            self.now_ms += self.idle_ms
        return Fetched({each: found for each, found in records.items() if found})


class ScriptedTail:
    """Reads a `ScriptedTopic`, connection by connection, as the source does.

    Parameters
    ----------
    topic
        The topic.
    settings
        Further settings of the source.
    """

    def __init__(self, topic: ScriptedTopic, **settings: Any) -> None:
        entry = {"id": "crawler", "kind": "kafka", "topic": "raw", "start": "earliest"} | settings
        config = Config.model_validate({"brands": [NORDTEL], "sources": [entry]})
        self.topic = topic
        self.health = SourceHealth()
        self.read = Read()
        self._settings = cast("KafkaSourceSettings", config.sources[0])
        self._surroundings = Surroundings(config, now_ms=lambda: topic.now_ms)
        conversion = Conversion.of_live(self._settings.map, self._surroundings.now_ms)
        self._reading = RecordReading(self._settings, config, conversion)
        self._stalled = StalledPartitions("raw")
        self.tail: TopicTail | None = None

    async def connect(self) -> None:
        """Begin at the last position."""
        self.tail = TopicTail(
            cast("ForeignTopic", self.topic), self._settings, self._surroundings, self.health, self._reading,
            self._stalled,
        )  # fmt: skip
        await self.tail.begin(TopicPosition.of(self.read.position))

    async def until(self, enough: Callable[[], object], batches: int = 10_000) -> None:
        """Read until something holds after a batch."""
        if self.tail is None:
            await self.connect()
        assert self.tail is not None
        for _ in range(batches):
            self.read.add(await self.tail.next_batch())
            if enough():
                return
        raise AssertionError(f"not within {batches:,} batches: {self.health}")

    async def pass_time(self, seconds: float) -> None:
        """Read until some time has passed."""
        end_ms = self.topic.now_ms + round(seconds * 1000)
        await self.until(lambda: self.topic.now_ms >= end_ms)
