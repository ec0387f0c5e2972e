"""Constellations: several features a little unusual, or one of them, or none."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from detectors.base import Bucket
from detectors.multivariate import Multivariate
from detectors.units import DAY_MS, HOUR_MS
from tests.support.series import START_MS, buckets, fired, watch

if TYPE_CHECKING:
    from detectors.base import Score

ONSET = 20.5
END = ONSET + 3 / 24


def series(
    seed: int, *, volume: float = 1, negative: float = 0.3, reposts: float = 0.2, by_one: float = 0.02
) -> list[Bucket]:
    """24 days of a brand with 300 mentions a day; what is given holds for three hours."""

    def unusual(day: float) -> bool:
        return ONSET <= day < END

    draw = random.Random(seed)
    out = []
    for bucket in buckets(
        24,
        lambda day: 300 * (volume if unusual(day) else 1),
        seed=seed,
        negative=lambda day: negative if unusual(day) else 0.3,
        rhythm=0.3,
    ):
        now = unusual((bucket.start_ms - START_MS) / DAY_MS)
        shared = sum(draw.random() < (reposts if now else 0.2) for _ in range(int(bucket.count)))
        most = 1 + sum(draw.random() < (by_one if now else 0.02) for _ in range(int(bucket.count) - 1))
        out.append(replace(bucket, reposts=shared, top_author_share=most / bucket.count if bucket.count else 0.0))
    return out


def highest(scores: list[tuple[float, Score]]) -> Score:
    return max((score for day, score in scores if ONSET <= day < END + 0.05), key=lambda score: score.value)


@pytest.mark.parametrize("seed", range(4))
def test_a_little_of_everything_fires_where_each_alone_hardly_would(seed: int) -> None:
    parts: list[dict[str, float]] = [{"volume": 2}, {"negative": 0.6}, {"reposts": 0.5}, {"by_one": 0.3}]
    alone = [highest(watch(Multivariate(), series(seed, **part))).value for part in parts]
    together = watch(Multivariate(), series(seed, **{name: value for part in parts for name, value in part.items()}))
    assert highest(together).value > max(1.3, 1.3 * max(alone))
    assert [day for day in fired(together) if ONSET <= day < END]


def test_the_reason_names_what_is_unusual_and_nothing_else() -> None:
    reason = highest(watch(Multivariate(), series(2, negative=0.9, reposts=0.9))).reason
    assert reason is not None
    assert set(reason.facts) == {"once_in_days", "negative", "usual_negative", "reposts", "usual_reposts"}
    assert (reason.facts["usual_negative"], reason.facts["usual_reposts"]) == pytest.approx((0.3, 0.2), abs=0.1)
    by_one = highest(watch(Multivariate(), series(2, volume=2, by_one=0.9))).reason
    assert by_one is not None
    assert "by_one" in by_one.facts


@pytest.mark.parametrize("per_day", [3, 100, 3_000])
def test_what_is_usual_is_quiet(per_day: float) -> None:
    assert len(fired(watch(Multivariate(), buckets(30, lambda _: per_day, seed=5)))) <= 2


def test_silence_and_praise_are_not_anomalous() -> None:
    detector = Multivariate()
    watch(detector, series(3)[: 20 * 288])
    start = START_MS + 20 * DAY_MS
    for hour in range(24):
        for bucket in (
            Bucket(start + hour * HOUR_MS, HOUR_MS, 0),
            Bucket(start + hour * HOUR_MS, HOUR_MS, 12, negative=0.0, positive=12.0),
        ):
            assert detector.score_one(bucket).value < 1
        detector.learn_one(bucket)


def test_one_voice_of_four_is_no_anomaly_of_a_quiet_brand() -> None:
    detector = Multivariate()
    watch(detector, buckets(30, lambda _: 4, seed=6))
    few = Bucket(START_MS + 30 * DAY_MS, 300_000, 4, negative=3.0, reposts=1, top_author_share=0.5)
    assert not detector.score_one(few).fires


@pytest.mark.parametrize("missing", ["reposts", "top_author_share", "negative"])
def test_a_feature_that_no_source_delivers_does_not_matter(missing: str) -> None:
    nothing: dict[str, Any] = {missing: 0}
    history = [replace(bucket, **nothing) for bucket in series(1, volume=3, negative=0.8, reposts=0.8, by_one=0.5)]
    scores = watch(Multivariate(), history)
    assert [day for day in fired(scores) if ONSET <= day < END]
    reason = highest(scores).reason
    assert reason is not None
    assert {"top_author_share": "by_one"}.get(missing, missing) not in reason.facts


def test_more_of_the_same_in_an_open_bucket_is_more_unusual() -> None:
    detector = Multivariate()
    watch(detector, series(4)[: 20 * 288])
    values = [
        detector.score_one(
            Bucket(START_MS + 20 * DAY_MS, 300_000, count, 60_000, negative=count * 0.8, reposts=count // 2)
        ).value
        for count in range(0, 400, 2)
    ]
    assert values == sorted(values)
    assert values[0] < 1 < values[-1]


def test_a_brand_without_history_is_in_cold_start() -> None:
    storm = Bucket(START_MS, 300_000, 500, negative=450.0, reposts=400)
    assert Multivariate(usual_posts_per_day=300).score_one(storm).suppressed == "cold_start"
