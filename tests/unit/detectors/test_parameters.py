"""Values that a config gives a detector are refused by the name of the parameter."""

from __future__ import annotations

import math

import pytest

from detectors.base import ParameterError
from detectors.parameters import one_of, within


@pytest.mark.parametrize("value", [2, 2.0, 3650])
def test_numbers_in_the_range_are_floats(value: float) -> None:
    found = within("once_in_days", value, 2, 3650)
    assert (found, type(found)) == (value, float)


@pytest.mark.parametrize("value", [1.99, 3651, True, "7", None, math.nan, math.inf])
def test_anything_else_is_refused_with_the_range(value: object) -> None:
    with pytest.raises(ParameterError, match="must be a number from 2 to 3650, got"):
        within("once_in_days", value, 2, 3650)


def test_a_word_that_is_not_allowed_is_refused_with_the_allowed_ones() -> None:
    one_of("side", "up", ("up", "down"))
    with pytest.raises(ParameterError, match="must be one of up, down, got 'left'"):
        one_of("side", "left", ("up", "down"))
