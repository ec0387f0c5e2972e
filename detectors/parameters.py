"""What a parameter may be."""

from __future__ import annotations

from detectors.base import ParameterError


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
