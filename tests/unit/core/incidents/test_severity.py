"""How urgent an incident is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.base import Score
from streams.core.incidents.incident import Incident
from streams.core.incidents.severity import SeverityRule
from streams.core.rollup.tally import Tally
from streams.records import SHARE

if TYPE_CHECKING:
    from detectors.base import Label, Severity

RULE = SeverityRule(0.5, {"volume": "attention", "tone": "tone", "crisis": "crisis"})


def mentions(count: int, negative_share: float, coarse: int = 0) -> Tally:
    tally = Tally()
    tally.count, tally.negative, tally.coarse = count, round(count * negative_share * SHARE), coarse
    return tally


def severity(*fired: str, negative_share: float, coarse: int = 0, label: Label | None = None) -> Severity:
    scores = {name: Score(1.5, 0.9, 0.2, 0, 0.4, "up") for name in fired}
    incident = Incident("f00", 0, 300_000, label=label, fired=set(fired))
    return RULE.of(incident, scores, [mentions(200, negative_share, coarse)], scores)


@pytest.mark.parametrize(
    ("fired", "negative_share", "expected"),
    [
        (("volume",), 0.1, "watch"),
        (("volume",), 0.9, "warning"),
        (("tone",), 0.9, "warning"),
        (("volume", "tone"), 0.9, "critical"),
        (("volume", "tone"), 0.1, "warning"),
    ],
)
def test_attention_and_a_negative_tone_together_are_critical(
    fired: tuple[str, ...], negative_share: float, expected: Severity
) -> None:
    assert severity(*fired, negative_share=negative_share) == expected


def test_what_is_labelled_otherwise_than_a_crisis_is_to_be_watched() -> None:
    assert severity("volume", "tone", negative_share=0.9, label="praise") == "watch"


def test_coarse_times_are_no_reason_to_wake_anybody() -> None:
    assert severity("volume", "tone", negative_share=0.9, coarse=150) == "warning"
