"""The records of a foreign topic after a position, its partitions in one order of time, and its losses as gaps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import RecordError, SourceError, SourceRefused, SourceUnavailable
from streams.sources.conversion import Conversion
from streams.sources.live.base import PAUSE_SECONDS, Batch, Found
from streams.sources.live.kafka.losses import TopicLosses
from streams.sources.live.kafka.partition_merge import PartitionMerge
from streams.sources.live.kafka.position import PartitionPosition, TopicPosition
from streams.sources.map_sample import misfit_of_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.config.sources.kafka import KafkaSourceSettings
    from streams.kafka.foreign_topic import Fetched, ForeignTopic, TopicState
    from streams.kafka.record_batches import ReadablePart
    from streams.sources.live.base import Item, ItemOutcome, Position, SourceHealth, Surroundings
    from streams.sources.live.kafka.records import KafkaRecord, RecordReading
    from streams.sources.live.kafka.stalled import StalledPartitions

_BATCH_RECORDS: Final = 1_000
_WAIT_SECONDS: Final = 0.5
_HELD_RECORDS: Final = 4_000
_HELD_BYTES: Final = 64 * 1_048_576
"""Bytes of records that are held in all; a partition has its share of them, and at least `_LEAST_BYTES`."""

_LEAST_BYTES: Final = 262_144

_PATIENCE_MS: Final = 2_000
"""Time without any records after which a partition that ought to have some is not waited for."""

_CHECK_MS: Final = 5_000
"""Time between two looks at the topic: has it been created again, has it more partitions, does the broker answer?"""

_SAVE_MS: Final = 30_000
"""Time after which the position is saved although no record has come."""

_COMMIT_MS: Final = 5_000

_END_MARGIN_MS: Final = 10_000
"""An end that was reached is known to have been the end so long ago."""

_LIVE_MS: Final = 10_000
"""A source that lies no further behind is live."""

_SAMPLE_RECORDS: Final = 20
"""Newest records of a partition that are looked at before the first start."""

_SAMPLE_PARTITIONS: Final = 16
_SAMPLE_ROUNDS: Final = 10

log = structlog.get_logger()


class TopicTail:
    """Reads a topic from a position on, for one connection.

    Parameters
    ----------
    topic
        The connection.
    settings
        Entry of the source.
    surroundings
        Config and clock.
    health
        The condition of the source, which is kept up to date.
    reading
        Makes items of records.
    stalled
        Partitions that can't be read, which are remembered over connections.
    """

    def __init__(
        self,
        topic: ForeignTopic,
        settings: KafkaSourceSettings,
        surroundings: Surroundings,
        health: SourceHealth,
        reading: RecordReading,
        stalled: StalledPartitions,
    ) -> None:
        self._topic = topic
        self._settings = settings
        self._now_ms = surroundings.now_ms
        self._health = health
        self._reading = reading
        self._stalled = stalled
        self._losses = TopicLosses(settings.id, settings.topic, surroundings.config.ingest)
        self._position = TopicPosition(settings.topic, "")
        self._merge: PartitionMerge[KafkaRecord] = PartitionMerge(_HELD_RECORDS, _HELD_BYTES)
        self._paused: set[int] = set()
        self._guessed: set[int] = set()  # until their first record, whose time it is, and not that of its post
        self._untimed: set[int] = set()
        self._ends: dict[int, int] = {}
        self._fetched_ms = self._checked_ms = self._saved_ms = self._committed_ms = 0
        self._acknowledged: dict[int, int] | None = None

    async def begin(self, saved: TopicPosition | None) -> None:
        """Find where to begin, and begin there.

        Raises
        ------
        SourceError
            If the topic can't be read.
        """
        state = await self._state(was_read=saved is not None)
        if saved is None:
            await self._check_map(state)
        await self._read_from(saved, state)

    async def _state(self, *, was_read: bool) -> TopicState:
        try:
            state = await self._topic.state()
        except SourceRefused as error:
            if was_read and error.reason == "no_topic":  # it may be about to be created again
                raise SourceUnavailable(error.source, error.reason, error.detail) from error
            raise
        self._checked_ms = self._health.heard_ms = self._now_ms()
        return state

    async def _check_map(self, state: TopicState) -> None:
        """Look at the newest records before anything is read.

        Raises
        ------
        SourceRefused
            If none of them becomes a post.
        """
        bounds = await self._topic.bounds(state.partitions)
        filled = [partition for partition, (begin, end) in bounds.items() if begin < end][:_SAMPLE_PARTITIONS]
        if not filled:
            return
        self._topic.read_from({each: max(bounds[each][0], bounds[each][1] - _SAMPLE_RECORDS) for each in filled})
        records: list[KafkaRecord] = []
        for _ in range(_SAMPLE_ROUNDS):
            fetched = await self._topic.more(_WAIT_SECONDS, _SAMPLE_RECORDS * len(filled))
            records += [record for batch in fetched.records.values() for record in batch]
            if all([await self._topic.read_to(each) >= bounds[each][1] for each in filled]):
                break
        fields, defects = [], []
        for record in records:
            try:
                fields.append(self._reading.fields(record))
            except RecordError as error:
                defects.append(error)
        confluent = next((error for error in defects if error.reason == "confluent_format"), None)
        if confluent and not fields and all(error.reason == "confluent_format" for error in defects):
            detail = f"topic {self._settings.topic} {confluent.detail}"
            raise SourceRefused(self._settings.id, "confluent_format", detail)
        if None in fields:
            return  # a deletion by key needs no map
        conversion = Conversion.of_live(self._settings.map, self._now_ms)
        samples = [each for each in fields if each is not None]
        misfit = misfit_of_map(samples, conversion, is_given=self._settings.map is not None)
        if misfit is not None:
            raise SourceRefused(self._settings.id, "map", f"topic {self._settings.topic}: {misfit}")

    async def _read_from(self, saved: TopicPosition | None, state: TopicState) -> None:
        """Read from a position, or from where the settings say; from the beginning of a topic created again."""
        bounds = await self._topic.bounds(state.partitions)
        now_ms = self._now_ms()
        if saved is None:
            partitions = {each: await self._first_start(each, *bounds[each]) for each in state.partitions}
            self._guessed = set(partitions) if self._settings.start == "earliest" else set()
        elif saved.name != self._settings.topic or (saved.id and state.id and saved.id != state.id):
            self._losses.recreated(saved, self._settings.topic, bounds, now_ms)
            partitions = {each: PartitionPosition(begin, now_ms) for each, (begin, _) in bounds.items()}
            self._guessed = set(partitions)
        else:
            partitions = {}
            self._guessed |= bounds.keys() - saved.partitions.keys()
            for each, (begin, end) in bounds.items():
                at = saved.partitions.get(each)
                partitions[each] = (
                    PartitionPosition(begin, self._begin_of_new(saved, now_ms))
                    if at is None
                    else await self._resumed(each, at, begin, end)
                )
        self._position = TopicPosition(self._settings.topic, state.id, partitions)
        self._ends = {each: end for each, (_, end) in bounds.items()}
        share = max(_LEAST_BYTES, _HELD_BYTES // max(1, len(partitions)))
        self._merge = PartitionMerge(_HELD_RECORDS, share)
        self._paused = set()
        self._topic.read_from({each: at.offset for each, at in partitions.items()})
        self._stalled.begin()
        self._fetched_ms, self._saved_ms = now_ms, 0

    async def _first_start(self, partition: int, begin: int, end: int) -> PartitionPosition:
        now_ms = self._now_ms()
        if self._settings.start == "latest":
            return PartitionPosition(end, now_ms)
        first = await self._topic.first_since(partition, 0) if begin < end else None
        return PartitionPosition(begin, first[1] if first else now_ms)

    @staticmethod
    def _begin_of_new(saved: TopicPosition, now_ms: int) -> int:
        """Return the time since when records of a partition that was added may have come."""
        return min((at.seen_ms for at in saved.partitions.values()), default=now_ms)

    async def _resumed(self, partition: int, at: PartitionPosition, begin: int, end: int) -> PartitionPosition:
        """Return the position in a partition, moved to what it still has if that is needed."""
        if begin <= at.offset <= end:
            return at
        if at.offset < begin:
            self._losses.removed(partition, at, begin, end, self._now_ms())
            return PartitionPosition(begin, at.seen_ms)
        first = await self._topic.first_since(partition, at.seen_ms)  # the end was cut off, as by an unclean election
        offset = min(first[0] if first else end, end)
        self._losses.cut_off(partition, at, end, self._now_ms(), is_empty=offset == end)
        return PartitionPosition(offset, at.seen_ms)

    async def next_batch(self) -> Batch:
        """Return the next records, or an empty batch after a second.

        Raises
        ------
        SourceError
            If the topic can't be read any more.
        """
        begun_ms = self._now_ms()
        while True:
            await self._look_after()
            found = await self._topic.more(0 if len(self._merge) >= _BATCH_RECORDS else _WAIT_SECONDS, _BATCH_RECORDS)
            await self._add(found)
            at_end = {each for each in self._position.partitions if await self._is_at_end(each)}
            awaited = {each for each in set(self._position.partitions) - at_end if not self._merge.has(each)}
            await self._look_at(self._stalled.silent(awaited, self._now_ms()))
            records = self._merge.take(_BATCH_RECORDS, self._waiting(at_end))
            now_ms = self._now_ms()
            gaps = self._losses.resolved()
            if records or gaps:
                return await self._batch([*gaps, *self._items(records)], records, at_end)
            if now_ms - begun_ms >= PAUSE_SECONDS * 1000:
                return await self._batch([], [], at_end)

    async def _look_after(self) -> None:
        """Look at the topic, and commit to the group of the other side, each once in a while."""
        now_ms = self._now_ms()
        if now_ms - self._checked_ms >= _CHECK_MS:
            await self._look_at_topic()
        for partition in self._stalled.due(now_ms):
            await self._look_again(partition)
        if self._acknowledged and self._settings.commit_group and now_ms - self._committed_ms >= _COMMIT_MS:
            offsets, self._acknowledged, self._committed_ms = self._acknowledged, None, now_ms
            try:
                await self._topic.commit(self._settings.commit_group, offsets)
                self._health.facts.pop("commit to group", None)
            except SourceError as error:
                self._health.facts["commit to group"] = f"failed: {error.detail}"

    async def _look_at_topic(self) -> None:
        state = await self._state(was_read=True)
        is_other = bool(state.id) and bool(self._position.id) and state.id != self._position.id
        if is_other or set(state.partitions) != set(self._position.partitions):
            await self._read_from(self._position, state)

    async def _add(self, fetched: Fetched) -> None:
        """Hold what was fetched; if an offset does not exist any more, find out why."""
        if fetched.out_of_range:
            state = await self._state(was_read=True)
            await self._read_from(self._position, state)
            return
        if fetched.damage:
            await self._read_from(self._position, await self._state(was_read=True))
            if not await self._look_at(self._position.partitions):
                detail = f"records of topic {self._settings.topic} were damaged on their way ({fetched.damage})"
                raise SourceUnavailable(self._settings.id, "damaged", detail)
            return
        if fetched.records:
            self._fetched_ms = self._health.heard_ms = self._now_ms()
        for partition, records in fetched.records.items():
            self._merge.add(partition, records)
        full = self._merge.full()
        self._topic.resume(self._paused - full - self._stalled.partitions)
        self._topic.pause(full - self._paused)
        self._paused = full

    async def _look_at(self, partitions: Iterable[int]) -> bool:
        """Look why partitions deliver nothing, and return whether one of them can't be read."""
        parts = {each: await self._topic.look(each, self._position.partitions[each].offset) for each in partitions}
        for partition, part in parts.items():
            self._stall(partition, part)
        return any(part.damage is not None for part in parts.values())

    def _stall(self, partition: int, part: ReadablePart) -> None:
        """Hold what can be read of a partition, and read no more of it, if there is damage behind that."""
        if part.damage is None:
            return
        self._merge.add(partition, part.records)
        self._topic.seek(partition, part.damage.first)
        self._topic.pause([partition])
        if self._stalled.put(partition, part.damage, self._now_ms()):
            log.warning(
                "a partition can't be read on", source=self._settings.id, topic=self._settings.topic,
                partition=partition, offset=part.damage.first, why=part.damage.why,
            )  # fmt: skip

    async def _look_again(self, partition: int) -> None:
        """Go on with a partition that can be read again, or that has stalled for long enough."""
        if self._merge.has(partition):
            return  # what lies before the damage is handed on first
        offset, now_ms = self._stalled.damage(partition).first, self._now_ms()
        part = await self._topic.look(partition, offset)
        self._stall(partition, part)
        if part.damage is not None:
            if part.damage.first > offset or not self._stalled.is_given_up(partition, now_ms):
                return
            at, begin = self._position.partitions[partition], offset
            assert part.damage.next is not None  # noqa: S101  as it is given up
            offset = part.damage.next
            _, end = (await self._topic.bounds([partition]))[partition]
            self._losses.damaged(partition, at, (begin, offset), part.damage.why, end, now_ms)
            at.offset = offset
        self._stalled.release(partition)
        self._topic.seek(partition, offset)
        self._topic.resume([partition])

    async def _is_at_end(self, partition: int) -> bool:
        """Return whether no record of a partition is left at the broker that could be read."""
        end = self._topic.end_of(partition)
        return await self._topic.read_to(partition) >= (self._ends.get(partition, 0) if end is None else end)

    def _waiting(self, at_end: set[int]) -> set[int]:
        """Return the partitions whose next records are waited for."""
        if self._now_ms() - self._fetched_ms >= _PATIENCE_MS:
            return set()
        return set(self._position.partitions) - at_end - self._stalled.partitions

    def _items(self, records: Sequence[KafkaRecord]) -> list[Item]:
        items: list[Item] = []
        last: dict[int, tuple[KafkaRecord, Item]] = {}
        now_ms = self._now_ms()
        for record in records:
            item = self._reading.item(record)
            gap = self._losses.before(record, item, now_ms)
            items += [item] if gap is None else [gap, item]
            last[record.partition] = record, item
        for partition, (record, item) in last.items():
            at = self._position.partitions[partition]
            at.offset = record.offset + 1
            event_ms = self._losses.event_ms(record, item, now_ms)
            at.seen_ms = event_ms if partition in self._guessed else max(at.seen_ms, event_ms)
            self._guessed.discard(partition)
        if any(isinstance(item, Found) for item in items):
            self._health.post_ms = now_ms
        return items

    async def _batch(self, items: list[Item], records: Sequence[KafkaRecord], at_end: set[int]) -> Batch:
        now_ms = self._now_ms()
        for partition, at in self._position.partitions.items():
            if not self._merge.has(partition):
                at.offset = max(at.offset, await self._topic.read_to(partition))
                if partition in at_end and not self._losses.is_pending(partition):
                    at.seen_ms = max(at.seen_ms, now_ms - _END_MARGIN_MS)
                    self._guessed.discard(partition)
        self._update_health(records, at_end)
        if not items and now_ms - self._saved_ms < _SAVE_MS:
            return Batch(())
        self._saved_ms = now_ms
        offsets = {partition: at.offset for partition, at in self._position.partitions.items()}
        settled = partial(self._settled, offsets) if self._settings.commit_group else None
        return Batch(items, self._saved(), settled)

    def _saved(self) -> Position | None:
        """Return the position to save: where gaps begin whose end is not known yet, so that a crash loses none."""
        if self._losses.all_are_pending:
            return None
        return replace(self._position, partitions=self._position.partitions | self._losses.begins()).saved()

    def _settled(self, offsets: dict[int, int], outcomes: Sequence[ItemOutcome] | None) -> None:
        if outcomes is not None:
            self._acknowledged = offsets

    def _update_health(self, records: Sequence[KafkaRecord], at_end: set[int]) -> None:
        health = self._health
        is_done = len(at_end) == len(self._position.partitions) and not len(self._merge)
        if is_done:
            health.behind_ms = 0
        elif records and records[-1].timestamp >= 0:
            health.behind_ms = max(0, self._now_ms() - records[-1].timestamp)
        if stalls := self._stalled.partitions:
            oldest_ms = min(self._position.partitions[each].seen_ms for each in stalls)
            health.behind_ms = max(health.behind_ms or 0, self._now_ms() - oldest_ms)
        is_live = not stalls and (is_done or (health.behind_ms is not None and health.behind_ms <= _LIVE_MS))
        why = self._stalled.why() or "reads what was written before"
        health.state, health.why = ("live", "") if is_live else ("catching_up", why)
        behind = sum(
            max(0, (self._topic.end_of(each) or at.offset) - at.offset)
            for each, at in self._position.partitions.items()
        )
        health.facts["records behind"] = f"{behind:,}"
