"""Metrics and log lines of a detect worker, from the outcomes of its partitions."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import structlog

from detectors.units import HOUR_MS
from streams.records import SEVERITIES, SHARE, Window
from streams.runtime import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.config import Config
    from streams.config.brands import Mode
    from streams.core.detect.outcome import Outcome
    from streams.core.detect.partition import PartitionMonitor
    from streams.core.detect.quarantine import Quarantined


log = structlog.get_logger()

_OF_BRANDS: Final = (
    metrics.BRAND_MENTIONS,
    metrics.BRAND_NEGATIVE_SHARE,
    metrics.BRAND_QUARANTINED,
    metrics.ANOMALY_SCORE,
    metrics.ANOMALY_THRESHOLD,
    metrics.EXPECTED,
    metrics.INCIDENTS_OPEN,
    metrics.STATE_BYTES,
)


class DetectMetrics:
    """Metrics of the brands whose partitions this worker owns."""

    def __init__(self, config: Config) -> None:
        self._brands = [brand.id for brand in config.brands]
        self._scores = _scores(config)
        self._last_hour: dict[str, deque[Window]] = {}
        self._source = metrics.Capped(metrics.MAX_OF_A_BRAND)
        self._language = metrics.Capped(metrics.MAX_OF_A_BRAND)

    def reset(self) -> None:
        """Remove the gauges of all brands: other workers may own them from now on."""
        self._last_hour.clear()
        for gauge in (*_OF_BRANDS, metrics.WATERMARK):
            gauge.clear()

    def reload(self, config: Config) -> None:
        """Apply another config: remove the gauges of brands and detectors that it does not have."""
        scores = _scores(config)
        for brand, detector, _ in self._scores - scores:
            for gauge in (metrics.ANOMALY_SCORE, metrics.ANOMALY_THRESHOLD, metrics.EXPECTED):
                gauge.remove_by_labels({"brand": brand, "detector": detector})
        brands = [brand.id for brand in config.brands]
        for brand in set(self._brands) - set(brands):
            self._last_hour.pop(brand, None)
            for gauge in _OF_BRANDS:
                gauge.remove_by_labels({"brand": brand})
        self._brands, self._scores = brands, scores

    def show(self, outcome: Outcome) -> None:
        """Show the windows, the alerts and the counts of an outcome, and log dropped states."""
        self._count(outcome)
        for brand, detector, reason, detail, _ in outcome.dropped:
            metrics.DETECTOR_STATE_DROPPED.labels(detector, reason).inc()
            log.warning("learned state dropped", brand=brand, detector=detector, reason=reason, detail=detail)
        for window in outcome.windows:
            self._show_window(window)
        for alert in outcome.alerts:
            metrics.INCIDENTS.labels(alert.kind, alert.severity, alert.label or "", alert.suppressed or "").inc()

    def _count(self, outcome: Outcome) -> None:
        for brand, count in outcome.counted.items():
            metrics.MENTIONS_COUNTED.labels(brand).inc(count)
        metrics.MENTIONS_REPLAYED.inc(outcome.replayed)
        metrics.MENTIONS_UNWATCHED.inc(outcome.unwatched)
        for lateness_ms in outcome.lateness_ms:
            metrics.BUCKET_LATENESS.observe(lateness_ms / 1000)
        for (brand, source), count in outcome.sources.items():
            metrics.MENTIONS_BY_SOURCE.labels(brand, self._source(source, of=brand)).inc(count)
        for (brand, language), count in outcome.languages.items():
            metrics.MENTIONS_BY_LANGUAGE.labels(brand, self._language(language, of=brand)).inc(count)
        for brand, detector, mode, suppressed in outcome.detections:
            metrics.DETECTIONS.labels(brand, detector, mode, suppressed or "").inc()
        for brand, count in outcome.samples_deleted.items():
            metrics.SAMPLES_DELETED.labels(brand).inc(count)

    def show_quarantined(self, news: Iterable[Quarantined]) -> None:
        """Show which detectors are quarantined, and log those that have just been quarantined."""
        for (brand, detector, doing, at_ms, _), detail in news:
            metrics.BRAND_QUARANTINED.labels(brand, detector).set(1)
            if detail is not None:
                where = {"brand": brand, "detector": detector, "doing": doing, "at_ms": at_ms}
                log.error("detector quarantined", **where, error=detail)

    def show_size(self, brand: str, size: int) -> None:
        """Show the size of the state of a brand in bytes."""
        metrics.STATE_BYTES.labels(brand).set(size)
        metrics.SAMPLES_DELETED.labels(brand)  # a brand has this series from the start, at 0

    def show_progress(self, partition: int, monitor: PartitionMonitor) -> None:
        """Show the watermark of a partition of `social.mentions`, and which sources deliver."""
        if monitor.watermark_ms >= 0:
            metrics.WATERMARK.labels(str(partition)).set(monitor.watermark_ms / 1000)
        for source, up in monitor.source_up().items():
            metrics.SOURCE_UP.labels(source).set(up)

    def show_incidents(self, monitors: Iterable[PartitionMonitor]) -> None:
        """Show which incidents are open."""
        incidents = {brand: incident for monitor in monitors for brand, incident in monitor.incidents().items()}
        for brand in self._brands:
            incident = incidents.get(brand)
            for severity in SEVERITIES:
                pages = incident is not None and incident.severity == severity and incident.suppressed is None
                metrics.INCIDENTS_OPEN.labels(brand, severity).set(pages)

    def _show_window(self, window: Window) -> None:
        metrics.BUCKETS_CLOSED.labels("learned" if window.coverage > 0 else "skipped").inc()
        if window.late:
            metrics.MENTIONS_LATE.labels(window.brand).inc(window.late)
        metrics.BRAND_MENTIONS.labels(window.brand).set(window.count)
        hour = self._last_hour.setdefault(window.brand, deque())
        hour.append(window)
        while hour[0].start_ms <= window.start_ms - HOUR_MS:
            hour.popleft()
        count, negative = sum(each.count for each in hour), sum(each.negative for each in hour)
        metrics.BRAND_NEGATIVE_SHARE.labels(window.brand).set(negative / SHARE / count if count else 0)
        for detector, score in window.scores.items():
            metrics.ANOMALY_SCORE.labels(window.brand, detector, "shadow" if score.shadow else "live").set(score.value)
            metrics.SCORE_DISTRIBUTION.labels(detector).observe(score.value)
            metrics.ANOMALY_THRESHOLD.labels(window.brand, detector).set(1)
            for bound in ("expected", "lower", "upper"):
                metrics.EXPECTED.labels(window.brand, detector, bound).set(getattr(score, bound))


def _scores(config: Config) -> set[tuple[str, str, Mode]]:
    return {(brand.id, each.name, each.mode) for brand in config.brands for each in config.detectors_of(brand)}
