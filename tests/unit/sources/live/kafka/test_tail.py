"""A topic is read to its end and on, past what is damaged, and nothing grows over a day."""

from __future__ import annotations

import tracemalloc

import pytest

from streams.errors import SourceUnavailable
from streams.kafka.record_batches import DamagedBatch
from streams.records import Gap
from streams.sources.live.kafka.stalled import PASS_MS
from tests.support.scripted_topic import NOON, ScriptedTail, ScriptedTopic

CRC = "its checksum (CRC) is wrong"


def damaged(topic: ScriptedTopic, partition: int = 0, behind: int = 5, end: int | None = 10) -> None:
    """Write ten records and more behind them, a second apart, of which those from the sixth on are damaged."""
    for _ in range(10 + behind):
        topic.write(partition=partition)
        topic.now_ms += 1_000
    topic.damaged[partition] = DamagedBatch(5, end, CRC)


async def test_a_damaged_batch_is_waited_for_and_then_passed_over_with_a_gap_between_its_neighbours() -> None:
    topic = ScriptedTopic()
    damaged(topic)
    tail = ScriptedTail(topic)
    await tail.until(lambda: len(tail.read.ids) == 5)
    assert tail.health.state == "catching_up"
    assert tail.health.why == (
        "partition 0 of topic raw can't be read from offset 5 on: the batch of records up to 9 is damaged "
        "(its checksum (CRC) is wrong); it is passed over, with a gap, 60 s after it was first found so"
    )
    found_ms = topic.now_ms
    await tail.until(lambda: len(tail.read.ids) == 10)
    assert topic.now_ms >= found_ms + PASS_MS
    assert tail.read.ids == [f"0/{each}" for each in [*range(5), *range(10, 15)]]
    detail = f"partition 0 of topic raw: the batch of records from offset 5 to 9 is damaged: {CRC}"
    assert tail.read.gaps == [Gap("crawler", NOON + 4_000, NOON + 10_000, "damaged", detail, "partition 0")]
    await tail.pass_time(5)
    assert (tail.health.state, tail.health.why, tail.health.behind_ms) == ("live", "", 0)


async def test_other_partitions_are_read_on_while_one_stalls() -> None:
    topic = ScriptedTopic(3)
    topic.write(20, partition=0)
    damaged(topic, partition=1)
    tail = ScriptedTail(topic)
    await tail.until(lambda: len(tail.read.ids) == 25)
    for _ in range(10):
        topic.write(partition=2)
        sent_ms, count = topic.now_ms, len(tail.read.ids)
        await tail.until(lambda count=count: len(tail.read.ids) == count + 1)  # type: ignore[misc]
        assert topic.now_ms - sent_ms <= 3_000
    assert not tail.read.gaps
    assert tail.health.behind_ms is not None
    assert tail.health.behind_ms > 10_000


async def test_a_batch_that_becomes_whole_is_no_gap() -> None:
    topic = ScriptedTopic()
    damaged(topic)
    tail = ScriptedTail(topic)
    await tail.until(lambda: len(tail.read.ids) == 5)
    await tail.pass_time(20)
    del topic.damaged[0]
    await tail.until(lambda: len(tail.read.ids) == 15)
    assert tail.read.ids == [f"0/{each}" for each in range(15)]
    assert not tail.read.gaps


async def test_damage_without_an_end_stalls_and_says_what_to_do_until_somebody_deletes_it() -> None:
    topic = ScriptedTopic()
    damaged(topic, end=None)
    tail = ScriptedTail(topic)
    await tail.until(lambda: len(tail.read.ids) == 5)
    await tail.pass_time(3_600)
    assert tail.read.ids == [f"0/{each}" for each in range(5)]
    assert tail.health.behind_ms is not None
    assert tail.health.behind_ms > 3_000_000
    assert "have another replica lead the partition, or delete the damaged records" in tail.health.why
    del topic.damaged[0]
    topic.remove_before(0, 10)
    await tail.until(lambda: len(tail.read.ids) == 10)
    (gap,) = tail.read.gaps
    assert (gap.from_ms, gap.to_ms, gap.cause) == (NOON + 4_000, NOON + 10_000, "removed")


async def test_how_long_a_partition_has_stalled_is_remembered_over_connections() -> None:
    topic = ScriptedTopic()
    damaged(topic)
    tail = ScriptedTail(topic)
    await tail.until(lambda: len(tail.read.ids) == 5)
    for _ in range(4):
        await tail.connect()
        await tail.pass_time(20)
    assert [gap.cause for gap in tail.read.gaps] == ["damaged"]
    assert len(set(tail.read.ids)) == 10


