"""Which gaps buckets overlap, and from when on that is known."""

from __future__ import annotations

from streams.core.rollup.source_gaps import MAX_GAPS, SourceGaps
from streams.records import Gaps


def known(*spans: tuple[int, int, str, int, int], partition: int = 0, topic: str = "t") -> SourceGaps:
    gaps = SourceGaps()
    add(gaps, *spans, partition=partition, topic=topic)
    return gaps


def add(gaps: SourceGaps, *spans: tuple[int, int, str, int, int], partition: int = 0, topic: str = "t") -> None:
    gaps.add(Gaps(partition, topic, list(spans)), lambda arrival_ms: arrival_ms + 10)


def test_the_share_of_a_span_that_is_missing_counts_overlaps_once_and_each_source_apart() -> None:
    gaps = known((1, 0, "forum", 0, 30), (2, 0, "forum", 20, 50), (3, 0, "forum", 90, 120), (4, 0, "news", 0, 1_000))
    assert gaps.missing(0, 100, at_ms=10) == {"forum": 0.6, "news": 1.0}
    assert gaps.missing(200, 300, at_ms=10) == {"news": 1.0}
    assert gaps.missing(1_000, 1_100, at_ms=10) == {}


def test_posts_at_the_bounds_were_received_so_that_a_gap_of_no_length_is_missing_nothing() -> None:
    gaps = known((1, 0, "forum", 50, 50))
    assert gaps.missing(0, 100, at_ms=10) == {"forum": 0.0}
    assert gaps.missing(50, 100, at_ms=10) == {}


def test_a_gap_counts_from_the_moment_on_at_which_it_became_known() -> None:
    gaps = known((1, 90, "forum", 0, 100))
    assert gaps.missing(0, 100, at_ms=99) == {}
    assert gaps.missing(0, 100, at_ms=100) == {"forum": 1.0}


def test_gaps_are_named_where_they_overlap_and_once_where_they_came_too_late() -> None:
    gaps = known((1, 90, "forum", 0, 40), (2, 90, "news", 150, 250))
    assert [gap.source for gap in gaps.between(100, 200, after_ms=80, at_ms=120)] == ["forum", "news"]
    assert [gap.source for gap in gaps.between(100, 200, after_ms=100, at_ms=120)] == ["news"]
    assert gaps.between(100, 150, after_ms=100, at_ms=120) == []


def test_gaps_that_arrive_again_change_nothing() -> None:
    gaps = known((1, 0, "forum", 0, 30), (5, 0, "forum", 40, 50))
    before = gaps.dump()
    add(gaps, (1, 0, "forum", 0, 30), (5, 0, "forum", 40, 50))
    assert gaps.dump() == before
    add(gaps, (5, 0, "forum", 40, 50), (6, 0, "forum", 60, 80))
    assert gaps.missing(0, 100, at_ms=10) == {"forum": 0.6}
    add(gaps, (0, 0, "forum", 80, 90), topic="t2")
    add(gaps, (99, 0, "forum", 0, 100))
    assert gaps.missing(0, 100, at_ms=10) == {"forum": 0.7}, "offsets of a new topic begin at 0; the old one is over"


def test_what_is_remembered_is_bounded_and_forgotten() -> None:
    gaps = known(*((offset, 0, "forum", 10 * offset, 10 * offset + 5) for offset in range(2 * MAX_GAPS)))
    add(gaps, (0, 0, "news", 0, 5), partition=1)
    assert len(gaps.dump()[1]) == MAX_GAPS + 1
    gaps.forget(10 * MAX_GAPS)
    assert gaps.missing(0, 10 * MAX_GAPS, at_ms=10) == {}
    late = known((1, 500, "forum", 0, 30))
    late.forget(500)
    assert late.missing(0, 30, at_ms=510), "it has become known only now"


def test_the_state_round_trips() -> None:
    gaps = known((1, 0, "forum", 0, 30), (5, 0, "news", 40, 50))
    copy = SourceGaps()
    copy.load(gaps.dump())
    assert copy.dump() == gaps.dump()
