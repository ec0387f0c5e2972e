"""The shape of day and week is found where there is one, and not where there is none."""

from __future__ import annotations

import math
import random

import pytest

from detectors.base import Bucket
from detectors.expected_rate import ExpectedRate
from detectors.rhythm import Rhythm
from detectors.units import DAY_MS, HOUR_MS
from detectors.volume import Volume
from tests.support.series import START_MS, buckets, fired, poisson, watch

MONDAY_MS = 4 * DAY_MS
"""5 January 1970."""


def taught(days: int, usual: float, shape: float, seed: int = 1) -> Rhythm:
    """Poisson counts by the hour of a sine with the amplitude `shape`, against a flat expectation."""
    draw = random.Random(seed)
    rhythm = Rhythm()
    for hour in range(days * 24):
        mean = usual * (1 + shape * math.sin(2 * math.pi * hour / 24))
        rhythm.learn(hour * HOUR_MS, poisson(draw, mean), usual)
    return rhythm


def factors(rhythm: Rhythm) -> list[float]:
    return [rhythm.factor(hour * HOUR_MS, HOUR_MS) for hour in range(24)]


def test_it_begins_flat() -> None:
    assert factors(Rhythm()) == [1.0] * 24


@pytest.mark.parametrize("usual", [0.1, 2, 50, 1_000])
def test_where_there_is_none_it_finds_next_to_none(usual: float) -> None:
    worst = [max(abs(factor - 1) for factor in factors(taught(28, usual, 0.0, seed))) for seed in range(10)]
    assert sorted(worst)[5] < 0.1
    assert max(worst) < 0.6


@pytest.mark.parametrize(("usual", "days"), [(2, 28), (50, 14), (1_000, 7)])
def test_a_daily_shape_is_found(usual: float, days: int) -> None:
    found = factors(taught(days, usual, 0.7))
    for hour, factor in enumerate(found):
        assert factor == pytest.approx(1 + 0.7 * math.sin(2 * math.pi * hour / 24), abs=0.3)


def test_a_quiet_weekend_is_found() -> None:
    rhythm = Rhythm()
    for hour in range(8 * 168):
        weekend = hour // 24 % 7 >= 5
        rhythm.learn(MONDAY_MS + hour * HOUR_MS, 10 if weekend else 40, 220 / 7)
    monday, saturday = (rhythm.factor(MONDAY_MS + (8 * 168 + 24 * day + 12) * HOUR_MS, HOUR_MS) for day in (0, 5))
    assert monday == pytest.approx(1.27, abs=0.15)
    assert saturday == pytest.approx(0.32, abs=0.2)


def test_it_is_straight_between_the_middles_of_the_hours() -> None:
    rhythm = taught(14, 50, 0.7)
    before, after = rhythm.factor(3 * HOUR_MS, HOUR_MS), rhythm.factor(4 * HOUR_MS, HOUR_MS)
    assert rhythm.factor(4 * HOUR_MS - 150_000, 300_000) == pytest.approx((before + after) / 2)


def test_a_crisis_is_no_rhythm() -> None:
    calm = taught(14, 50, 0.3)
    for hour in range(14 * 24, 15 * 24):
        calm.learn(hour * HOUR_MS, 5_000, 50)
    assert max(factors(calm)) < 2.2


def test_it_goes_on_bit_by_bit_from_its_numbers() -> None:
    original, copy = taught(9, 20, 0.5), Rhythm()
    copy.load(iter(original.dump()))
    for hour in range(9 * 24, 12 * 24):
        for each in (original, copy):
            each.learn(hour * HOUR_MS, hour % 31, 20)
        assert copy.dump() == original.dump()
    assert factors(copy) == factors(original)


def test_the_level_is_what_there_would_be_at_an_average_hour() -> None:
    usual = ExpectedRate(None)
    for bucket in buckets(21, lambda _: 480, rhythm=0.8):
        usual.learn(bucket)
    assert usual.level.per_hour == pytest.approx(20, rel=0.1)
    assert usual.per_hour(START_MS + 6 * HOUR_MS, HOUR_MS) > 2.5 * usual.per_hour(START_MS + 18 * HOUR_MS, HOUR_MS)


def test_with_it_a_surge_at_night_fires_that_would_pass_by_day() -> None:
    history = buckets(21, lambda _: 2_400, rhythm=0.9)
    detector = Volume()
    watch(detector, history)
    end_ms = history[-1].start_ms + 300_000
    # the sine of `buckets` is highest a quarter into the day and lowest at three quarters
    day, night = (
        [Bucket(end_ms + hour * HOUR_MS + minute * 60_000, 300_000, 16) for minute in range(0, 60, 5)]
        for hour in (6, 18)
    )
    by_day, by_night = (Volume().restore(detector.snapshot()) for _ in range(2))
    assert fired(watch(by_day, day)) == []
    assert fired(watch(by_night, night))
