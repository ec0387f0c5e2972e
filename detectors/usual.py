"""How many mentions a brand usually gets at this hour: its level times its rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.level import Level
from detectors.rhythm import Rhythm
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.base import Bucket


class Usual:
    """Expected mentions an hour.

    Parameters
    ----------
    usual_posts_per_day
        As for `Level`.

    Attributes
    ----------
    level
        What the rate is on average over the week.

    Examples
    --------
    >>> Usual(usual_posts_per_day=48).per_hour(start_ms=0, length_ms=300_000)
    2.0
    """

    __slots__ = ("_factor", "_factor_of", "_rhythm", "level")

    def __init__(self, usual_posts_per_day: float | None) -> None:
        self.level = Level(usual_posts_per_day)
        self._rhythm = Rhythm()
        self._factor = 1.0
        self._factor_of = (-1, -1)

    def per_hour(self, start_ms: int, length_ms: int) -> float:
        """Mentions an hour in a span of time."""
        return self.level.per_hour * self._factor_at(start_ms, length_ms)

    def learn(self, bucket: Bucket) -> None:
        """Take in a closed bucket. The level learns what the count would be at an average hour."""
        level = self.level
        hours = bucket.length_ms / HOUR_MS * bucket.coverage
        factor = self._factor_at(bucket.start_ms, bucket.length_ms)
        if level.ready:
            self._rhythm.learn(bucket.start_ms, bucket.count, level.per_hour * hours)
            self._forget()
        level.learn(bucket.count / factor, hours)

    def dump(self) -> tuple[float, ...]:
        """The state as numbers."""
        return *self.level.dump(), *self._rhythm.dump()

    def load(self, values: Iterator[float]) -> None:
        """Take the numbers that `dump` gave."""
        self.level.load(values)
        self._rhythm.load(values)
        self._forget()

    def _factor_at(self, start_ms: int, length_ms: int) -> float:
        if self._factor_of != (start_ms, length_ms):
            self._factor, self._factor_of = self._rhythm.factor(start_ms, length_ms), (start_ms, length_ms)
        return self._factor

    def _forget(self) -> None:
        """The rhythm may have changed."""
        self._factor_of = (-1, -1)
