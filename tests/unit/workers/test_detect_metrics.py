"""What /metrics shows of a brand."""

from __future__ import annotations

from detectors.units import MINUTE_MS
from streams.config import Config
from streams.core.detect.partition import Outcome
from streams.records import Window, WindowScore
from streams.runtime import metrics
from streams.workers.detect_metrics import BrandGauges

BRAND = {"brand": "nordtel"}


def window(start_ms: int, count: int, negative: int, late: int = 0) -> Window:
    score = WindowScore(1.5, count, 10.0, 4.0, 30.0, None)
    return Window("nordtel", start_ms, 5 * MINUTE_MS, count, late, negative, 0, 3, 0, 0, 1.0, {"volume": score}, "c1")


def value(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def gauges() -> BrandGauges:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    made = BrandGauges(Config.model_validate({"brands": brands}))
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
    metrics.count_mix("mixed", [*sources, "forum0"], ["de"] * 12)
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
