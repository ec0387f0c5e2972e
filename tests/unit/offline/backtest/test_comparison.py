"""The incidents of one config against those of another."""

from __future__ import annotations

from detectors.units import HOUR_MS
from streams.offline.backtest import compare
from tests.support.backtest import incident


def test_each_incident_is_paired_once_with_the_nearest() -> None:
    current = [incident("a", (0, "warning")), incident("a", (HOUR_MS, "warning")), incident("b", (0, "warning"))]
    new = [
        incident("a", (HOUR_MS + 1, "warning")),
        incident("b", (7 * HOUR_MS, "critical")),
        incident("b", (0, "watch")),
    ]
    found = compare(current, new, "warning")
    assert [(pair.current_ms, pair.new_ms) for pair in found.moved] == [(HOUR_MS, HOUR_MS + 1)]
    assert [each.brand for each in found.lost] == ["a", "b"]
    assert [each.brand for each in found.gained] == ["b"]
