"""Positions may have been written by another version, or hold anything."""

from __future__ import annotations

from typing import Any

import pytest

from streams.sources.live.saved import number_in


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), (2**60, 2**60), (0, 0), (-7, 0), (True, 0), (7.0, 0), ("7", 0), (None, 0), ([7], 0)]
)
def test_only_a_positive_integer_is_a_number(value: Any, number: int) -> None:
    assert number_in({"at_ms": value}, "at_ms") == number


def test_a_number_that_is_missing_is_0() -> None:
    assert number_in({}, "at_ms") == 0