async def test_damage_behind_which_nothing_has_been_written_ends_its_gap_with_the_present() -> None:
    topic = ScriptedTopic()
    damaged(topic, behind=0)
    tail = ScriptedTail(topic)
    await tail.until(lambda: tail.read.gaps)
    (gap,) = tail.read.gaps
    assert gap.from_ms == NOON + 4_000
    assert topic.now_ms - gap.to_ms <= 2_000


async def test_damage_on_the_way_is_an_outage_and_not_a_gap() -> None:
    topic = ScriptedTopic()
    topic.write(3)
    tail = ScriptedTail(topic)
    await tail.connect()
    look = topic.look
    topic.damaged[0] = DamagedBatch(1, 2, CRC)

    async def whole(partition: int, offset: int):  # type: ignore[no-untyped-def]
        topic.damaged.clear()
        topic.look = look  # type: ignore[method-assign]
        return await look(partition, offset)

    fetch = topic.more

    async def more(timeout_seconds: float, most: int):  # type: ignore[no-untyped-def]
        found = await fetch(timeout_seconds, most)
        topic.look = whole  # type: ignore[method-assign]
        return found

    topic.more = more  # type: ignore[method-assign, assignment]
    with pytest.raises(SourceUnavailable, match=r"records of topic raw were damaged on their way \(Invalid CRC\)"):
        await tail.until(lambda: tail.read.ids)
    topic.more = fetch  # type: ignore[method-assign]
    await tail.connect()
    await tail.until(lambda: len(tail.read.ids) == 3)
    assert not tail.read.gaps


async def test_a_partition_that_delivers_nothing_is_looked_at() -> None:
    topic = ScriptedTopic(2)
    topic.write(1, partition=1)
    topic.write(1)
    topic.damaged[0] = DamagedBatch(0, None, "silence")
    tail = ScriptedTail(topic)
    await tail.until(lambda: tail.read.ids == ["1/0"])
    await tail.until(lambda: "partition 0 of topic raw can't be read from offset 0 on: silence" in tail.health.why)
    assert topic.now_ms - NOON < 60_000


async def test_the_position_stays_before_a_gap_until_it_has_been_handed_on() -> None:
    topic = ScriptedTopic(2)
    topic.write(10)
    tail = ScriptedTail(topic)
    await tail.until(lambda: len(tail.read.ids) == 10)
    await tail.pass_time(40)
    topic.write(10)
    topic.remove_before(0, 15)
    topic.damaged[0] = DamagedBatch(15, None, CRC)  # so that the record behind the gap does not come
    topic.write(3, partition=1)
    await tail.until(lambda: len(tail.read.ids) == 13)
    assert tail.read.position is not None
    assert tail.read.position["partitions"]["0"][0] == 10
    del topic.damaged[0]
    again = ScriptedTail(topic)
    again.read.position = tail.read.position
    await again.until(lambda: len(again.read.ids) == 5)
    (gap,) = again.read.gaps
    assert "5 records from offset 10 on were deleted" in gap.detail


async def test_over_a_day_nothing_grows_and_the_position_advances() -> None:
    """A compressed soak: 24 hours of the clock, with a new connection, retention and a damaged batch every hour."""
    topic = ScriptedTopic(2)
    topic.idle_ms = 120_000
    tail = ScriptedTail(topic)
    offsets, sizes = [], []
    tracemalloc.start()
    for _ in range(24):
        for partition in (0, 1):
            topic.write(20, partition)
        await tail.pass_time(3_600)
        await tail.connect()
        first = topic.end_of(0)
        topic.damaged[0] = DamagedBatch(first, first + 5, CRC)
        topic.write(10)
        await tail.until(lambda: tail.read.gaps)
        assert len(set(tail.read.ids)) == len(tail.read.ids) == 45
        assert [gap.cause for gap in tail.read.gaps] == ["damaged"]
        assert tail.read.position is not None
        offsets.append(tail.read.position["partitions"]["0"][0])
        for partition in (0, 1):
            topic.remove_before(partition, topic.end_of(partition) - 1)
        tail.read.items.clear()
        tail.read.batches.clear()
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert topic.now_ms - NOON >= 86_400_000
    assert offsets == sorted(set(offsets))
    assert sizes[-1] - sizes[4] < 50_000
