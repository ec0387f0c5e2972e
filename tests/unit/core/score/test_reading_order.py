"""Partitions of the posts are read in the order of event time, as far as one can tell before they are scored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.score.reading_order import MAX_AHEAD_MS, event_time, readable
from streams.records import Deletion, Post

TIMES = st.dictionaries(st.integers(0, 5), st.integers(-1, 100_000), min_size=1)


@given(TIMES, st.sets(st.integers(0, 5)))
def test_who_is_furthest_behind_may_always_be_read(times: dict[int, int], waiting: set[int]) -> None:
    waiting &= times.keys()
    found = readable(times, waiting)
    least = min((times[partition] for partition in waiting), default=None)
    if least is None:
        assert found == list(times)
    else:
        assert {partition for partition in waiting if times[partition] == least} <= set(found)
        assert all(times[partition] <= least + MAX_AHEAD_MS for partition in found)


def test_a_partition_that_nothing_was_read_of_is_read_first() -> None:
    assert readable({0: -1, 1: 1_760_000_400_000}, {0, 1}) == [0]


def test_an_archive_with_one_partition_ahead_is_read_to_its_end() -> None:
    """By a post of the future: the others are read first, then that partition, which nobody waits for."""
    times = {0: 1_760_000_400_000, 1: 1_890_000_000_000}
    assert readable(times, {0, 1}) == [0]
    assert readable(times, {1}) == [0, 1]


def test_no_record_is_too_broken_to_be_read() -> None:
    post = Post("1", "forum", 5_000, "Netz weg")
    assert event_time((0, 9_000, post.to_bytes())) == 5_000
    assert event_time((0, 4_000, post.to_bytes())) == 4_000, "no later than the broker's clock"
    for value in (None, b"", b"[]", Deletion("1", "forum").to_bytes()):
        assert event_time((0, 9_000, value)) == -1
