"""A partition that can't be read stalls for a bounded time, and says why."""

from __future__ import annotations

from streams.kafka.record_batches import DamagedBatch
from streams.sources.live.kafka.stalled import LOOK_MS, PASS_MS, SILENT_MS, StalledPartitions

KNOWN, UNKNOWN = DamagedBatch(1_200, 1_300, "its checksum (CRC) is wrong"), DamagedBatch(7, None, "no broker leads it")


def test_it_is_given_up_after_its_time_if_its_end_is_known() -> None:
    stalled = StalledPartitions("raw")
    assert stalled.put(3, KNOWN, 0)
    assert stalled.put(4, UNKNOWN, 0)
    assert not stalled.put(3, KNOWN, PASS_MS - 1)
    assert not stalled.is_given_up(3, PASS_MS - 1)
    assert stalled.is_given_up(3, PASS_MS)
    assert not stalled.is_given_up(4, 100 * PASS_MS)


def test_it_is_looked_at_again_now_and_then() -> None:
    stalled = StalledPartitions("raw")
    stalled.put(3, KNOWN, 0)
    assert stalled.due(LOOK_MS - 1) == []
    assert stalled.due(LOOK_MS) == [3]
    stalled.put(3, KNOWN, LOOK_MS)
    assert stalled.due(LOOK_MS + 1) == []


def test_a_new_connection_does_not_begin_the_time_again_but_damage_elsewhere_does() -> None:
    stalled = StalledPartitions("raw")
    stalled.put(3, KNOWN, 0)
    stalled.begin()
    assert stalled.partitions == set()
    stalled.put(3, KNOWN, 50_000)
    assert stalled.is_given_up(3, PASS_MS)
    stalled.put(3, KNOWN._replace(first=1_250), 50_000)
    assert not stalled.is_given_up(3, PASS_MS)


def test_a_partition_is_silent_only_if_nothing_came_all_the_time() -> None:
    stalled = StalledPartitions("raw")
    assert stalled.silent([1, 2], 0) == []
    assert stalled.silent([2], SILENT_MS - 1) == []
    assert stalled.silent([1, 2], SILENT_MS) == [2]
    assert stalled.silent([1, 2], SILENT_MS + 1) == []  # it has just been looked at
    stalled.put(1, KNOWN, 0)
    assert stalled.silent([1, 2], 3 * SILENT_MS) == [2]


def test_the_sentence_names_partition_offset_reason_and_the_way_out_of_each() -> None:
    stalled = StalledPartitions("raw")
    assert stalled.why() == ""
    stalled.put(11, UNKNOWN, 0)
    assert stalled.why() == (
        "partition 11 of topic raw can't be read from offset 7 on: no broker leads it; it is tried again every 10 s: "
        "have another replica lead the partition, or delete the damaged records"
    )
    for partition in range(5):
        stalled.put(partition, KNOWN, 0)
    assert stalled.why().startswith(
        "partition 0 of topic raw can't be read from offset 1,200 on: the batch of records up to 1,299 is damaged "
    )
    assert stalled.why().endswith("; 3 more partitions have stalled")
    for partition in (*range(5), 11):
        stalled.release(partition)
    assert stalled.why() == ""
