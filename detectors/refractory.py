"""The refractory period after a detection: another one is suppressed unless it is clearly stronger."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from detectors.base import Condition
from detectors.parameters import REFRACTORY_HOURS, within
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.base import Suppression

_ESCALATION: Final = 2.0
"""A value twice that of the first detection fires again: on the scale of `Extremes`, its return period is the square of
the first one's."""

_PEAK_MS: Final = HOUR_MS
"""A detection counts with the highest value of its first hour, as a crisis is detected on its way up."""


class Refractory:
    """The time after a detection in which another one counts as the same event.

    Parameters
    ----------
    hours
        Length of the period; 0 for none, at most 720.

    Raises
    ------
    ParameterError
        If it is out of range; named `refractory_hours`, as all detectors call it.
    """

    __slots__ = ("_fired_ms", "_peak", "_span_ms")

    def __init__(self, hours: float) -> None:
        self._span_ms = within("refractory_hours", hours, *REFRACTORY_HOURS) * HOUR_MS
        self._fired_ms = -1.0
        self._peak = 0.0

    def suppresses(self, start_ms: int, value: float) -> Suppression | None:
        """Return ``refractory`` if a value of 1 or more, in the bucket that starts at `start_ms`, belongs to the
        previous detection; None otherwise."""
        if self._fired_ms < 0 or start_ms - self._fired_ms >= self._span_ms or value >= _ESCALATION * self._peak:
            return None
        return "refractory"

    def condition(self, start_ms: int, value: float) -> Condition:
        """Return the condition by which `suppresses` decides."""
        met = self.suppresses(start_ms, value) is None
        until_ms = self._fired_ms + self._span_ms
        if self._fired_ms < 0 or start_ms >= until_ms:
            return Condition("refractory", value, 0.0, met, "refractory")
        return Condition("refractory", value, _ESCALATION * self._peak, met, "refractory", round(until_ms))

    def learn(self, start_ms: int, value: float) -> None:
        """Record a closed bucket with a value of 1 or more."""
        if self.suppresses(start_ms, value) is None:
            self._fired_ms = float(start_ms)
            self._peak = value
        elif start_ms - self._fired_ms < _PEAK_MS:
            self._peak = max(self._peak, value)

    def dump(self) -> tuple[float, float]:
        """Return the state as numbers."""
        return self._fired_ms, self._peak

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned."""
        self._fired_ms, self._peak = islice(values, 2)
