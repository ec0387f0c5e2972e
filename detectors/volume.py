"""More mentions than the brand's own level and its own past extremes explain."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from detectors.base import Bucket, Detector, Score
from detectors.extremes import Extremes
from detectors.level import HOUR_MS, Level
from detectors.packing import pack, unpack
from detectors.parameters import within
from detectors.refractory import Refractory

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION: Final = 1

_HALF_LIVES_HOURS: Final = (5 / 60, 25 / 60, 2.0, 12.0)
"""From a default bucket to half a day in about equal ratios: a crisis is a spike or, more often, a surge that lasts."""

_SPAN_HOURS: Final = tuple(2 * half_life / math.log(2) for half_life in _HALF_LIVES_HOURS)
"""A Poisson rate smoothed with a half-life has the variance of a plain mean over this span: ``rate / span``."""

_BURSTINESS: Final = 0.25
"""Spread of the rate itself beside the Poisson noise, as a share of the level. Only where the logarithm bends depends
on it."""

_PRIOR_MEAN: Final = (1.8, 1.5, 1.0, 0.7)
_PRIOR_SPREAD: Final = (0.5, 0.5, 0.5, 0.5)
"""Daily maxima of the heights before any were seen: about the middle between simulated Poisson counts with a daily
rhythm and bursty brands of the Numenta benchmark."""

_DOUBT: Final = 1.0
_DOUBT_HOURS: Final = 24.0
"""Variance of the logarithm of a level that was seen for no time, falling to 0 over a day: between night and day a rate
changes by a factor of e or more, and with less than a day nobody knows which of the two was seen."""


class Volume(Detector):
    """Counts against the brand's level, at several horizons, on the scale of its own extremes.

    The surplus of each bucket over the level (`Level`) is smoothed exponentially at four half-lives from five minutes
    to twelve hours. Each smoothed surplus is divided by its noise, ``0.25 * level + sqrt(level / span + 1 / span**2)``,
    and enters as ``log(1 + x)``, its height. The four heights, each standardised against its own daily maxima of the
    last two weeks, give a return period (`Extremes`).

    Time counts by its length, never by the number of buckets, so any bucket length from a minute to an hour gives
    nearly the same scores. A bucket that is still open is scored as if nothing more came in it: its score can only rise
    until it closes. Where there is no data (a jump in time, `coverage` 0) nothing is learned, and what was smoothed
    fades.

    Parameters
    ----------
    once_in_days
        A surge that happens this rarely by chance, or more rarely, is anomalous; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    usual_posts_per_day
        The brand's level, if it is known beforehand: it can then be judged from its first bucket. Otherwise it is
        `cold_start` until `Level.ready`.

    Notes
    -----
    `value` is the reduced Gumbel variate over that of `once_in_days`: at 2 the surge is about as rare as once in
    ``once_in_days**2`` days. `upper` is the count at which the shortest horizon alone reaches the threshold. What the
    longer horizons make of the buckets before can lower or raise that for the bucket at hand: `upper` is moved to
    `observed` where it would contradict `value`.

    The snapshot takes 620 bytes.

    Examples
    --------
    >>> detector = Volume(usual_posts_per_day=240)
    >>> calm, stormy = (Bucket(start_ms=0, length_ms=300_000, count=count) for count in (1, 40))
    >>> detector.score_one(calm).fires, detector.score_one(stormy).fires
    (False, True)
    """

    kind: ClassVar[str] = "volume"
    unit: ClassVar[str] = "mentions per bucket"
    aspect: ClassVar[Literal["attention", "tone"]] = "attention"

    def __init__(
        self, *, once_in_days: float = 7.0, refractory_hours: float = 24.0, usual_posts_per_day: float | None = None
    ) -> None:
        within("once_in_days", once_in_days, 2, 3650)
        within("refractory_hours", refractory_hours, 0, 720)
        if usual_posts_per_day is not None:
            within("usual_posts_per_day", usual_posts_per_day, 0.001, 1e9)
        self._level = Level(usual_posts_per_day)
        self._extremes = Extremes(_PRIOR_MEAN, _PRIOR_SPREAD, once_in_days)
        self._refractory = Refractory(refractory_hours)
        self._end_ms = -1
        self._surplus = [0.0] * len(_HALF_LIVES_HOURS)
        self._noise = self._noises()
        self._extremes.judge(self._doubt())

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        surplus, heights = self._smoothed(bucket)
        value = self._extremes.value(heights)
        hours = bucket.length_ms / HOUR_MS
        count = bucket.count
        expected = self._level.per_hour * bucket.coverage * hours
        upper = expected + self._noise[0] * hours * math.expm1(self._extremes.bounds[0])
        if value < 1:
            return Score(value, count, expected, 0.0, max(upper, count), "up" if count > expected else "down")
        suppressed = self._refractory.suppresses(bucket.start_ms, value) if self._level.ready else "cold_start"
        reason = self._reason(surplus, heights, value)
        return Score(value, count, expected, 0.0, min(upper, count), "up", reason, suppressed)

    def _learn(self, bucket: Bucket) -> None:
        self._surplus, heights = self._smoothed(bucket)
        hours = bucket.length_ms / HOUR_MS
        self._end_ms = max(self._end_ms, bucket.start_ms + bucket.length_ms)
        level, extremes = self._level, self._extremes
        day_over = False
        if level.ready:
            value = extremes.value(heights)
            if value >= 1:
                self._refractory.learn(bucket.start_ms, value)
            day_over = extremes.learn(heights, hours)
        known_hours = level.hours
        level.learn(bucket.count, hours * bucket.coverage)
        self._noise = self._noises()
        if day_over or min(known_hours, level.hours) < _DOUBT_HOURS:
            extremes.judge(self._doubt())

    def snapshot(self) -> bytes:
        """All that was learned, as compact versioned bytes without parameters."""
        return pack(self.kind, _VERSION, self._dump())

    def restore(self, snapshot: bytes) -> Self:
        """Take over what `snapshot` holds."""
        values = iter(unpack(self.kind, _VERSION, len(self._dump()), snapshot))
        self._end_ms = int(next(values))
        self._surplus = [next(values) for _ in _HALF_LIVES_HOURS]
        self._level.load(values)
        self._refractory.load(values)
        self._extremes.load(values)
        self._noise = self._noises()
        self._extremes.judge(self._doubt())
        return self

    def _dump(self) -> tuple[float, ...]:
        return (self._end_ms, *self._surplus, *self._level.dump(), *self._refractory.dump(), *self._extremes.dump())

    def _smoothed(self, bucket: Bucket) -> tuple[list[float], list[float]]:
        """Smoothed surplus in mentions an hour, and height, of each horizon at the end of the bucket."""
        hours = bucket.length_ms / HOUR_MS
        fresh = bucket.count / hours - self._level.per_hour * bucket.coverage
        before: Sequence[float] = self._surplus
        if bucket.start_ms > self._end_ms >= 0:
            before = [old * kept for old, kept in zip(before, _kept(bucket.start_ms - self._end_ms), strict=True)]
        surplus = [fresh + kept * (old - fresh) for old, kept in zip(before, _kept(bucket.length_ms), strict=True)]
        return surplus, [math.log1p(x / noise) if x > 0 else 0.0 for x, noise in zip(surplus, self._noise, strict=True)]

    def _noises(self) -> list[float]:
        level = self._level.per_hour
        return [_BURSTINESS * level + math.sqrt(level * span + 1) / span for span in _SPAN_HOURS]

    def _doubt(self) -> float:
        return _DOUBT * max(0.0, 1 - self._level.hours / _DOUBT_HOURS)

    def _reason(self, surplus: Sequence[float], heights: Sequence[float], value: float) -> str:
        horizon = max(range(len(heights)), key=lambda index: heights[index])
        level = self._level.per_hour
        return (
            f"{level + surplus[horizon]:.3g} mentions an hour (fading over {_HALF_LIVES_HOURS[horizon] * 60:.0f} min) "
            f"against a usual {level:.3g}: as rare as once in {self._extremes.days(value)}"
        )


@lru_cache(maxsize=64)
def _kept(span_ms: int) -> tuple[float, ...]:
    """What is left of each smoothed surplus after a span of time."""
    return tuple(0.5 ** (span_ms / HOUR_MS / half_life) for half_life in _HALF_LIVES_HOURS)
