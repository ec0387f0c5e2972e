"""river's detectors: all of them, and what each has of its own that would mislead."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from river import anomaly, time_series

from detectors.base import Bucket, OutdatedSnapshot, ParameterError
from detectors.registry import build
from detectors.river_adapter import FEATURES, KEPT_BUCKETS, MOST_BUCKETS, River
from detectors.river_models import GRACE, build_model
from detectors.units import DAY_MS, HOUR_MS
from tests.support.series import START_MS, buckets, fired, watch

if TYPE_CHECKING:
    from detectors.river_models import Model

HOLT_WINTERS = {"predictive_model": {"class": "time_series.HoltWinters", "alpha": 0.3}}
SEASONAL = {
    "predictive_model": {
        "class": "time_series.HoltWinters", "alpha": 0.3, "beta": 0.1, "gamma": 0.1, "seasonality": 200,
    }
}  # fmt: skip
FORECASTER: Any = time_series.HoltWinters
SMALL_TREES = {"n_trees": 5, "height": 6, "window_size": 150}

EVERY: list[tuple[str, dict[str, Any]]] = [
    ("GaussianScorer", {}),
    ("GaussianScorer", {"window_size": 300}),
    ("HalfSpaceTrees", SMALL_TREES),
    ("LODA", {"n_random_cuts": 10}),
    ("LocalOutlierFactor", {"engine": {"class": "neighbors.LazySearch", "window_size": 60}}),
    ("OneClassSVM", {"nu": 0.2}),
    ("PredictiveAnomalyDetection", {}),
    ("PredictiveAnomalyDetection", HOLT_WINTERS),
    ("PredictiveAnomalyDetection", SEASONAL),
    ("StandardAbsoluteDeviation", {"sub_stat": {"class": "stats.Quantile", "q": 0.5}}),
]

BOUNDED = ("HalfSpaceTrees", "LODA", "LocalOutlierFactor", "OneClassSVM")
"""What they say of 100 times the usual number is little more than of twice as many."""

every = pytest.mark.parametrize(("detector", "params"), EVERY)


def model(detector: str, params: dict[str, Any] | None = None) -> Model:
    return build_model(detector, params or {}, "count", 0.3)


def theirs(detector: str, **arguments: object) -> Any:
    """The detector of river itself."""
    return getattr(anomaly, detector)(**arguments)


def numbers(count: int, seed: int = 1, mean: float = 20) -> list[float]:
    draw = random.Random(seed)
    return [max(0.0, float(round(draw.gauss(mean, mean**0.5)))) for _ in range(count)]


def hours(counts: list[float], start_ms: int = START_MS) -> list[Bucket]:
    return [Bucket(start_ms + index * HOUR_MS, HOUR_MS, int(count)) for index, count in enumerate(counts)]


def test_every_detector_of_river_is_among_those_tested_here() -> None:
    assert {name for name, _ in EVERY} == set(anomaly.__all__) - {"QuantileFilter", "ThresholdFilter"}


@every
def test_a_burst_stands_out_and_changes_nothing(detector: str, params: dict[str, Any]) -> None:
    one = River(detector=detector, params=params)
    watch(one, hours(numbers(600)))
    before = one.snapshot()
    usual, burst = (Bucket(START_MS + 600 * HOUR_MS, HOUR_MS, count) for count in (20, 2_000))
    assert one.score_one(burst) == one.score_one(burst)
    assert one.score_one(usual).value < 1
    assert one.score_one(burst).value > one.score_one(usual).value
    assert one.snapshot() == before
    if detector not in BOUNDED:
        assert one.score_one(burst).fires
        reason = one.score_one(burst).reason
        assert reason is not None
        assert (reason.code, reason.facts["model"], reason.facts["number"]) == ("model", detector, 2_000)


@every
def test_a_restored_detector_goes_on_alike_even_past_its_renewal(detector: str, params: dict[str, Any]) -> None:
    original = River(detector=detector, params=params)
    history = hours(numbers(MOST_BUCKETS + 60))
    watch(original, history[:-90])
    copy = River(detector=detector, params=params).restore(original.snapshot())
    assert watch(copy, history[-90:]) == watch(original, history[-90:])
    assert copy.snapshot() == original.snapshot()


@every
@pytest.mark.parametrize("feature", FEATURES)
def test_absurd_and_missing_numbers_do_no_harm(detector: str, params: dict[str, Any], feature: str) -> None:
    one = River(detector=detector, params=params, feature=feature)
    draw = random.Random(8)
    for index in range(400):
        count = draw.choice([0, 0, 1, 7, 10**15])
        bucket = Bucket(
            START_MS + index * HOUR_MS,
            HOUR_MS,
            count,
            negative=count * draw.random(),
            authors=min(count, 9),
            top_author_share=draw.random(),
            reposts=count // 2,
            coverage=draw.choice([1.0, 0.01, 0.0]),
        )
        score = one.score_one(bucket)
        assert 0 <= score.value < 1e6
        one.learn_one(bucket)


def test_what_is_kept_is_bounded_and_a_new_level_passes() -> None:
    one = River()
    first = hours(numbers(MOST_BUCKETS))
    watch(one, first)
    size = len(one.snapshot())
    assert size < 16_500
    later = watch(one, hours(numbers(MOST_BUCKETS * 2, mean=60), first[-1].start_ms + HOUR_MS))
    assert KEPT_BUCKETS <= len(one._numbers) < MOST_BUCKETS
    assert len(one.snapshot()) == size
    assert [day for day, _ in later if day > 7 * 24] != []
    assert all(score.value < 1 for _, score in later[KEPT_BUCKETS * 2 :])


def test_a_snapshot_of_another_river_detector_is_not_taken_over() -> None:
    one = River()
    watch(one, hours(numbers(300)))
    for other in (River(params={"grace_period": 50}), River(feature="authors"), River(detector="HalfSpaceTrees")):
        fresh = other.snapshot()
        with pytest.raises(OutdatedSnapshot):
            other.restore(one.snapshot())
        assert other.snapshot() == fresh


def test_an_open_bucket_has_no_score() -> None:
    one = River()
    watch(one, hours(numbers(300)))
    burst = Bucket(START_MS + 300 * HOUR_MS, HOUR_MS, 5_000)
    assert one.score_one(burst).fires
    assert one.score_one(replace(burst, elapsed_ms=HOUR_MS - 1)).value == 0


def test_a_share_of_no_mentions_is_not_learned() -> None:
    one = River(feature="negative_share")
    watch(one, [Bucket(START_MS + index * HOUR_MS, HOUR_MS, 10, negative=3 + index % 2) for index in range(300)])
    before = len(one._numbers)
    one.learn_one(Bucket(START_MS + 300 * HOUR_MS, HOUR_MS, 0))
    assert len(one._numbers) == before
    turned = Bucket(START_MS + 301 * HOUR_MS, HOUR_MS, 10, negative=9.5)
    assert one.score_one(turned).fires


def test_a_calm_brand_is_quiet() -> None:
    assert len(fired(watch(River(), buckets(40, lambda _: 500, seed=2, minutes=15)))) <= 2


# GaussianScorer ------------------------------------------------------------------------------------------------------


def test_the_gaussian_scorer_saturates_and_its_reading_does_not() -> None:
    river, ours = theirs("GaussianScorer"), model("GaussianScorer")
    for number in numbers(500):
        river.learn_one(None, number)
        ours.learn(number)
    assert river.score_one(None, 80) == river.score_one(None, 80_000) == 1.0
    near, far = ours.reading(80), ours.reading(80_000)
    assert near is not None
    assert far is not None
    assert 9 < near < far / 100


def test_the_reading_ranks_as_the_score_does() -> None:
    river, ours = theirs("GaussianScorer"), model("GaussianScorer")
    for number in numbers(500):
        river.learn_one(None, number)
        ours.learn(number)
    asked = sorted(numbers(100, seed=2), key=lambda number: river.score_one(None, number))
    readings = [ours.reading(number) or 0.0 for number in asked]
    assert readings == pytest.approx(sorted(readings))


def test_a_variance_of_nothing_at_first_spoils_no_calibration() -> None:
    one = River(detector="StandardAbsoluteDeviation")
    watch(one, hours([20.0, *numbers(300)]))
    assert one._mean < 2
    assert one._spread() < 2


def test_the_gaussian_scorer_has_no_opinion_within_its_grace_period() -> None:
    ours = model("GaussianScorer", {"grace_period": 150})
    for number in numbers(149):
        ours.learn(number)
        assert ours.reading(1e6) is None
    ours.learn(20)
    assert ours.reading(1e6) is not None


def test_a_rolling_variance_of_nothing_is_no_error() -> None:
    ours = model("GaussianScorer", {"window_size": 20, "grace_period": 5})
    for number in [1e15, 1e15 - 1, *[0.1] * 200]:
        ours.learn(number)
    assert ours.reading(5.0) is not None


# HalfSpaceTrees ------------------------------------------------------------------------------------------------------


def test_half_space_trees_say_0_until_their_window_is_full_and_that_is_no_reading() -> None:
    river, ours = theirs("HalfSpaceTrees", **SMALL_TREES, seed=0), model("HalfSpaceTrees", SMALL_TREES)
    for number in numbers(149):
        river.learn_one({"count": number / 100})
        ours.learn(number)
    assert river.score_one({"count": 1.0}) == 0
    assert ours.reading(100) is None
    ours.learn(20)
    assert ours.reading(100) is not None


def test_the_first_opinion_of_half_space_trees_is_no_anomaly() -> None:
    one = River(detector="HalfSpaceTrees", params=SMALL_TREES)
    scores = watch(one, hours(numbers(400)))
    assert all(score.value == 0 for _, score in scores[:150])
    assert max(score.value for _, score in scores[150:]) < 1.2
    assert len(fired(scores)) <= 1


def test_half_space_trees_find_what_lies_beyond_all_they_have_seen() -> None:
    ours = model("HalfSpaceTrees", SMALL_TREES)
    seen = numbers(300)
    for number in seen:
        ours.learn(number)
    largest, beyond = ours.reading(max(seen)), ours.reading(max(seen) * 5)
    assert largest is not None
    assert beyond is not None
    assert beyond > largest


def test_trees_without_a_seed_are_always_the_same() -> None:
    one, other = model("HalfSpaceTrees"), model("HalfSpaceTrees")
    seeded = model("HalfSpaceTrees", {"seed": 7})
    for number in numbers(260):
        for each in (one, other, seeded):
            each.learn(number)
    assert one.reading(30) == other.reading(30) != seeded.reading(30)


# PredictiveAnomalyDetection ------------------------------------------------------------------------------------------


def test_asking_the_predictive_detector_changes_it_and_reading_does_not() -> None:
    river = theirs("PredictiveAnomalyDetection", predictive_model=FORECASTER(alpha=0.3))
    ours = model("PredictiveAnomalyDetection", HOLT_WINTERS)
    for number in numbers(50):
        river.learn_one(None, number)
        ours.learn(number)
    before = river.dynamic_mae.n, ours._detector.dynamic_mae.n
    for _ in range(3):
        river.score_one(None, 22.0)
        ours.reading(22.0)
    assert (river.dynamic_mae.n, ours._detector.dynamic_mae.n) == (before[0] + 3, before[1])


def test_the_reading_of_the_predictive_detector_is_the_root_of_its_score_uncut() -> None:
    river = theirs("PredictiveAnomalyDetection", predictive_model=FORECASTER(alpha=0.3))
    ours = model("PredictiveAnomalyDetection", HOLT_WINTERS)
    below = 0
    for index, number in enumerate(numbers(300)):
        if index >= GRACE:
            reading, score = ours.reading(number), river.score_one(None, number)
            if score < 1:
                below += 1
                assert reading == pytest.approx(score**0.5)
            else:
                assert reading is not None
                assert reading >= 1
        elif index >= 2:
            river.score_one(None, number)
        river.learn_one(None, number)
        ours.learn(number)
    assert below > 150


def test_a_forecast_that_is_not_possible_yet_is_no_opinion() -> None:
    ours = model("PredictiveAnomalyDetection", SEASONAL)
    for number in numbers(199):
        ours.learn(number)
        assert ours.reading(30.0) is None
    warming = model("PredictiveAnomalyDetection", {**HOLT_WINTERS, "warmup_period": 140})
    for number in numbers(139):
        warming.learn(number)
        assert warming.reading(1e6) is None
    warming.learn(20.0)
    assert warming.reading(1e6) is not None


# filters, TimeRolling, and other things that can't be used ------------------------------------------------------------


def test_a_threshold_filter_never_learns_and_is_refused() -> None:
    inner = theirs("GaussianScorer")
    river = theirs("ThresholdFilter", anomaly_detector=inner, threshold=0.9, protect_anomaly_detector=False)
    for number in numbers(200):
        river.learn_one(None, number)
    assert inner.gaussian.n_samples == 0
    for name in ("ThresholdFilter", "QuantileFilter"):
        with pytest.raises(ParameterError, match=f"^detector: {name} is a filter, not a detector"):
            River(detector=name, params={"anomaly_detector": "GaussianScorer", "threshold": 0.9})


def test_time_rolling_is_refused_and_no_detector_costs_more_with_time() -> None:
    with pytest.raises(ParameterError, match=r"^params.sub_stat.class: 'utils.TimeRolling' is no class"):
        River(detector="StandardAbsoluteDeviation", params={"sub_stat": {"class": "utils.TimeRolling"}})
    one = River(detector="GaussianScorer", params={"window_size": 300})
    sizes = set()
    for bucket in hours(numbers(3 * MOST_BUCKETS)):
        one.learn_one(bucket)
        sizes.add(len(one._numbers))
    assert max(sizes) < MOST_BUCKETS


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"detector": "IsolationForest"},
            r"^detector: river has no anomaly detector 'IsolationForest', it has Gaussian",
        ),
        ({"detector": ["GaussianScorer"]}, r"^detector: river has no anomaly detector \['GaussianScorer'\]"),
        ({"detector": "__all__"}, "^detector: river has no"),
        ({"feature": "loudness"}, "^feature: must be one of count, authors, .*, got 'loudness'"),
        ({"feature": ["count"]}, "^feature: must be one of"),
        ({"params": {"grace": 3}}, "^params.grace: is not an argument of GaussianScorer, which has window_size, grace"),
        ({"params": [3]}, r"^params: must be a mapping of arguments, got \[3\]"),
        ({"params": {"grace_period": "long"}}, "^params: GaussianScorer can't work with them: "),
        ({"params": {"grace_period": 5_000}}, "^params: GaussianScorer has no reading after 1008 buckets.* shorter"),
        ({"params": {"window_size": {1, 2}}}, "^params: must be plain values"),
        ({"detector": "HalfSpaceTrees", "params": {"window_size": 3_000}}, "^params: HalfSpaceTrees has no reading"),
        ({"detector": "PredictiveAnomalyDetection", "params": {"warmup_period": 2_000}}, "has no reading"),
        (
            {"detector": "PredictiveAnomalyDetection", "params": {"predictive_model": {"class": "os.System"}}},
            r"^params.predictive_model.class: 'os.System' is no class of river's linear_model, .*, such as stats.Mean",
        ),
        (
            {"detector": "PredictiveAnomalyDetection", "params": {"predictive_model": {"class": "time_series.base"}}},
            r"^params.predictive_model.class: ",
        ),
        (
            {
                "detector": "PredictiveAnomalyDetection",
                "params": {"predictive_model": {"class": "time_series.HoltWinters"}},
            },
            "^params.predictive_model: HoltWinters refuses them: .*alpha",
        ),
        (
            {"detector": "PredictiveAnomalyDetection", "params": {"predictive_model": {"class": "stats.Mean"}}},
            "^params: PredictiveAnomalyDetection can't work with them: ",
        ),
    ],
)
def test_what_can_not_work_is_refused_when_it_is_built(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        build("river", settings)


def test_river_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, detectors.registry as r; r.build('volume', {}); sys.exit('river' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_days_of_readings_nothing_fires() -> None:
    scores = watch(River(usual_posts_per_day=480), buckets(1.5, lambda day: 100 if day < 1.2 else 20_000, minutes=5))
    assert all(score.value == 0 for day, score in scores if day < 1)
    assert fired(scores) == []


def test_a_gap_is_no_anomaly() -> None:
    history = hours(numbers(500))
    later = [replace(bucket, start_ms=bucket.start_ms + 30 * DAY_MS) for bucket in history[400:]]
    assert fired(watch(River(), history[:400] + later)) == []
