"""Sorting of lines: stable, and the same in memory and on disk."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from streams.sources.base import Line
from streams.sources.line_sorter import LineSorter


def result(keys: list[int], memory_bytes: int) -> list[Line]:
    sorter = LineSorter(memory_bytes)
    for place, key in enumerate(keys):
        sorter.add(key, Line(b"line %d" % place, place))
    lines = list(sorter.lines())
    assert list(sorter.lines()) == lines
    assert sorter.count == len(keys)
    sorter.close()
    return lines


@given(st.lists(st.integers(-5, 5) | st.integers(-(10**15), 10**15), max_size=200), st.sampled_from([1, 1_000, 10**9]))
def test_lines_are_sorted_and_equal_keys_keep_their_order(keys: list[int], memory_bytes: int) -> None:
    wanted = sorted(range(len(keys)), key=keys.__getitem__)
    assert [line.cursor for line in result(keys, memory_bytes)] == wanted


def test_memory_is_bounded_however_many_lines_there_are() -> None:
    """Sorts 40 MB in 1 MB."""
    sorter = LineSorter(memory_bytes=1_000_000)
    tracemalloc.start()
    try:
        for number in range(40_000):
            sorter.add(-number, Line(number.to_bytes(4) * 250, number))
        cursors = [line.cursor for line in sorter.lines()]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    sorter.close()
    assert cursors == list(range(40_000))[::-1]
    assert peak < 15_000_000
