"""What /metrics shows of a brand."""

from __future__ import annotations

from collections import Counter

from structlog.testing import capture_logs

from detectors.units import MINUTE_MS
from streams.config import Config
from streams.core.detect.outcome import Detected, DroppedState, Outcome
from streams.core.detect.quarantine import Quarantined
from streams.errors import Failure
from streams.records import Window, WindowScore
from streams.runtime import metrics
from streams.workers.detect_metrics import DetectMetrics

BRAND = {"brand": "nordtel"}


def window(start_ms: int, count: int, negative: int, late: int = 0) -> Window:
    score = WindowScore(1.5, count, 10.0, 4.0, 30.0, None)
    return Window("nordtel", start_ms, 5 * MINUTE_MS, count, late, negative, 0, 3, 0, 0, 1.0, {"volume": score}, "c1")


def value(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def gauges() -> DetectMetrics:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    made = DetectMetrics(Config.model_validate({"brands": brands}))
    made.reset()
    return made


def test_a_window_shows_volume_scores_and_bounds() -> None:
    before = value("firewatch_mentions_late_total", **BRAND) or 0
    gauges().show(Outcome(windows=[window(0, 40, 100_000, late=2)]))
    assert value("firewatch_brand_mentions", **BRAND) == 40
    assert value("firewatch_anomaly_score", detector="volume", mode="live", **BRAND) == 1.5
    assert value("firewatch_anomaly_threshold", detector="volume", **BRAND) == 1
    bounds = [
        value("firewatch_expected", detector="volume", bound=name, **BRAND) for name in ("lower", "expected", "upper")
    ]
    assert bounds == [4, 10, 30]
    assert value("firewatch_mentions_late_total", **BRAND) == before + 2


def test_scores_are_counted_up_to_thresholds() -> None:
    below, all_scores = "firewatch_anomaly_score_distribution_bucket", "firewatch_anomaly_score_distribution_count"
    before = value(below, detector="volume", le="1.25") or 0, value(all_scores, detector="volume") or 0
    gauges().show(Outcome(windows=[window(0, 40, 0)]))
    assert (value(below, detector="volume", le="1.25"), value(all_scores, detector="volume")) == (
        before[0],
        before[1] + 1,
    )


def test_the_mix_of_a_brand_is_counted_under_few_names() -> None:
    sources = [f"forum{number}" for number in range(metrics.MAX_OF_A_BRAND + 3)]
    mix = Counter({("mixed", source): 1 for source in sources}) + Counter({("mixed", "forum0"): 1})
    gauges().show(Outcome(sources=mix, languages=Counter({("mixed", "de"): 12})))
    assert value("firewatch_mentions_by_source_total", brand="mixed", source="forum0") == 2
    assert value("firewatch_mentions_by_source_total", brand="mixed", source="other") == 3
    assert value("firewatch_mentions_by_language_total", brand="mixed", language="de") == 12


def test_negative_share_is_that_of_the_last_hour() -> None:
    shown = gauges()
    shown.show(Outcome(windows=[window(0, 100, 1_000_000)]))
    assert value("firewatch_brand_negative_ratio", **BRAND) == 1
    shown.show(Outcome(windows=[window(55 * MINUTE_MS, 100, 0)]))
    assert value("firewatch_brand_negative_ratio", **BRAND) == 0.5
    shown.show(Outcome(windows=[window(60 * MINUTE_MS, 100, 0)]))
    assert value("firewatch_brand_negative_ratio", **BRAND) == 0
    shown.show(Outcome(windows=[window(300 * MINUTE_MS, 0, 0)]))
    assert value("firewatch_brand_negative_ratio", **BRAND) == 0


def test_a_reset_leaves_nothing_for_a_brand_that_another_worker_shows() -> None:
    shown = gauges()
    shown.show(Outcome(windows=[window(0, 40, 0)]))
    shown.show_incidents([])
    shown.reset()
    assert value("firewatch_brand_mentions", **BRAND) is None
    assert value("firewatch_incidents_open", severity="critical", **BRAND) is None


def test_every_count_of_an_outcome_is_shown() -> None:
    series: list[tuple[str, dict[str, str], float]] = [
        ("firewatch_mentions_counted_total", BRAND, 7),
        ("firewatch_mentions_replayed_total", {}, 3),
        ("firewatch_mentions_unwatched_total", {}, 2),
        ("firewatch_mentions_by_source_total", BRAND | {"source": "forum"}, 6),
        ("firewatch_mentions_by_source_total", BRAND | {"source": "news"}, 1),
        ("firewatch_mentions_by_language_total", BRAND | {"language": "de"}, 7),
        ("firewatch_bucket_lateness_seconds_count", {}, 2),
        ("firewatch_bucket_lateness_seconds_sum", {}, 61.5),
        ("firewatch_detections_total", BRAND | {"detector": "volume", "mode": "live", "suppressed": ""}, 1),
        ("firewatch_detections_total", BRAND | {"detector": "tone", "mode": "shadow", "suppressed": "spam"}, 1),
        ("firewatch_samples_deleted_total", BRAND, 4),
    ]
    before = [metrics.REGISTRY.get_sample_value(name, labels) or 0 for name, labels, _ in series]
    outcome = Outcome(
        counted=Counter(nordtel=7),
        replayed=3,
        unwatched=2,
        lateness_ms=[1_500, 60_000],
        sources=Counter({("nordtel", "forum"): 6, ("nordtel", "news"): 1}),
        languages=Counter({("nordtel", "de"): 7}),
        detections=[Detected("nordtel", "volume", "live", None), Detected("nordtel", "tone", "shadow", "spam")],
        samples_deleted=Counter(nordtel=4),
    )
    gauges().show(outcome)
    after = [metrics.REGISTRY.get_sample_value(name, labels) or 0 for name, labels, _ in series]
    assert [now - then for now, then in zip(after, before, strict=True)] == [count for _, _, count in series]


def test_a_detector_out_of_use_is_shown_and_logged_only_when_it_was_put_out() -> None:
    shown = gauges()
    failure = Failure("nordtel", "volume", "score_one", 60_000, "ValueError")
    with capture_logs() as logs:
        shown.show_quarantined([Quarantined(failure, None)])
        assert value("firewatch_brand_quarantined", detector="volume", **BRAND) == 1
        shown.show_quarantined([Quarantined(failure._replace(detector="tone"), "ValueError('no') at tone.py:3")])
    assert value("firewatch_brand_quarantined", detector="tone", **BRAND) == 1
    assert logs == [
        {
            "event": "detector quarantined", "log_level": "error", "brand": "nordtel", "detector": "tone",
            "doing": "score_one", "at_ms": 60_000, "error": "ValueError('no') at tone.py:3",
        }
    ]  # fmt: skip
    shown.reset()


def test_the_size_of_a_state_is_shown_and_with_it_how_many_samples_were_deleted() -> None:
    gauges().show_size("sized", 17)
    assert value("firewatch_state_bytes", brand="sized") == 17
    assert value("firewatch_samples_deleted_total", brand="sized") == 0


def test_a_learned_state_that_was_dropped_is_counted_and_logged() -> None:
    labels = {"detector": "volume", "reason": "other_kind"}
    before = value("firewatch_detector_state_dropped_total", **labels) or 0
    with capture_logs() as logs:
        gauges().show(Outcome(dropped=[DroppedState("nordtel", "volume", "other_kind", "of kind 'drift'", b"FWD")]))
    assert value("firewatch_detector_state_dropped_total", **labels) == before + 1
    assert logs == [
        {"event": "learned state dropped", "log_level": "warning", "brand": "nordtel", **labels}
        | {"detail": "of kind 'drift'"}
    ]
