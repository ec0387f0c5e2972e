"""The busiest hours a brand has had."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

from detectors.units import HOUR_MS

KEPT_PEAKS: Final = 5

_APART_MS: Final = 12 * HOUR_MS
"""Peaks nearer to each other are one, the higher."""


class Peaks:
    """Mentions per hour by the clock, and the highest of them.

    >>> peaks = Peaks()
    >>> for hour, mentions in enumerate([3, 50, 4] + [2] * 20 + [9, 1]):
    ...     peaks.count(hour * HOUR_MS, mentions, calm=True)
    >>> [(hour_ms // HOUR_MS, mentions) for hour_ms, mentions in peaks.before(30 * HOUR_MS)]
    [(1, 50), (23, 9)]
    """

    def __init__(self) -> None:
        self._hour_ms = -1
        self._mentions = 0
        self._held = (-1, 0)
        self._highest: list[tuple[int, int]] = []

    def count(self, start_ms: int, mentions: int, *, calm: bool) -> None:
        """Take a closed bucket, in order of time; an incident's hours become past peaks when it is `calm` again."""
        hour_ms = start_ms - start_ms % HOUR_MS
        if hour_ms != self._hour_ms:
            self._held = max(self._held, (self._hour_ms, self._mentions), key=itemgetter(1))
            self._hour_ms, self._mentions = hour_ms, 0
        self._mentions += mentions
        if calm and self._held[1]:
            self._keep(*self._held)
            self._held = (-1, 0)

    def before(self, at_ms: int) -> list[tuple[int, int]]:
        """``(hour, mentions)`` of the highest peaks whose hour was over at a moment, the highest first."""
        return [peak for peak in self._highest if peak[0] + HOUR_MS <= at_ms]

    def _keep(self, hour_ms: int, mentions: int) -> None:
        near = [peak for peak in self._highest if abs(peak[0] - hour_ms) < _APART_MS]
        if any(peak[1] >= mentions for peak in near):
            return
        peaks = [peak for peak in self._highest if peak not in near]
        peaks.append((hour_ms, mentions))
        self._highest = sorted(peaks, key=lambda peak: (-peak[1], peak[0]))[:KEPT_PEAKS]

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        return [self._hour_ms, self._mentions, self._held, self._highest]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        self._hour_ms, self._mentions, (held_ms, held), highest = values
        self._held = (held_ms, held)
        self._highest = [(hour_ms, mentions) for hour_ms, mentions in highest]
