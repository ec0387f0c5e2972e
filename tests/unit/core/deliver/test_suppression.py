"""Which steps are suppressed, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from streams.core.deliver.suppression import Silences, Suppression
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
        silences.add(each, START_MS)
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
def test_a_silence_mutes_its_brand_up_to_its_severity_until_it_expires(
    changed: dict[str, Any], minutes: float, expected: bool
) -> None:
    assert silenced(verdict()).mutes(alert(**changed), START_MS + round(minutes * MINUTE)) is expected


def test_confirming_an_incident_ends_a_silence_and_acknowledging_it_does_not() -> None:
    ack = verdict(verdict="ack", silence_until_ms=None)
    assert silenced(verdict(), ack).mutes(alert(), START_MS)
    assert not silenced(verdict(), verdict(verdict="confirmed", silence_until_ms=None)).mutes(alert(), START_MS)


def test_suppressed_steps_are_delivered_only_if_configured() -> None:
    spam = alert(suppressed="spam")
    assert Suppression(Silences(), send_suppressed=False).reason(spam, START_MS) == "spam"
    assert Suppression(Silences(), send_suppressed=True).reason(spam, START_MS) is None
    assert Suppression(silenced(verdict()), send_suppressed=True).reason(spam, START_MS) == "silenced"


def test_no_silence_is_longer_than_a_month_by_the_brokers_clock() -> None:
    month = 30 * 24 * 60 * MINUTE
    forged = silenced(verdict(at_ms=START_MS + 2 * month, silence_until_ms=START_MS + 3 * month))
    assert forged.mutes(alert(), START_MS + month - 1)
    assert not forged.mutes(alert(), START_MS + month)
