"""Sources that state the times of their posts no finer than a minute, an hour or a day.

All posts of an hour then bear the same time, and would be a burst in one bucket. Such posts are spread over the span
that their time stands for; live, they count at the time at which the broker received them, if that is within it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import gcd
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zlib import crc32

from detectors.units import DAY_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SOURCES: Final = 24
"""Sources of one partition whose times are examined. What is known of them is saved with the position, in about 1 kB of
metadata; Kafka allows 4 kB."""

_UNITS: Final = (1440, 720, 360, 60, 30, 15, 10, 5, 1)
"""Resolutions in minutes. Days need not begin at midnight UTC."""

_SURE: Final = 8
"""Different whole minutes in a row after which a source that stated seconds counts as coarse: by chance once in 60**8.
"""

_LIKELY: Final = 2
"""Different times that fit a resolution, from which it is applied."""

_SAME: Final = 2
"""Posts of one time that have the same effect, while the source has not stated any finer time."""

_CONTRADICTION: Final = 4
"""How many fitting times one that does not fit outweighs: a clock change moves one day in a row of dates, a source that
begins to state seconds is recognised with its second post."""

_CROWD: Final = 4
"""Posts of one whole quarter of an hour, and their multiple of the most posts of any other moment, from which they are
coarse although the source states finer times too: feeds with and without times of day in one source."""

_MOST: Final = 1_000


class Resolution(NamedTuple):
    """How finely the time of a post is stated.

    Parameters
    ----------
    ms
        Resolution in milliseconds; 0 if it is finer than a minute, or not known well enough to place the post.
    suspected_ms
        What the resolution may be at the coarsest: more than `ms` for the first post of a source.
    """

    ms: int
    suspected_ms: int


_FINE: Final = Resolution(0, 0)


@dataclass(slots=True)
class _SourceTimes:
    """What is known of the times of one source."""

    last_ms: int = -1
    unit: int = 0
    fits: int = 0
    row: int = 0
    step: int = 0
    same: int = 0
    crowd: int = 1

    def observe(self, ts_ms: int) -> int:
        """Consider the time of the next post, and return its resolution in minutes, 0 if it is finer than a minute."""
        if ts_ms == self.last_ms:
            self.same = min(self.same + 1, _MOST)
            if ts_ms % MINUTE_MS:
                self.crowd = max(self.crowd, self.same)
        else:
            self._consider(ts_ms)
            self.last_ms, self.same = ts_ms, 1
        if ts_ms % MINUTE_MS:
            return 0
        if self.unit and (self.fits >= _LIKELY or self.same >= _SAME):
            return self.unit
        crowded = self.same >= _CROWD * self.crowd and not ts_ms % (15 * MINUTE_MS)
        return 0 if not crowded else 60 if ts_ms % DAY_MS else 1440

    def _consider(self, ts_ms: int) -> None:
        """Update the resolution by a time other than the last."""
        if ts_ms % MINUTE_MS:
            self.row = self.step = 0
            self._contradict(0)
            if self.last_ms < 0:
                self.unit = 0
            return
        if self.last_ms < 0:  # a date in some zone, or a time of day
            self.unit = _UNITS[-1] if ts_ms % (15 * MINUTE_MS) else _UNITS[0]
            self.fits = 1
            return
        apart = abs(ts_ms - self.last_ms) // MINUTE_MS
        if self.unit:
            if apart % self.unit:
                self._contradict(_unit(gcd(apart, self.unit)))
            else:
                self.fits = min(self.fits + 1, _SURE)
            return
        self.row, self.step = self.row + 1, gcd(self.step, apart) if self.row else 0
        if self.row >= _SURE:
            self.unit, self.fits = _unit(self.step), _SURE

    def _contradict(self, unit: int) -> None:
        self.fits -= _CONTRADICTION
        if self.fits <= 0:
            self.unit, self.fits = unit, _LIKELY if unit else 0


def _unit(minutes: int) -> int:
    return next(unit for unit in _UNITS if minutes % unit == 0)


class Resolutions:
    """The resolutions of the times of the sources of one partition.

    Parameters
    ----------
    saved
        What `dump` returned.

    Examples
    --------
    >>> resolutions = Resolutions()
    >>> [resolutions.observe("news", hour * 3_600_000).ms // 60_000 for hour in (0, 1, 2, 4)]
    [0, 60, 60, 60]
    """

    def __init__(self, saved: Sequence[Sequence[int]] = ()) -> None:
        self._times = {key: _SourceTimes(*values) for key, *values in saved}

    def observe(self, source: str, ts_ms: int) -> Resolution:
        """Consider the next post of a source.

        Parameters
        ----------
        source
            Source of the post.
        ts_ms
            Event time that the post states.

        Returns
        -------
        Resolution
            Resolution of that time.
        """
        key = crc32(source.encode())
        times = self._times.get(key)
        if times is None:
            if len(self._times) >= MAX_SOURCES:
                return _FINE
            times = self._times[key] = _SourceTimes()
        return Resolution(times.observe(ts_ms) * MINUTE_MS, times.unit * MINUTE_MS)

    def dump(self) -> list[list[Any]]:
        """Return the state as plain values for JSON."""
        return [[key, *astuple(times)] for key, times in self._times.items()]


def described(resolution_ms: int) -> str:
    """Return the name of a resolution.

    >>> [described(minutes * 60_000) for minutes in (1, 30, 60, 360, 1440)]
    ['whole minutes', '30 minutes', 'whole hours', '6 hours', 'whole days']
    """
    minutes = resolution_ms // MINUTE_MS
    whole = {1: "whole minutes", 60: "whole hours", 1440: "whole days"}
    return whole.get(minutes) or (f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} hours")


def placed(ts_ms: int, resolution_ms: int, broker_ms: int, post: str) -> int:
    """Return the event time at which a post counts whose time is coarse.

    Parameters
    ----------
    ts_ms
        Event time that the post states: the start of a span.
    resolution_ms
        Length of the span.
    broker_ms
        When the broker received the post.
    post
        Source and id of the post, which decide where in the span it counts.

    Examples
    --------
    >>> placed(3_600_000, 3_600_000, 5_000_000, "news:1")  # received within the hour
    5000000
    >>> 3_600_000 <= placed(3_600_000, 3_600_000, 10**12, "news:1") < 7_200_000
    True
    """
    if broker_ms < ts_ms + resolution_ms:
        return max(ts_ms, broker_ms)
    return ts_ms + (crc32(post.encode()) * resolution_ms >> 32)
