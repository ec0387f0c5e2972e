"""Dates that stand apart from an archive: a few wrong ones are found, and no real time of collection is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.units import DAY_MS, HOUR_MS, MINUTE_MS
from streams.core.ingest.outlier_dates import DateCounts, DateSpan, QuietBeginning

if TYPE_CHECKING:
    from collections.abc import Iterable

START = 1_770_000_000_000
SHARE = 0.01
WEEK = [START + minute * MINUTE_MS for minute in range(7 * 24 * 60)]
"""A post a minute for a week: 10,080 posts, of which a hundred may stand apart."""


def kept(times: Iterable[int], share: float = SHARE) -> DateSpan | None:
    counts = DateCounts()
    for ts_ms in times:
        counts.add(ts_ms)
    return counts.without_outliers(share)


def span(times: list[int]) -> DateSpan:
    return DateSpan(min(times), max(times))


YEAR = 365 * DAY_MS
OUTLIERS = {
    "twelve at one moment, months ahead": [START + 120 * DAY_MS] * 12,
    "one two days after the end": [START + 9 * DAY_MS],
    "forty over three hours, twelve days ahead": [START + 19 * DAY_MS + place * 4 * MINUTE_MS for place in range(40)],
    "two default dates": [START - 16 * YEAR] * 20 + [START - 11 * YEAR] * 20,
    "imports of fifteen years": [START - 15 * YEAR + place * YEAR for place in range(15)],
    "behind and ahead": [START - 10 * YEAR] * 5 + [START + 3 * YEAR] * 5,
    "one far beyond others that stand apart too": [START + 90 * DAY_MS, START + 3 * YEAR, START + 20 * YEAR],
}


@pytest.mark.parametrize("name", OUTLIERS)
def test_a_few_dates_far_from_the_mass_stand_apart(name: str) -> None:
    assert kept(WEEK + OUTLIERS[name]) == span(WEEK)


LEGITIMATE = {
    "a post a month for ten years": [START - place * 30 * DAY_MS for place in range(120)],
    "a post a month for two years, then a dense week": [START - place * 30 * DAY_MS for place in range(1, 25)] + WEEK,
    "a post a week for a year, then a dense week": [START - place * 7 * DAY_MS for place in range(1, 53)] + WEEK,
    "a dense week, then a post every ten days": WEEK + [WEEK[-1] + place * 10 * DAY_MS for place in range(1, 20)],
    "office hours, and the first posts of a Monday": [
        START + day * DAY_MS + minute * MINUTE_MS for day in range(5) for minute in range(9 * 60)
    ]
    + [START + 7 * DAY_MS + minute * MINUTE_MS for minute in range(5)],
    "two days before a pause of a month": [START - 32 * DAY_MS + place * HOUR_MS for place in range(48)] + WEEK,
    "a storm of a thousand times the usual": WEEK + [START + 3 * DAY_MS + place for place in range(500_000)],
    "a few posts a night": [START + place * 7 * HOUR_MS for place in range(1_000)],
}


@pytest.mark.parametrize("name", LEGITIMATE)
def test_a_sparse_archive_a_quiet_start_and_a_storm_are_kept_whole(name: str) -> None:
    assert kept(LEGITIMATE[name]) == span(LEGITIMATE[name])


def test_more_posts_than_the_share_are_a_part_of_the_archive() -> None:
    assert kept(WEEK + [START + 120 * DAY_MS] * 102) != span(WEEK)
    assert kept(WEEK + [START + 120 * DAY_MS] * 101) == span(WEEK)


def test_few_posts_in_all_have_no_outliers() -> None:
    few = [*WEEK[:90], START + 120 * DAY_MS]
    assert kept(few) == span(few)


def test_a_share_of_zero_keeps_everything() -> None:
    times = WEEK + OUTLIERS["behind and ahead"]
    assert kept(times, share=0) == span(times)


def test_an_outlier_beyond_a_quiet_start_stands_apart_from_it() -> None:
    quiet = LEGITIMATE["a post a month for two years, then a dense week"]
    assert kept([START - 20 * YEAR, *quiet]) == span(quiet)


def test_a_quiet_start_is_returned_for_a_remark_without_the_outliers_before_it() -> None:
    """Imports of the last months look the same, so whoever reads the result should know."""
    quiet = LEGITIMATE["a post a month for two years, then a dense week"]
    for times in (quiet, [START - 20 * YEAR, *quiet]):
        counts = DateCounts()
        for ts_ms in times:
            counts.add(ts_ms)
        assert counts.quiet_beginning(SHARE) == QuietBeginning(24, START - 30 * DAY_MS, START)


@pytest.mark.parametrize("times", [[], WEEK, WEEK + OUTLIERS["two default dates"], *list(LEGITIMATE.values())[3:5]])
def test_an_archive_without_one_has_no_quiet_start(times: list[int]) -> None:
    counts = DateCounts()
    for ts_ms in times:
        counts.add(ts_ms)
    assert counts.quiet_beginning(SHARE) is None


def test_nothing_has_no_span() -> None:
    assert kept([]) is None
    assert DateCounts().span() is None


@given(st.lists(st.integers(0, 10**13), max_size=150), st.integers(0, 2**32))
def test_the_order_of_the_posts_does_not_matter(wild: list[int], seed: int) -> None:
    times = WEEK[:2_000] + wild
    shuffled = random.Random(seed).sample(times, len(times))
    assert kept(times) == kept(shuffled)


@given(st.lists(st.integers(0, 10**13), max_size=300))
def test_no_more_than_the_share_stands_apart_at_either_end_whatever_the_dates(wild: list[int]) -> None:
    times = WEEK[:2_000] + wild
    found = kept(times)
    assert found is not None
    assert sum(ts_ms < found.first_ms for ts_ms in times) <= SHARE * len(times)
    assert sum(ts_ms > found.last_ms for ts_ms in times) <= SHARE * len(times)
    assert {found.first_ms, found.last_ms} <= set(times)
