"""Incidents against labels: recall, precision and delay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.offline.backtest import evaluate
from streams.offline.backtest.labels import Expected
from tests.support.backtest import incident


def test_precision_counts_what_pages_and_recall_what_was_expected() -> None:
    begin, end = datetime.fromtimestamp(100, UTC), datetime.fromtimestamp(200, UTC)
    expected = [Expected.model_validate({"brand": brand, "from": begin, "to": end}) for brand in ("a", "b", "c")]
    incidents = [
        incident("a", (110_000, "watch"), (130_000, "critical")),
        incident("a", (0, "warning")),
        incident("b", (150_000, "watch")),
        incident("d", (150_000, "suppressed")),
    ]
    incidents[1].over_ms = 50_000
    judged = evaluate(expected, incidents, "warning")
    assert [each.brand for each in judged.missed] == ["b", "c"]
    assert judged.recall == pytest.approx(1 / 3)
    assert judged.precision == 1 / 2
    assert judged.delay_minutes == 0.5


def test_what_was_open_when_it_began_has_found_it_and_what_was_over_has_not() -> None:
    begin, end = datetime.fromtimestamp(100, UTC), datetime.fromtimestamp(200, UTC)
    expected = [Expected.model_validate({"brand": brand, "from": begin, "to": end}) for brand in ("a", "b", "c")]
    still_open, over, never_over = (incident(brand, (50_000, "warning")) for brand in ("a", "b", "c"))
    still_open.over_ms, over.over_ms = 100_000, 99_999
    judged = evaluate(expected, [still_open, over, never_over], "warning")
    assert [each.brand for each in judged.missed] == ["b"]
    assert [case.delay_minutes for case in judged.results] == [0, None, 0]
    assert judged.false == [over]


def test_what_is_open_over_two_labels_counts_for_the_first() -> None:
    spans = ((100, 200), (10_000, 10_100))
    expected = [
        Expected.model_validate(
            {"brand": "a", "from": datetime.fromtimestamp(begin, UTC), "to": datetime.fromtimestamp(end, UTC)}
        )
        for begin, end in spans
    ]
    judged = evaluate(expected, [incident("a", (50_000, "warning"))], "warning")
    assert [case.delay_minutes for case in judged.results] == [0, None]
