"""A feed is asked as often as its entries need, never more often than its operator bears."""

from __future__ import annotations

import random

import pytest

from streams.sources.live.feeds.rhythm import PollRhythm, max_age_seconds


def rhythm(usual: float = 3_600, least: float = 900) -> PollRhythm:
    return PollRhythm(usual, least, random.Random(17))


def test_the_interval_is_halved_by_gaps_down_to_the_least() -> None:
    interval: float | None = None
    seen = []
    for _ in range(4):
        interval = rhythm().interval(interval, entries=10, fresh=10, has_gap=True)
        seen.append(interval)
    assert seen == [1_800, 900, 900, 900]


def test_many_new_entries_shorten_it_and_few_bring_it_back() -> None:
    shorter = rhythm().interval(3_600, entries=10, fresh=8, has_gap=False)
    assert shorter == 2_700
    assert rhythm().interval(shorter, entries=10, fresh=4, has_gap=False) == shorter
    assert rhythm().interval(shorter, entries=10, fresh=1, has_gap=False) == 3_375
    assert rhythm().interval(3_375, entries=0, fresh=0, has_gap=False) == 3_600


def test_the_wait_is_at_most_the_interval_and_differs_between_feeds() -> None:
    waits = {rhythm().wait_seconds(3_600, 0) for _ in range(1)} | {
        PollRhythm(3_600, 900, random.Random(seed)).wait_seconds(3_600, 0) for seed in range(100)
    }
    assert len(waits) > 90
    assert 3_240 <= min(waits) <= max(waits) <= 3_600


def test_the_wait_is_never_less_than_the_least_or_than_is_asked_for_up_to_a_day() -> None:
    assert rhythm().wait_seconds(900, 0) == 900
    assert 7_200 <= rhythm().wait_seconds(900, 7_200) <= 7_920
    assert 86_400 <= rhythm().wait_seconds(900, 31_536_000) <= 95_040


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "max-age=300"}, 300),
        ({"cache-control": "Public, MAX-AGE = 300"}, 300),
        ({"cache-control": "s-maxage=900, max-age=300"}, 300),
        ({"cache-control": "s-maxage=900"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "max-age=300", "age": "900"}, 0),
        ({"cache-control": "max-age=300", "age": "soon"}, 300),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=99999999999"}, 999_999_999),
    ],
)
def test_how_long_an_answer_stays_is_read_from_its_headers(headers: dict[str, str], seconds: float) -> None:
    assert max_age_seconds(headers) == seconds
