"""Learned mean and covariance, and the one-sided distance."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.moments import Moments

SPREAD = (1.0, 2.0, 0.5)
coordinates = st.lists(st.floats(-20, 20), min_size=3, max_size=3)


def correlated(count: int, seed: int = 1) -> list[tuple[float, float, float]]:
    """The first two go along (0.8), the third against them (-0.5)."""
    draw = random.Random(seed)
    out = []
    for _ in range(count):
        a, b, c = (draw.gauss(0, 1) for _ in range(3))
        out.append((a, 2 * (0.8 * a + 0.6 * b), 0.5 * (-0.5 * a + math.sqrt(0.75) * c)))
    return out


def taught(values: list[tuple[float, float, float]]) -> Moments:
    moments = Moments(SPREAD, prior_hours=5, memory_hours=1e6)
    for value in values:
        moments.learn(value, 1.0)
    return moments


TAUGHT = taught(correlated(2_000))


def test_before_anything_is_known_the_prior_holds() -> None:
    distance, parts = Moments(SPREAD, 10, 10).distance((3.0, -5.0, 2.0))
    assert distance == pytest.approx(math.hypot(3, 4))
    assert parts == pytest.approx([9, 0, 16])


def test_the_covariance_is_learned() -> None:
    learned = TAUGHT._rows
    assert [learned[index][index] for index in range(3)] == pytest.approx([1, 4, 0.25], rel=0.1)
    assert learned[0][1] / math.sqrt(learned[0][0] * learned[1][1]) == pytest.approx(0.8, abs=0.05)
    assert learned[0][2] / math.sqrt(learned[0][0] * learned[2][2]) == pytest.approx(-0.5, abs=0.05)
    assert learned[1] == [row[1] for row in learned]


@given(x=coordinates, weights=st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_no_combination_says_it_better(x: list[float], weights: list[float]) -> None:
    rows = TAUGHT._rows
    variance = sum(weights[i] * weights[j] * rows[i][j] for i in range(3) for j in range(3))
    above = sum(weight * (value - mean) for weight, value, mean in zip(weights, x, TAUGHT._mean, strict=True))
    if variance > 1e-9:
        assert TAUGHT.distance(x)[0] >= above / math.sqrt(variance) - 1e-3


@given(x=coordinates, index=st.integers(0, 2), more=st.floats(0, 10))
def test_it_never_falls_when_a_coordinate_rises(x: list[float], index: int, more: float) -> None:
    higher = [value + more * (place == index) for place, value in enumerate(x)]
    assert TAUGHT.distance(higher)[0] >= TAUGHT.distance(x)[0] - 1e-3


@given(x=coordinates)
def test_the_parts_add_up(x: list[float]) -> None:
    distance, parts = TAUGHT.distance(x)
    assert sum(parts) == pytest.approx(distance * distance, abs=1e-6)


def test_outliers_hardly_teach() -> None:
    values = correlated(2_000)
    dirty = [(1e6, 1e6, 1e6) if index % 100 == 50 else value for index, value in enumerate(values)]
    for clean, polluted in zip(taught(values)._rows, taught(dirty)._rows, strict=True):
        assert polluted == pytest.approx(clean, abs=0.5)


def test_what_does_not_vary_keeps_a_part_of_the_prior() -> None:
    moments = Moments((1.0,), prior_hours=10, memory_hours=10)
    for _ in range(1_000):
        moments.learn((2.0,), 1.0)
    distance, _ = moments.distance((3.0,))
    assert 1 < distance < 2


def test_an_hour_is_an_hour_in_whatever_pieces() -> None:
    whole, pieces = Moments((1.0,), 10, 50), Moments((1.0,), 10, 50)
    for hour in range(200):
        value = (math.sin(hour),)
        whole.learn(value, 1.0)
        for _ in range(12):
            pieces.learn(value, 1 / 12)
    assert pieces._mean == pytest.approx(whole._mean, abs=0.02)
    assert pieces._rows[0] == pytest.approx(whole._rows[0], rel=0.02)
