"""Incidents against labels: recall, precision and delay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.offline.backtest import evaluate
from streams.offline.backtest.labels import Expected, Labels
from streams.offline.backtest.text import evaluation_lines
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


def test_what_nobody_has_decided_is_neither_right_nor_false_and_known_false_alarms_are_named() -> None:
    labels = Labels.model_validate(
        {
            "incidents": [
                {"brand": "a", "from": datetime.fromtimestamp(100, UTC), "to": datetime.fromtimestamp(200, UTC)}
            ],
            "false_alarms": [
                {"brand": brand, "from": datetime.fromtimestamp(9_000, UTC), "to": datetime.fromtimestamp(9_100, UTC)}
                for brand in ("b", "c")
            ],
            "undecided": [
                {"brand": "a", "from": datetime.fromtimestamp(20_000, UTC), "to": datetime.fromtimestamp(20_100, UTC)}
            ],
        }
    )
    found, again, new = (
        incident("a", (150_000, "warning")), incident("b", (9_050_000, "critical")), incident("b", (70_000, "warning"))
    )  # fmt: skip
    open_question = incident("a", (20_050_000, "critical"))
    raised = [found, again, new, open_question]
    judged = evaluate(labels.incidents, raised, "warning", false_alarms=labels.false_alarms, undecided=labels.undecided)
    assert judged.false == [again, new]
    assert judged.precision == pytest.approx(1 / 3)
    assert [each.brand for each in judged.raised_again] == ["b"]
    lines = list(evaluation_lines("now", judged, "warning", labels.false_alarms))
    assert lines[-2:] == ["  known false alarms: 1 of 2 is raised again", "  again   b 1970-01-01 02:30"]
    assert evaluate(labels.incidents, raised, "warning").false == [again, new, open_question]
