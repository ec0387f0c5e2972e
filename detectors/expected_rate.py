"""The expected rate of a brand at an hour: its level times its rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.level import Level
from detectors.rhythm import Rhythm
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.base import Bucket


class ExpectedRate:
    """Expected mentions per hour.

    Parameters
    ----------
    usual_posts_per_day
        As for `Level`.

    Attributes
    ----------
    level
        The average rate over the week.

    Examples
    --------
    >>> ExpectedRate(usual_posts_per_day=48).per_hour(start_ms=0, length_ms=300_000)
    2.0
    """

    __slots__ = ("_factor", "_factor_of", "_rhythm", "level")

    def __init__(self, usual_posts_per_day: float | None) -> None:
        self.level = Level(usual_posts_per_day)
        self._rhythm = Rhythm()
        self._factor = 1.0
        self._factor_of = (-1, -1)

    def per_hour(self, start_ms: int, length_ms: int) -> float:
        """Return the expected mentions per hour in a span of time."""
        return self.level.per_hour * self._factor_at(start_ms, length_ms)

    def count(self, bucket: Bucket) -> float | None:
        """Return the expected number of mentions in the span of a bucket if all sources deliver; None while the level
        can't be relied on."""
        if not self.level.ready:
            return None
        return self.per_hour(bucket.start_ms, bucket.length_ms) * bucket.length_ms / HOUR_MS

    def learn(self, bucket: Bucket) -> None:
        """Learn a closed bucket. The level learns the count that an average hour would have."""
        level = self.level
        hours = bucket.length_ms / HOUR_MS * bucket.coverage
        factor = self._factor_at(bucket.start_ms, bucket.length_ms)
        if level.ready:
            self._rhythm.learn(bucket.start_ms, bucket.count, level.per_hour * hours)
            self._forget()
        level.learn(bucket.count / factor, hours)

    def dump(self) -> tuple[float, ...]:
        """Return the state as numbers."""
        return *self.level.dump(), *self._rhythm.dump()

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned."""
        self.level.load(values)
        self._rhythm.load(values)
        self._forget()

    def _factor_at(self, start_ms: int, length_ms: int) -> float:
        if self._factor_of != (start_ms, length_ms):
            self._factor, self._factor_of = self._rhythm.factor(start_ms, length_ms), (start_ms, length_ms)
        return self._factor

    def _forget(self) -> None:
        """Drop the cached factor, because the rhythm may have changed."""
        self._factor_of = (-1, -1)
