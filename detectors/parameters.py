"""Parameters of detectors: their ranges and checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from detectors.base import ParameterError

if TYPE_CHECKING:
    from collections.abc import Collection

ONCE_IN_DAYS: Final = (2, 3650)
REFRACTORY_HOURS: Final = (0, 720)
AT_LEAST_TIMES: Final = (1, 100)
"""Allowed ranges, both ends included."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kind of detector, as config names it.

    Parameters
    ----------
    default
        Value if the config has none.
    schema
        JSON Schema with its description.
    """

    default: Any
    schema: dict[str, Any]


def within(parameter: str, value: object, low: float, high: float) -> float:
    """Return the value as a float if it is a number from `low` to `high`.

    Raises
    ------
    ParameterError
        If it is not; the error names the parameter and the allowed values.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ParameterError(parameter, f"must be a number from {low:g} to {high:g}, got {value!r}")
    return float(value)


def one_of(parameter: str, value: object, allowed: Collection[str]) -> None:
    """Raise an error for a value that is not one of the allowed words.

    Raises
    ------
    ParameterError
        If it is not; the error names the parameter and the allowed values.
    """
    if value not in allowed:
        raise ParameterError(parameter, f"must be one of {', '.join(allowed)}, got {value!r}")
