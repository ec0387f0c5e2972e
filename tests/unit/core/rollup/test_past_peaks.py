"""The busiest hours of a brand."""

from __future__ import annotations

from detectors.units import HOUR_MS
from streams.core.rollup.past_peaks import KEPT_PEAKS, PastPeaks


def test_an_incident_becomes_a_past_peak_when_it_is_over() -> None:
    peaks = PastPeaks()
    for hour in range(100):
        peaks.count(hour * HOUR_MS, 500 if hour == 50 else hour % 24, calm=not 48 <= hour < 60)
        assert len(peaks.before(1_000 * HOUR_MS)) <= KEPT_PEAKS
        if hour < 60:
            assert (50 * HOUR_MS, 500) not in peaks.before(1_000 * HOUR_MS)
    assert peaks.before(1_000 * HOUR_MS)[0] == (50 * HOUR_MS, 500)
    assert all(at + HOUR_MS <= 50 * HOUR_MS for at, _ in peaks.before(50 * HOUR_MS))
