"""The level of a brand: its usual mentions per hour, and whether enough was observed to rely on it.

The level is the mean of a Gamma posterior over a Poisson rate whose evidence fades: mentions `a` over hours `b`, both
discounted, so that ``a / b`` is a running mean at first and an exponentially weighted one later (West & Harrison,
*Bayesian Forecasting and Dynamic Models*, 2nd ed., 1997, section 10.8: discounted conjugate updating).
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from detectors.base import Condition
from detectors.parameters import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.base import Suppression


MEMORY_HOURS: Final = 72.0
"""Half-life of the level: long against a day and night, short against the growth of a brand. Between two and seven days
it hardly matters."""

_PRIOR_HOURS: Final = 48.0
"""Hours of observation that a stated ``usual_posts_per_day`` counts for."""

_SMOOTH_HOURS: Final = 4.0
_CLIP_FACTOR: Final = 2.0
_CLIP_PER_HOUR: Final = 0.5
"""The level learns the rate smoothed with a half-life of four hours, clipped at ``2 * level + 0.5``: a day of crisis
must not become the new normal, while single mentions of a brand with two a day stay below the bound after smoothing."""

_NEW_MENTIONS: Final = 100
"""Until a brand is ready, its level is the rate over about this many latest mentions, so that nothing is learned from
the time before it was really collected."""

_BUSY_PER_HOUR: Final = 2.0
_BUSY_MENTIONS: Final = 30.0
_BUSY_HOURS: Final = 6.0
"""A brand with 48 mentions a day is ready after the first 30 or so and another six hours: a jump then stands out from
the noise."""

_ABSURD_HOURS: Final = 2.0
_ABSURD: Final = 2.0
"""A busy brand observed for two hours is suppressed below a score of 2, whose return period is the square of the
configured one, in addition to the uncertainty of a level so young. Some hundred times the usual mentions for half an
hour reach it."""

_QUIET_HOURS: Final = 168.0
_QUIET_MENTIONS: Final = 12.0
"""Any other brand needs a full week and a dozen mentions: a stream of stray mentions that begins to be collected in
earnest looks exactly like a firestorm."""


class Level:
    """Usual mentions per hour of one brand.

    Parameters
    ----------
    usual_posts_per_day
        The level if it is known beforehand, which makes the brand ready from the start; None if it is unknown.

    Attributes
    ----------
    per_hour
        The level; 0 before anything was observed.
    hours
        Effective hours of observation behind it, at most ``MEMORY_HOURS / ln 2``.
    ready
        Whether the level can be relied on.

    Examples
    --------
    >>> level = Level(None)
    >>> for _ in range(24):
    ...     level.learn(3, 1.0)
    >>> level.ready, round(level.per_hour, 1)
    (True, 3.0)
    """

    __slots__ = ("_busy_hours", "_mentions", "_observed_hours", "_recent_per_hour", "hours", "per_hour", "ready")

    def __init__(self, usual_posts_per_day: float | None) -> None:
        if usual_posts_per_day is not None:
            within("usual_posts_per_day", usual_posts_per_day, 0.001, 1e9)
        self.ready = usual_posts_per_day is not None
        self.hours = _PRIOR_HOURS if usual_posts_per_day is not None else 0.0
        self._mentions = (usual_posts_per_day or 0.0) / 24 * self.hours
        self._observed_hours = 0.0
        self._busy_hours = -1.0
        self.per_hour = self._mentions / self.hours if self.hours else 0.0
        self._recent_per_hour = self.per_hour

    def suppresses(self, value: float) -> Suppression | None:
        """Return why a value of 1 or more can't be relied on yet; None if it can."""
        if self.ready or (self._busy_hours >= _ABSURD_HOURS and value >= _ABSURD):
            return None
        return "cold_start"

    def condition(self, value: float | None = None) -> Condition:
        """Return the condition by which `suppresses` decides of a value; without one, that the level is ready."""
        met = self.ready if value is None else self.suppresses(value) is None
        if self.ready:
            return Condition("history", self.hours, 0.0, met, "cold_start")
        if self._busy_hours >= 0:
            return Condition("history", self._busy_hours, _BUSY_HOURS, met, "cold_start")
        if self._observed_hours >= _QUIET_HOURS:
            return Condition("known_mentions", self._mentions, _QUIET_MENTIONS, met, "cold_start")
        return Condition("history", self._observed_hours, _QUIET_HOURS, met, "cold_start")

    def learn(self, count: float, hours: float) -> None:
        """Learn `count` mentions over `hours` of full observation."""
        if self.ready:
            renewed, kept, fresh = _by_hours(hours)
            self._recent_per_hour += renewed * (count / hours - self._recent_per_hour)
            count = min(self._recent_per_hour, _CLIP_FACTOR * self.per_hour + _CLIP_PER_HOUR) * hours
        else:
            kept, fresh = _faded(count / _NEW_MENTIONS)
        self._mentions = self._mentions * kept + count * fresh
        self.hours = self.hours * kept + hours * fresh
        self.per_hour = self._mentions / self.hours
        if not self.ready:
            self._recent_per_hour = self.per_hour
            self._ripen(hours)

    def _ripen(self, hours: float) -> None:
        self._observed_hours += hours
        if self._busy_hours >= 0:
            self._busy_hours += hours
        elif self._mentions >= _BUSY_MENTIONS and self.per_hour >= _BUSY_PER_HOUR:
            self._busy_hours = 0.0
        self.ready = self._busy_hours >= _BUSY_HOURS or (
            self._observed_hours >= _QUIET_HOURS and self._mentions >= _QUIET_MENTIONS
        )

    def dump(self) -> tuple[float, ...]:
        """Return the state as numbers."""
        return (
            self._mentions, self.hours, self._recent_per_hour, self._observed_hours, self._busy_hours, self.ready,
        )  # fmt: skip

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned, unless the level is configured and the brand was not
        ready yet."""
        mentions, hours, recent_per_hour, observed_hours, busy_hours, ready = islice(values, 6)
        if self.ready and not ready:
            return
        self._mentions, self.hours, self._recent_per_hour = mentions, hours, recent_per_hour
        self._observed_hours, self._busy_hours = observed_hours, busy_hours
        self.ready = ready != 0
        self.per_hour = self._mentions / self.hours if self.hours else 0.0


@lru_cache(maxsize=256)
def _by_hours(hours: float) -> tuple[float, float, float]:
    """Return the part of the smoothed rate that is renewed over some hours, and `_faded` of the level."""
    return 1 - 0.5 ** (hours / _SMOOTH_HOURS), *_faded(hours / MEMORY_HOURS * math.log(2))


def _faded(faded: float) -> tuple[float, float]:
    """Return the remaining weight of earlier observations, and that of new ones, which fade by their own mean, so that
    a long bucket weighs as much as the short ones it consists of."""
    kept = math.exp(-faded)
    return kept, (1 - kept) / faded if faded > 1e-6 else 1.0
