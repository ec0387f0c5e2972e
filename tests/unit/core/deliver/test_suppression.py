"""What is passed on to nobody, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from streams.core.deliver.suppression import Holding, Silences
from streams.records import Verdict
from tests.support.alerts import START_MS, alert

MINUTE = 60_000


def verdict(**changed: Any) -> Verdict:
    fields: dict[str, Any] = {
        "incident": "i1", "brand": "nordtel", "verdict": "false_alarm", "severity": "warning", "detectors": [],
        "by": "anna", "at_ms": START_MS, "silence_until_ms": START_MS + 10 * MINUTE,
    }  # fmt: skip
    return Verdict(**fields | changed)


def silenced(*verdicts: Verdict) -> Silences:
    silences = Silences()
    for each in verdicts:
        silences.take(each, START_MS)
    return silences


@pytest.mark.parametrize(
    ("changed", "minutes", "expected"),
    [
        ({}, 0, True),
        ({}, -1, False),
        ({}, 9.9, True),
        ({}, 10, False),
        ({"severity": "watch"}, 5, True),
        ({"severity": "critical"}, 5, False),
        ({"brand": "fjell-air"}, 5, False),
    ],
)
def test_a_silence_holds_for_its_brand_its_time_and_its_severity(
    changed: dict[str, Any], minutes: float, expected: bool
) -> None:
    assert silenced(verdict()).holds(alert(**changed), START_MS + round(minutes * MINUTE)) is expected


def test_confirming_ends_a_silence_and_looking_after_it_does_not() -> None:
    ack = verdict(verdict="ack", silence_until_ms=None)
    assert silenced(verdict(), ack).holds(alert(), START_MS)
    assert not silenced(verdict(), verdict(verdict="confirmed", silence_until_ms=None)).holds(alert(), START_MS)


def test_suppressed_steps_are_held_back_unless_asked_for() -> None:
    spam = alert(suppressed="spam")
    assert Holding(Silences(), send_suppressed=False).reason(spam, START_MS) == "spam"
    assert Holding(Silences(), send_suppressed=True).reason(spam, START_MS) is None
    assert Holding(silenced(verdict()), send_suppressed=True).reason(spam, START_MS) == "silenced"


def test_no_silence_is_longer_than_a_month_by_the_brokers_clock() -> None:
    month = 30 * 24 * 60 * MINUTE
    forged = silenced(verdict(at_ms=START_MS + 2 * month, silence_until_ms=START_MS + 3 * month))
    assert forged.holds(alert(), START_MS + month - 1)
    assert not forged.holds(alert(), START_MS + month)
