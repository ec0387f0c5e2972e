"""Records of several partitions come in one order of time."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from streams.sources.live.kafka.partition_merge import PartitionMerge


class Timed(NamedTuple):
    timestamp: int
    value: bytes | None = b"x"
    number: int = 0


def merge_of(*partitions: list[int]) -> PartitionMerge[Timed]:
    merge: PartitionMerge[Timed] = PartitionMerge(10, 1_000)
    for partition, times in enumerate(partitions):
        merge.add(partition, [Timed(time) for time in times])
    return merge


def test_the_earliest_record_comes_first() -> None:
    merge = merge_of([1, 4, 5], [2, 3, 6])
    assert [record.timestamp for record in merge.take(4)] == [1, 2, 3, 4]
    assert [record.timestamp for record in merge.take(4)] == [5, 6]
    assert len(merge) == 0


def test_a_partition_that_has_more_is_waited_for() -> None:
    merge = merge_of([1, 5], [])
    assert merge.take(10, waiting={0, 1}) == []
    assert [record.timestamp for record in merge.take(10, waiting={0})] == [1, 5]


def test_nothing_passes_the_last_record_of_a_partition_that_has_more() -> None:
    merge = merge_of([1, 2], [3, 4])
    assert [record.timestamp for record in merge.take(10, waiting={0})] == [1, 2]
    assert [record.timestamp for record in merge.take(10, waiting={0})] == []
    assert [record.timestamp for record in merge.take(10)] == [3, 4]


def test_a_partition_is_full_by_records_or_by_bytes() -> None:
    merge = merge_of(list(range(10)), [1])
    merge.add(2, [Timed(1, b"x" * 1_000), Timed(1, None)])
    assert merge.full() == {0, 2}
    merge.take(12)
    assert merge.full() == set()


def test_a_partition_that_is_read_from_elsewhere_is_forgotten() -> None:
    merge = merge_of([1], [2])
    merge.forget(0)
    assert not merge.has(0)
    assert [record.timestamp for record in merge.take(10)] == [2]


@given(st.lists(st.lists(st.integers(-1, 50)), max_size=5), st.integers(1, 7))
def test_every_record_comes_once_and_in_order_within_its_partition(partitions: list[list[int]], most: int) -> None:
    merge: PartitionMerge[Timed] = PartitionMerge(10, 1_000)
    for partition, times in enumerate(partitions):
        merge.add(partition, [Timed(time, bytes([partition]), number) for number, time in enumerate(times)])
    taken: list[Timed] = []
    while len(merge):
        taken += merge.take(most)
    for partition, times in enumerate(partitions):
        assert [record.timestamp for record in taken if record.value == bytes([partition])] == times
