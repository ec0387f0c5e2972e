"""Records of a topic that were lost before they were read, as gaps with the times of the records around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.ingest.timestamps import EventTimes
from streams.errors import RecordError
from streams.records import Gap
from streams.sources.live.base import Found
from streams.sources.live.kafka.position import PartitionPosition
from streams.sources.live.kafka.records import LOG_APPEND_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import IngestSettings
    from streams.records.gaps import GapCause
    from streams.sources.live.base import Item
    from streams.sources.live.kafka.position import TopicPosition
    from streams.sources.live.kafka.records import KafkaRecord

_NAMED: Final = 8
"""Partitions that a description names."""


class _Loss(NamedTuple):
    """A gap whose end is the next record.

    Parameters
    ----------
    from_ms
        Its beginning, event time in milliseconds since the epoch.
    cause, detail, part
        As of `Gap`.
    offset
        The first offset that was lost, of a loss in one partition.
    """

    from_ms: int
    cause: GapCause
    detail: str
    part: str = ""
    offset: int = 0


class TopicLosses:
    """Keeps losses until the first record behind them is there, whose time ends the gap.

    Parameters
    ----------
    source
        Id of the source.
    topic
        Name of the topic.
    settings
        Section `ingest`, for times that name no zone.
    """

    def __init__(self, source: str, topic: str, settings: IngestSettings) -> None:
        self._source = source
        self._topic = topic
        self._times = EventTimes(settings.timezone)
        self._whole: _Loss | None = None
        self._by_partition: dict[int, _Loss] = {}
        self._resolved: list[Gap] = []

    def is_pending(self, partition: int) -> bool:
        """Return whether the end of a gap of a partition is not known yet."""
        return self._whole is not None or partition in self._by_partition

    @property
    def all_are_pending(self) -> bool:
        """Return whether the end of a gap of all partitions is not known yet."""
        return self._whole is not None

    def begins(self) -> dict[int, PartitionPosition]:
        """Return the position before each gap of one partition whose end is not known yet."""
        return {each: PartitionPosition(loss.offset, loss.from_ms) for each, loss in self._by_partition.items()}

    def recreated(self, saved: TopicPosition, name: str, bounds: Mapping[int, tuple[int, int]], now_ms: int) -> None:
        """Note that the topic is another one, which is read from its beginning."""
        from_ms = min((at.seen_ms for at in saved.partitions.values()), default=now_ms)
        read = ", ".join(f"{each}: {at.offset:,}" for each, at in sorted(saved.partitions.items())[:_NAMED])
        if saved.name != name:
            cause: GapCause = "cursor_foreign"
            detail = f"the cursor is one of topic {saved.name}; {name} is read from its beginning"
        else:
            cause = "recreated"
            detail = f"topic {name} was deleted and created again; it had been read up to offsets {read}"
        self._by_partition.clear()
        self._whole = _Loss(from_ms, cause, detail)
        if all(begin == end for begin, end in bounds.values()):
            self._resolved.append(self._gap(self._whole, now_ms))
            self._whole = None

    def removed(self, partition: int, at: PartitionPosition, begin: int, end: int, now_ms: int) -> None:
        """Note that the first records after a position were deleted."""
        detail = (
            f"partition {partition} of topic {self._topic}: {begin - at.offset:,} records from offset {at.offset:,} on "
            "were deleted before they were read"
        )
        self._note(partition, at, "removed", detail, now_ms, is_empty=begin == end)

    def damaged(
        self, partition: int, at: PartitionPosition, offsets: tuple[int, int], why: str, end: int, now_ms: int
    ) -> None:
        """Note that a batch of records can't be read, from its first offset to the one behind it."""
        first, behind = offsets
        detail = (
            f"partition {partition} of topic {self._topic}: the batch of records from offset {first:,} to "
            f"{behind - 1:,} is damaged: {why}"
        )
        self._note(partition, at, "damaged", detail, now_ms, is_empty=behind >= end)

    def cut_off(self, partition: int, at: PartitionPosition, end: int, now_ms: int, *, is_empty: bool) -> None:
        """Note that a partition ends before the position, so that records after it may be others."""
        detail = (
            f"partition {partition} of topic {self._topic} ends at offset {end:,}, before the cursor {at.offset:,}: "
            "its end was lost"
        )
        self._note(partition, at, "recreated", detail, now_ms, is_empty=is_empty)

    def _note(
        self, partition: int, at: PartitionPosition, cause: GapCause, detail: str, now_ms: int, *, is_empty: bool
    ) -> None:
        loss = _Loss(at.seen_ms, cause, detail, f"partition {partition}", at.offset)
        earlier = self._by_partition.pop(partition, None)
        if earlier is not None:
            loss = loss._replace(from_ms=min(earlier.from_ms, loss.from_ms), offset=earlier.offset)
        if is_empty:
            self._resolved.append(self._gap(loss, now_ms))
        else:
            self._by_partition[partition] = loss

    def resolved(self) -> list[Gap]:
        """Return the gaps behind which there is no record yet, each once: they end with the present."""
        gaps, self._resolved = self._resolved, []
        return gaps

    def before(self, record: KafkaRecord, item: Item, now_ms: int) -> Gap | None:
        """Return the gap that ends with a record, if there is one."""
        loss = self._by_partition.pop(record.partition, None)
        if self._whole is not None:
            loss, self._whole = self._whole, None
        return None if loss is None else self._gap(loss, self.event_ms(record, item, now_ms))

    def _gap(self, loss: _Loss, to_ms: int) -> Gap:
        return Gap(self._source, loss.from_ms, max(loss.from_ms, to_ms), loss.cause, loss.detail, loss.part)

    def event_ms(self, record: KafkaRecord, item: Item, now_ms: int) -> int:
        """Return the event time of a record in milliseconds since the epoch: that of its post, or else of Kafka.

        A post is dated no later than the present, nor than the broker appended it.
        """
        latest_ms = min(now_ms, record.timestamp) if record.timestamp_type == LOG_APPEND_TIME else now_ms
        if isinstance(item, Found):
            try:
                return min(self._times.event_time_ms(item.fields, latest_ms), latest_ms)
            except RecordError:
                pass
        return min(latest_ms, record.timestamp) if record.timestamp >= 0 else latest_ms
