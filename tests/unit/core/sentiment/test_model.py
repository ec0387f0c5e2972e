"""Probabilities from log-odds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.sentiment import LABELS
from streams.core.sentiment.model import softmax

odds = st.floats(-1e6, 1e6)


@given(odds, odds)
def test_probabilities_sum_to_one_and_the_largest_odds_win(negative: float, positive: float) -> None:
    chances = softmax(negative, positive)
    assert sum(chances) == pytest.approx(1)
    assert chances[0] >= chances[1] or negative <= 0
    assert chances[2] >= chances[1] or positive <= 0
    assert (chances[0] >= chances[2]) == (negative >= positive) or chances[0] == chances[2]


def test_without_evidence_all_labels_are_equally_likely() -> None:
    assert softmax(0.0, 0.0) == pytest.approx([1 / len(LABELS)] * len(LABELS))
