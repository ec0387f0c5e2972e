"""Measures of predictions against labels."""

from __future__ import annotations

import pytest

from streams.core.sentiment.f1 import quality


def test_figures_are_those_of_the_definitions() -> None:
    gold = ["negative", "negative", "neutral", "positive"]
    chances = [(0.9, 0.1, 0.0), (0.2, 0.8, 0.0), (0.0, 1.0, 0.0), (0.0, 0.6, 0.4)]
    measured = quality(gold, chances)
    assert [label.f1 for label in measured.by_label] == pytest.approx([2 / 3, 1 / 2, 0])
    assert measured.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert measured.negative_rest_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert measured.average_recall == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert measured.calibration_error == pytest.approx((0.1 + 0.8 + 0.0 + 0.6) / 4)
    assert measured.mean_negative == pytest.approx(1.1 / 4)


def test_labels_that_never_occur_do_not_count() -> None:
    assert quality(["neutral"], [(0.1, 0.8, 0.1)]).macro_f1 == 1
    assert quality(["neutral"], [(0.1, 0.8, 0.1)]).negative_rest_f1 == 1
