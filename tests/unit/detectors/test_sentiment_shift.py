"""When the tone fires, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectors.base import Bucket
from detectors.sentiment_shift import SentimentShift
from detectors.units import HOUR_MS
from tests.support.series import START_MS, buckets, fired, watch


def after(calm: list[Bucket], count: int, negative: float) -> Bucket:
    return Bucket(calm[-1].start_ms + calm[-1].length_ms, HOUR_MS, count, negative=negative)


def test_a_turn_fires_without_any_rise_in_volume() -> None:
    series = buckets(15, lambda _: 1_000, minutes=15, negative=lambda day: 0.75 if day >= 14 else 0.3)
    days = fired(watch(SentimentShift(), series))
    assert len(days) == 1
    assert 14 < days[0] < 14 + 3 / 24


@pytest.mark.parametrize("per_day", [2, 20, 200, 2_000])
def test_the_usual_mix_is_quiet_day_and_night_and_when_ten_times_as_much_is_said(per_day: float) -> None:
    def volume(day: float) -> float:
        return per_day * (10 if 20 <= day < 21 else 1)

    fires = [fired(watch(SentimentShift(), buckets(28, volume, minutes=15, rhythm=0.9, seed=s))) for s in range(3)]
    assert sum(map(len, fires)) <= 1


def test_three_negative_of_four_are_no_crisis() -> None:
    calm = buckets(28, lambda _: 2.0)
    detector = SentimentShift()
    watch(detector, calm)
    assert detector.score_one(after(calm, 4, 3.0)).value < 0.7
    assert detector.score_one(after(calm, 40, 36.0)).fires


def test_praise_is_no_crisis() -> None:
    calm = buckets(14, lambda _: 500.0)
    detector = SentimentShift()
    watch(detector, calm)
    score = detector.score_one(after(calm, 200, 2.0))
    assert score.value == 0
    assert score.direction == "down"


def test_what_few_accounts_repeat_is_no_tone() -> None:
    calm = buckets(14, lambda _: 500.0)
    detector = SentimentShift()
    watch(detector, calm)
    scare = replace(after(calm, 200, 160.0), authors=20, spam=170.0, spam_negative=150.0)
    assert detector.score_one(scare).value < 1
    assert detector.score_one(replace(scare, spam=0.0, spam_negative=0.0)).fires
    tirade = replace(after(calm, 200, 160.0), top_author_share=0.85)
    assert detector.score_one(tirade).value < 1
    before = detector.score_one(after(calm, 0, 0.0)).expected
    detector.learn_one(scare)
    assert detector.score_one(after(calm, 0, 0.0)).expected == pytest.approx(before, abs=0.01)


def test_a_brand_that_is_always_scolded_is_measured_by_its_own_share() -> None:
    calm = buckets(14, lambda _: 500.0, negative=lambda _: 0.8)
    detector = SentimentShift()
    watch(detector, calm)
    score = detector.score_one(after(calm, 100, 75.0))
    assert score.value < 0.5
    assert score.expected == pytest.approx(0.9 * 0.8 + 0.1 * 0.2, abs=0.03)


def test_labels_that_the_model_is_unsure_of_weigh_less() -> None:
    calm = buckets(14, lambda _: 500.0)
    detector = SentimentShift()
    watch(detector, calm)
    sure, unsure = (detector.score_one(after(calm, 60, 60 * probability)).value for probability in (0.95, 0.55))
    assert sure > 1 > unsure


def test_a_day_of_crisis_does_not_become_the_usual_share() -> None:
    def volume(day: float) -> float:
        return 200 * (30 if 14 <= day < 15 else 1)

    series = buckets(16, volume, minutes=15, negative=lambda day: 0.9 if 14 <= day < 15 else 0.3)
    scores = dict(watch(SentimentShift(), series))
    before, afterwards = scores[14.0].expected, scores[15.5].expected
    assert afterwards - before < 0.15


def test_a_brand_without_history_is_labelled_cold_start_even_if_its_level_is_known() -> None:
    detector = SentimentShift(usual_posts_per_day=100)
    score = detector.score_one(Bucket(START_MS, HOUR_MS, 500, negative=490.0))
    assert score.value >= 1
    assert score.suppressed == "cold_start"


def test_the_reason_says_how_much_against_what() -> None:
    calm = buckets(14, lambda _: 500.0)
    detector = SentimentShift()
    watch(detector, calm)
    score = detector.score_one(after(calm, 100, 90.0))
    assert score.fires
    assert score.reason is not None
    assert score.reason.facts["negative"] == score.observed
    assert score.reason.facts["usual_negative"] == score.expected
