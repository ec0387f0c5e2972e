"""A loss becomes one gap, whose end is the first record behind it."""

from __future__ import annotations

from streams.config import IngestSettings
from streams.records import Gap
from streams.sources.live.base import Found
from streams.sources.live.kafka.losses import TopicLosses
from streams.sources.live.kafka.position import PartitionPosition, TopicPosition
from tests.support.foreign_records import Record

NOON = 1_772_452_800_000


def losses() -> TopicLosses:
    return TopicLosses("crawler", "raw", IngestSettings())


def found(time_ms: int) -> Found:
    return Found({"id": 1, "text": "a", "created_at": time_ms}, b"")


def test_removed_records_are_a_gap_up_to_the_first_record_of_their_partition() -> None:
    lost = losses()
    lost.removed(3, PartitionPosition(100, NOON), 250, 300, NOON + 99_000)
    assert lost.is_pending(3)
    assert not lost.is_pending(4)
    assert lost.before(Record(b"", partition=4, timestamp=NOON), found(NOON), NOON + 99_000) is None
    gap = lost.before(Record(b"", partition=3, timestamp=NOON + 90_000), found(NOON + 60_000), NOON + 99_000)
    assert gap == Gap(
        "crawler",
        NOON,
        NOON + 60_000,
        "removed",
        "partition 3 of topic raw: 150 records from offset 100 on were deleted before they were read",
        "partition 3",
    )
    assert lost.before(Record(b"", partition=3), found(NOON), NOON + 99_000) is None
    assert not lost.is_pending(3)


def test_a_gap_ends_with_the_present_where_no_record_is_left() -> None:
    lost = losses()
    lost.removed(3, PartitionPosition(100, NOON), 250, 250, NOON + 99_000)
    (gap,) = lost.resolved()
    assert (gap.from_ms, gap.to_ms) == (NOON, NOON + 99_000)
    assert lost.resolved() == []


def test_a_damaged_batch_is_a_gap_with_its_offsets_and_the_position_before_it_is_kept_until_it_is_handed_on() -> None:
    lost = losses()
    lost.damaged(3, PartitionPosition(100, NOON), (100, 250), "its checksum (CRC) is wrong", 300, NOON + 99_000)
    assert lost.begins() == {3: PartitionPosition(100, NOON)}
    gap = lost.before(Record(b"", partition=3, timestamp=NOON), found(NOON + 60_000), NOON + 99_000)
    assert gap is not None
    assert (gap.from_ms, gap.to_ms, gap.cause, gap.part) == (NOON, NOON + 60_000, "damaged", "partition 3")
    assert gap.detail == (
        "partition 3 of topic raw: the batch of records from offset 100 to 249 is damaged: its checksum (CRC) is wrong"
    )
    assert lost.begins() == {}


def test_two_losses_before_a_record_came_are_one_gap_from_the_first() -> None:
    lost = losses()
    lost.removed(3, PartitionPosition(100, NOON), 250, 300, NOON)
    lost.removed(3, PartitionPosition(250, NOON + 50_000), 280, 300, NOON)
    gap = lost.before(Record(b"", timestamp=NOON + 90_000), found(NOON + 90_000), NOON + 99_000)
    assert gap is not None
    assert (gap.from_ms, gap.to_ms) == (NOON, NOON + 90_000)


def test_a_topic_created_again_is_one_gap_since_the_partition_that_was_read_least() -> None:
    lost = losses()
    saved = TopicPosition("raw", "a", {0: PartitionPosition(7, NOON + 5_000), 1: PartitionPosition(9, NOON)})
    lost.recreated(saved, "raw", {0: (0, 5)}, NOON + 99_000)
    gap = lost.before(Record(b"", partition=0, timestamp=NOON + 60_000), found(NOON + 60_000), NOON + 99_000)
    assert gap is not None
    assert (gap.from_ms, gap.to_ms, gap.cause, gap.part) == (NOON, NOON + 60_000, "recreated", "")
    assert "0: 7, 1: 9" in gap.detail


def test_the_cursor_of_another_topic_is_foreign() -> None:
    lost = losses()
    lost.recreated(TopicPosition("old", "a", {0: PartitionPosition(7, NOON)}), "raw", {0: (0, 0)}, NOON + 1)
    (gap,) = lost.resolved()
    assert (gap.cause, gap.to_ms) == ("cursor_foreign", NOON + 1)
    assert "the cursor is one of topic old" in gap.detail


def test_a_partition_that_ends_before_the_cursor_lost_its_end() -> None:
    lost = losses()
    lost.cut_off(3, PartitionPosition(100, NOON), 80, NOON + 1, is_empty=True)
    (gap,) = lost.resolved()
    assert gap.cause == "recreated"
    assert "ends at offset 80, before the cursor 100" in gap.detail


def test_a_gap_has_no_negative_length() -> None:
    lost = losses()
    lost.removed(3, PartitionPosition(100, NOON), 250, 300, NOON)
    gap = lost.before(Record(b""), found(NOON - 5_000), NOON + 99_000)
    assert gap is not None
    assert (gap.from_ms, gap.to_ms) == (NOON, NOON)


def test_the_time_of_a_record_is_that_of_its_post_and_no_later_than_the_broker_says() -> None:
    lost = losses()
    assert lost.event_ms(Record(b"", timestamp=NOON), found(NOON + 1), NOON + 5) == NOON + 1
    assert lost.event_ms(Record(b"", timestamp=NOON), found(NOON + 9), NOON + 5) == NOON + 5
    assert lost.event_ms(Record(b"", timestamp=NOON, timestamp_type=1), found(NOON + 1), NOON + 5) == NOON
    assert lost.event_ms(Record(b"", timestamp=-1), Found({"created_at": "soon"}, b""), NOON) == NOON
    assert lost.event_ms(Record(b"", timestamp=NOON - 1), Found({"created_at": "soon"}, b""), NOON) == NOON - 1
