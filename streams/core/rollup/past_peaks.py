"""The busiest hours that a brand has had."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

from detectors.units import HOUR_MS

KEPT_PEAKS: Final = 5

_APART_MS: Final = 12 * HOUR_MS
"""Peaks nearer to each other than this are one, the higher."""


class PastPeaks:
    """Mentions per clock hour, and the highest of these hours.

    >>> peaks = PastPeaks()
    >>> for hour, mentions in enumerate([3, 50, 4] + [2] * 20 + [9, 1]):
    ...     peaks.count(hour * HOUR_MS, mentions, calm=True)
    >>> [(hour_ms // HOUR_MS, mentions) for hour_ms, mentions in peaks.before(30 * HOUR_MS)]
    [(1, 50), (23, 9)]
    """

    def __init__(self) -> None:
        self._hour_ms = -1
        self._mentions = 0
        self._deferred = (-1, 0)
        self._highest: list[tuple[int, int]] = []

    def count(self, start_ms: int, mentions: int, *, calm: bool) -> None:
        """Add a closed bucket, in order of time.

        Parameters
        ----------
        start_ms, mentions
            The bucket.
        calm
            Whether no incident is open. The hours of an incident become past peaks only after its end.
        """
        hour_ms = start_ms - start_ms % HOUR_MS
        if hour_ms != self._hour_ms:
            self._deferred = max(self._deferred, (self._hour_ms, self._mentions), key=itemgetter(1))
            self._hour_ms, self._mentions = hour_ms, 0
        self._mentions += mentions
        if calm and self._deferred[1]:
            self._keep(*self._deferred)
            self._deferred = (-1, 0)

    def before(self, at_ms: int) -> list[tuple[int, int]]:
        """Return ``(hour, mentions)`` of the highest peaks whose hour had ended at a moment, the highest first."""
        return [peak for peak in self._highest if peak[0] + HOUR_MS <= at_ms]

    def _keep(self, hour_ms: int, mentions: int) -> None:
        near = [peak for peak in self._highest if abs(peak[0] - hour_ms) < _APART_MS]
        if any(peak[1] >= mentions for peak in near):
            return
        peaks = [peak for peak in self._highest if peak not in near]
        peaks.append((hour_ms, mentions))
        self._highest = sorted(peaks, key=lambda peak: (-peak[1], peak[0]))[:KEPT_PEAKS]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [self._hour_ms, self._mentions, self._deferred, self._highest]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._hour_ms, self._mentions, (deferred_ms, deferred), highest = values
        self._deferred = (deferred_ms, deferred)
        self._highest = [(hour_ms, mentions) for hour_ms, mentions in highest]
