"""Return periods: a height is as rare as among the daily maxima that were seen."""

from __future__ import annotations

import random

import pytest

from detectors.base import ParameterError
from detectors.extremes import Extremes, reduced_variate


def taught(days: int, once_in_days: float = 7, seed: int = 1) -> Extremes:
    """Learn days whose hourly heights are exponential."""
    chance = random.Random(seed)
    extremes = Extremes(mean=(3.0,), spread=(1.0,), once_in_days=once_in_days)
    for _ in range(days * 24):
        if extremes.learn([chance.expovariate(1.0)], 1.0):
            extremes.refit(0.0)
    return extremes


@pytest.mark.parametrize(("days", "variate"), [(2, 0.3665), (10, 2.2504), (100, 4.6001)])
def test_the_reduced_variate_is_that_of_the_tables(days: float, variate: float) -> None:
    assert reduced_variate(days) == pytest.approx(variate, abs=1e-4)  # Gumbel: -ln(-ln(1 - 1/T))


def test_a_height_at_the_bound_has_the_value_one() -> None:
    extremes = taught(14)
    assert extremes.value(extremes.bounds) == pytest.approx(1)
    assert extremes.each(extremes.bounds) == pytest.approx([1])
    assert extremes.days(1.0) == pytest.approx(7)


def test_maxima_exceed_the_bound_about_as_rarely_as_configured() -> None:
    chance = random.Random(2)
    bound = taught(14, once_in_days=10).bounds[0]
    above = sum(max(chance.expovariate(1.0) for _ in range(24)) > bound for _ in range(5_000))
    assert 5_000 / 25 < above < 5_000 / 4


def test_a_day_is_a_day_of_observation() -> None:
    extremes = Extremes(mean=(3.0,), spread=(1.0,), once_in_days=7)
    assert [extremes.learn([1.0], 5.0) for _ in range(5)] == [False, False, False, False, True]


def test_doubt_makes_a_height_less_rare() -> None:
    extremes = taught(14)
    sure = extremes.value([9.0])
    extremes.refit(4.0)
    assert 0 < extremes.value([9.0]) < sure


def test_a_restored_one_continues() -> None:
    extremes, restored = taught(5), Extremes(mean=(3.0,), spread=(1.0,), once_in_days=7)
    restored.load(iter(extremes.dump()))
    restored.refit(0.0)
    assert (restored.dump(), restored.bounds) == (extremes.dump(), extremes.bounds)


def test_a_threshold_out_of_range_is_named() -> None:
    with pytest.raises(ParameterError, match="must be a number from 2 to 3650"):
        Extremes(mean=(1.0,), spread=(1.0,), once_in_days=1)
