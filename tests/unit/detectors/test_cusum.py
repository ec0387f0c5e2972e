"""Page's sums against their published forms."""

from __future__ import annotations

import random
from typing import Any

import pytest
from river.drift import PageHinkley

from detectors.cusum import CLIP, DRIFT, Cusum, run_days, threshold


def test_the_sums_are_those_of_river() -> None:
    draw = random.Random(2)
    values = [draw.random() * 0.5 + shift for shift in (0, 0.4, -0.3) for _ in range(400)]
    river: Any = PageHinkley(delta=DRIFT, alpha=1.0, threshold=float("inf"))
    up = down = Cusum()
    total = 0.0
    for number, value in enumerate(values, 1):
        river.update(value)
        total += value
        step = value - total / number
        assert abs(step) < CLIP
        up, down = up.plus(step, 1, value, 0), down.plus(-step, 1, value, 0)
        assert up.value == pytest.approx(river._sum_increase - river._min_increase, abs=1e-9)
        assert down.value == pytest.approx(river._max_decrease - river._sum_decrease, abs=1e-9)
    assert up.value == 0
    assert down.hours > 0


def test_a_wild_hour_counts_no_more_than_a_clear_one() -> None:
    assert Cusum().plus(1e9, 1, 1, 1).value == Cusum().plus(CLIP, 1, 1, 1).value == CLIP - DRIFT


def test_what_was_seen_begins_anew_when_the_sum_is_0() -> None:
    side = Cusum().plus(1.0, 2, seen=5, usual=3)
    assert (side.hours, side.seen, side.usual) == (2, 10, 6)
    assert side.plus(-10.0, 1, 0, 3) == Cusum()


@pytest.mark.parametrize("days", [2, 7, 30, 365, 3650])
def test_the_threshold_is_where_the_run_is_as_long_as_asked(days: float) -> None:
    assert run_days(threshold(days)) == pytest.approx(days, rel=1e-6)


@pytest.mark.parametrize("days", [7, 30])
def test_noise_fires_no_more_often_than_asked(days: float) -> None:
    draw, limit, fired = random.Random(5), threshold(days), 0
    span, day = 200 * days, 0.0
    up = down = Cusum()
    for hour in range(int(span * 24)):
        if hour % 24 == 0:
            day = draw.gauss(0, 0.19)
        step = day + draw.gauss(0, 0.37)  # a day's mean has a standard deviation of 1 / sqrt(24)
        up, down = up.plus(step, 1, 0, 0), down.plus(-step, 1, 0, 0)
        if max(up.value, down.value) >= limit:
            fired += 1
            up = down = Cusum()
    assert 5 <= fired <= span / days
