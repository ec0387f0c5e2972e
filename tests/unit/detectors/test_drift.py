"""Levels with a known change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Bucket
from detectors.drift import Drift
from detectors.tone_drift import ToneDrift
from detectors.units import DAY_MS, HOUR_MS
from tests.support.series import START_MS, buckets, fired, watch

LEVELS = pytest.mark.parametrize("per_day", [3, 50, 3_000])


@LEVELS
@pytest.mark.parametrize("seed", [1, 2])
def test_a_level_that_stays_is_quiet(per_day: float, seed: int) -> None:
    assert fired(watch(Drift(), buckets(40, lambda _: per_day, seed=seed, minutes=15))) == []


@pytest.mark.parametrize(("per_day", "factor", "days"), [(50, 2, 2), (50, 0.4, 3), (3_000, 1.5, 1), (3_000, 0.5, 1)])
@pytest.mark.parametrize("minutes", [5, 60])
def test_a_new_level_fires_once_and_becomes_the_usual_one(
    per_day: float, factor: float, days: float, minutes: int
) -> None:
    history = buckets(40, lambda day: per_day * (factor if day >= 20 else 1), minutes=minutes, seed=4)
    scores = watch(Drift(), history)
    (day,) = fired(scores)
    assert 20.3 < day < 20 + days
    score = next(score for _, score in scores if score.fires)
    assert score.direction == ("up" if factor > 1 else "down")
    assert score.observed / score.expected == pytest.approx(factor, rel=0.25)
    assert score.reason is not None
    assert (score.reason.code, score.reason.facts["level"]) == ("rate_level", score.observed)


@LEVELS
def test_a_burst_of_hours_is_no_new_level(per_day: float) -> None:
    history = buckets(30, lambda day: per_day * (20 if 20 <= day < 20.2 else 1), seed=6)
    assert fired(watch(Drift(), history)) == []


@LEVELS
def test_weekends_are_learned(per_day: float) -> None:
    history = buckets(60, lambda day: per_day * (0.6 if int(day) % 7 >= 5 else 1), seed=7, minutes=15)
    assert [day for day in fired(watch(Drift(), history)) if day > 21] == []


def test_the_time_of_day_is_no_new_level() -> None:
    history = buckets(40, lambda _: 3_000, rhythm=0.95, minutes=60, seed=8)
    assert fired(watch(Drift(), history)) == []


def test_silence_without_data_changes_no_level() -> None:
    history = buckets(30, lambda _: 500, minutes=15, seed=9)
    pause = 40 * DAY_MS
    later = [replace(bucket, start_ms=bucket.start_ms + pause) for bucket in history[1440:]]
    out = [replace(bucket, count=0, coverage=0.0) for bucket in history[1440:2000]]
    assert fired(watch(Drift(), history[:1440] + later)) == []
    assert fired(watch(Drift(), history[:1440] + out + history[2000:])) == []


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(0, 200), min_size=1, max_size=60),
    so_far=st.integers(0, 10_000),
    more=st.integers(0, 10_000),
    elapsed=st.integers(0, 899_999),
)
def test_a_rise_that_fires_early_fires_with_every_post_that_may_come(
    counts: list[int], so_far: int, more: int, elapsed: int
) -> None:
    detector = Drift()
    calm = [Bucket(START_MS + index * 900_000, 900_000, 20) for index in range(10 * 96)]
    start = calm[-1].start_ms + 900_000
    watch(detector, calm + [Bucket(start + index * 900_000, 900_000, count) for index, count in enumerate(counts)])
    last = Bucket(start + len(counts) * 900_000, 900_000, so_far)
    early = detector.score_one(replace(last, elapsed_ms=elapsed))
    closed = detector.score_one(replace(last, count=so_far + more))
    assert closed.fires or not early.fires
    assert closed.value >= early.value


def test_a_fall_is_told_when_the_hour_is_over() -> None:
    detector = Drift()
    watch(detector, [Bucket(START_MS + index * HOUR_MS, HOUR_MS, 100 + index % 7) for index in range(240)])
    bucket = Bucket(START_MS + 240 * HOUR_MS, HOUR_MS, 20)
    hours = 0
    while not detector.score_one(bucket).fires:
        detector.learn_one(bucket)
        bucket = replace(bucket, start_ms=bucket.start_ms + HOUR_MS)
        hours += 1
    assert 6 < hours < 30
    assert not detector.score_one(replace(bucket, count=0, elapsed_ms=HOUR_MS // 2)).fires


def test_a_turn_of_the_tone_that_stays_fires() -> None:
    history = buckets(40, lambda _: 300, negative=lambda day: 0.3 if day < 20 else 0.55, minutes=15, seed=3)
    scores = watch(ToneDrift(), history)
    days = fired(scores)
    assert 20.2 < days[0] < 23
    assert len(days) <= 2
    score = next(score for _, score in scores if score.fires)
    assert score.direction == "up"
    assert 0.25 < score.expected < 0.42 < score.observed < 0.65


@pytest.mark.parametrize("per_day", [3, 300])
def test_more_of_the_usual_tone_is_no_turn(per_day: float) -> None:
    history = buckets(40, lambda day: per_day * (1 if day < 20 else 4), minutes=15, seed=3)
    assert fired(watch(ToneDrift(), history)) == []
