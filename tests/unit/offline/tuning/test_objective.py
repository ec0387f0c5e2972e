"""The score of a candidate: what a missed incident and a false one weigh."""

from __future__ import annotations

import pytest

from detectors.units import DAY_MS
from streams.offline.tuning.objective import score
from tests.support.tuning import judged, label


def test_a_missed_incident_weighs_as_much_as_four_false_ones() -> None:
    labels = [label("alpha", place * DAY_MS) for place in range(5)]
    assert score(judged(labels, 5)) == 1
    assert score(judged(labels, 4)) == pytest.approx(20 / 24)
    assert score(judged(labels, 5, false=5)) == pytest.approx(25 / 30)
    assert score(judged(labels, 0, false=3)) == 0
