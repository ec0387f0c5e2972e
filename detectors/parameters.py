"""What a parameter may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from detectors.base import ParameterError

if TYPE_CHECKING:
    from collections.abc import Collection

ONCE_IN_DAYS: Final = (2, 3650)
REFRACTORY_HOURS: Final = (0, 720)
AT_LEAST_TIMES: Final = (1, 100)
"""What is allowed, both ends included."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kind of detector, as config names it.

    Parameters
    ----------
    default
        What holds where config says nothing.
    schema
        What it may be and means, as JSON Schema.
    """

    default: Any
    schema: dict[str, Any]


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
