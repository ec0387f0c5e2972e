"""What a parameter may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.base import ParameterError

if TYPE_CHECKING:
    from collections.abc import Collection


def within(parameter: str, value: object, low: float, high: float) -> float:
    """Return the value as a float if it is a number from `low` to `high`.

    Raises
    ------
    ParameterError
        Naming the parameter and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ParameterError(parameter, f"must be a number from {low:g} to {high:g}, got {value!r}")
    return float(value)


def one_of(parameter: str, value: object, allowed: Collection[str]) -> None:
    """Refuse a value that is none of the words allowed.

    Raises
    ------
    ParameterError
        Naming the parameter and what is allowed.
    """
    if value not in allowed:
        raise ParameterError(parameter, f"must be one of {', '.join(allowed)}, got {value!r}")
