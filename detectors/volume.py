"""Detector of more (or fewer) mentions than the brand's own level and past extremes explain."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Self

from detectors.base import Aspect, Bucket, Condition, Detector, Direction, Explanation, Measure, Score
from detectors.decay import remaining
from detectors.expected_rate import ExpectedRate
from detectors.extremes import Extremes
from detectors.latest_reading import LatestReading
from detectors.magnitude import demanding, times_usual
from detectors.packing import pack, unpack
from detectors.parameters import AT_LEAST_TIMES, one_of, within
from detectors.reasons import Reason, window_hours
from detectors.refractory import Refractory
from detectors.units import HOUR_MS, MENTIONS_PER_BUCKET

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION: Final = 2

_HALF_LIVES_HOURS: Final = (5 / 60, 25 / 60, 2.0, 12.0)
"""From a default bucket to half a day in about equal ratios: a crisis is a spike or, more often, a lasting surge."""

_SPAN_HOURS: Final = tuple(2 * half_life / math.log(2) for half_life in _HALF_LIVES_HOURS)
"""A Poisson rate smoothed with a half-life has the variance of a plain mean over this span: ``rate / span``."""

_BURSTINESS: Final = 0.25
"""Spread of the rate itself besides Poisson noise, as a share of the level. Only the bend of the logarithm depends on
it."""

_PRIOR_MEAN: Final = (1.8, 1.5, 1.0, 0.7)
_PRIOR_SPREAD: Final = (0.5, 0.5, 0.5, 0.5)
"""Prior of the daily maxima of the heights: about the middle between simulated Poisson counts with a daily
rhythm and bursty brands of the Numenta benchmark."""

_FALL_MEAN: Final = (0.8, 0.8, 0.6, 0.4)
_FALL_SPREAD: Final = (0.3, 0.3, 0.3, 0.3)
"""The same of falls, whose height is at most ``log(1 + 1 / 0.25)``, 1.6: about the middle of simulated counts of
20 to 20,000 a day and of the recorded ones."""

WAYS: Final = ("up", "down", "both")

_UNCERTAINTY: Final = 1.0
_UNCERTAIN_HOURS: Final = 24.0
"""Additional variance of the logarithm of a level without any observation, falling to 0 over a day: between night and
day a rate changes by a factor of e or more, and less than a day does not show which of the two was observed."""


class Volume(Detector):
    """Counts compared with the expected ones at this hour, at several horizons, on the scale of the brand's own
    extremes.

    The expected rate is the brand's level times its daily and weekly rhythm (`ExpectedRate`). The surplus of each
    bucket is smoothed exponentially at four half-lives from five minutes to twelve hours. Each smoothed surplus is
    divided by its noise, ``0.25 * usual + sqrt(usual / span + 1 / span**2)``, and enters as ``log(1 + x)``, its height.
    The four heights, each standardised against its own daily maxima of the last two weeks, give a return period
    (`Extremes`).

    Time counts by its length, never by the number of buckets, so any bucket length from a minute to an hour gives
    nearly the same scores. An open bucket is scored as if it got no more mentions: its score for a rise can only grow
    until it closes, and a fall is scored when it has closed. Without data (a jump in time, `coverage` 0) nothing is
    learned, and the smoothed surpluses fade.

    Parameters
    ----------
    once_in_days
        A surge that happens this rarely by chance, or more rarely, is anomalous; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    at_least_times
        A surge to less than so many times the usual at every horizon is not anomalous, however rare; nor is a fall if
        the usual is less than so many times the observed. 1 (the default: any) to 100.
    direction
        Direction of an anomaly: ``up``, ``down`` (a brand falls silent while its sources deliver), or ``both``.
    usual_posts_per_day
        The brand's level, if it is known beforehand: it can then be scored from its first bucket. Otherwise it is
        `cold_start` until `Level.ready`, unless the jump is absurd.

    Notes
    -----
    `value` is the reduced Gumbel variate over that of `once_in_days`: at 2 the surge is about as rare as once in
    ``once_in_days**2`` days. `upper` is the count at which the shortest horizon alone reaches the threshold. The longer
    horizons and the buckets before can lower or raise that for the present bucket: `upper` is moved to `observed` where
    it would contradict `value`, and so is `lower`.

    The snapshot takes 1,196 bytes, and 496 more where falls are watched.

    Examples
    --------
    >>> detector = Volume(usual_posts_per_day=240)
    >>> calm, stormy = (Bucket(start_ms=0, length_ms=300_000, count=count) for count in (1, 40))
    >>> detector.score_one(calm).fires, detector.score_one(stormy).fires
    (False, True)
    """

    kind: ClassVar[str] = "volume"
    unit: ClassVar[str] = MENTIONS_PER_BUCKET
    aspect: ClassVar[Aspect] = "attention"

    def __init__(
        self,
        *,
        once_in_days: float = 7.0,
        refractory_hours: float = 24.0,
        at_least_times: float = 1.0,
        direction: str = "up",
        usual_posts_per_day: float | None = None,
    ) -> None:
        one_of("direction", direction, WAYS)
        self._at_least = within("at_least_times", at_least_times, *AT_LEAST_TIMES)
        self._usual = self.usual_rate = ExpectedRate(usual_posts_per_day)
        self._watches_rises = direction != "down"
        self._rises = Extremes(_PRIOR_MEAN, _PRIOR_SPREAD, once_in_days)
        self._falls = Extremes(_FALL_MEAN, _FALL_SPREAD, once_in_days) if direction != "up" else None
        self._refractory = Refractory(refractory_hours)
        self._end_ms = -1
        self._surplus = [0.0] * len(_HALF_LIVES_HOURS)
        self._latest = LatestReading(self._read)
        self._refit()

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        reading = self._latest.of(bucket)
        hours = bucket.length_ms / HOUR_MS
        count, value = bucket.count, reading.value
        expected = reading.per_hour * bucket.coverage * hours
        noise = reading.noises[0] * hours
        upper = expected + noise * math.expm1(self._rises.bounds[0])
        lower = 0.0 if self._falls is None else max(0.0, expected - noise * math.expm1(self._falls.bounds[0]))
        if value < 1:
            direction: Direction = "up" if count > expected else "down"
            return Score(value, count, expected, min(lower, count), max(upper, count), direction)
        suppressed = self._usual.level.suppresses(value) or self._refractory.suppresses(bucket.start_ms, value)
        reason = self._reason(reading)
        if reading.rising:
            return Score(value, count, expected, min(lower, expected), min(upper, count), "up", reason, suppressed)
        # the present bucket may have more mentions than usual while the hours before were too quiet
        return Score(
            value, count, max(expected, count), max(lower, count), max(upper, count), "down", reason, suppressed
        )

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it."""
        reading = self._latest.of(bucket)
        per_hour, value = reading.per_hour, reading.value
        if reading.rising or self._falls is None:
            extremes, sign = self._rises, 1
            rarity = extremes.value(reading.heights) if self._watches_rises else 0.0
            times = times_usual(per_hour + max(reading.surplus), per_hour)
        else:
            extremes, sign = self._falls, -1
            rarity = extremes.value(reading.depths)
            times = times_usual(per_hour, per_hour + min(reading.surplus))
        measures = [
            Measure(
                "mentions per hour", half_life, max(0.0, per_hour + surplus), per_hour,
                max(0.0, per_hour + sign * noise * math.expm1(bound)),
            )
            for half_life, surplus, noise, bound in zip(
                _HALF_LIVES_HOURS, reading.surplus, reading.noises, extremes.bounds, strict=True
            )
        ]  # fmt: skip
        conditions = [Condition.at_least("rarity", rarity, 1.0)]
        if self._at_least > 1:
            conditions.append(Condition.at_least("size", times, self._at_least))
        conditions += [self._usual.level.condition(value), self._refractory.condition(bucket.start_ms, value)]
        return Explanation(self.score_one(bucket), measures, conditions)

    def _learn(self, bucket: Bucket) -> None:
        reading = self._latest.of(bucket)
        self._latest.forget()
        self._surplus = reading.surplus
        self._end_ms = max(self._end_ms, bucket.start_ms + bucket.length_ms)
        level, value = self._usual.level, reading.value
        if value >= 1 and level.suppresses(value) is None:
            self._refractory.learn(bucket.start_ms, value)
        day_over = False
        if level.ready:
            hours = bucket.length_ms / HOUR_MS
            day_over = self._rises.learn(reading.heights, hours)
            if self._falls is not None:
                self._falls.learn(reading.depths, hours)
        known_hours = level.hours
        self._usual.learn(bucket)
        if day_over or min(known_hours, level.hours) < _UNCERTAIN_HOURS:
            self._refit()

    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""
        return pack(self.kind, _VERSION, (*self._dump(), *(self._falls.dump() if self._falls is not None else ())))

    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot; falls that it does not include are learned from nothing."""
        size = len(self._dump())
        values = iter(unpack(self.kind, _VERSION, (size, size + len(self._rises.dump())), snapshot))
        self._end_ms = int(next(values))
        self._surplus = list(islice(values, len(self._surplus)))
        self._usual.load(values)
        self._refractory.load(values)
        self._rises.load(values)
        falls = tuple(values)
        if self._falls is not None and falls:
            self._falls.load(iter(falls))
        self._latest.forget()
        self._refit()
        return self

    def _dump(self) -> tuple[float, ...]:
        return self._end_ms, *self._surplus, *self._usual.dump(), *self._refractory.dump(), *self._rises.dump()

    def _refit(self) -> None:
        uncertainty = _UNCERTAINTY * max(0.0, 1 - self._usual.level.hours / _UNCERTAIN_HOURS)
        self._rises.refit(uncertainty)
        if self._falls is not None:
            self._falls.refit(uncertainty)

    def _read(self, bucket: Bucket) -> _VolumeReading:
        per_hour = self._usual.per_hour(bucket.start_ms, bucket.length_ms)
        fresh = bucket.count / (bucket.length_ms / HOUR_MS) - per_hour * bucket.coverage
        before: Sequence[float] = self._surplus
        if bucket.start_ms > self._end_ms >= 0:
            gap = remaining(bucket.start_ms - self._end_ms, _HALF_LIVES_HOURS)
            before = [old * left for old, left in zip(before, gap, strict=True)]
        lefts = remaining(bucket.length_ms, _HALF_LIVES_HOURS)
        surplus, noises, heights = [], [], []
        burstiness = _BURSTINESS * per_hour
        for old, left, span in zip(before, lefts, _SPAN_HOURS, strict=True):
            x = fresh + left * (old - fresh)
            noise = burstiness + math.sqrt(per_hour * span + 1) / span
            surplus.append(x)
            noises.append(noise)
            heights.append(math.log1p(x / noise) if x > 0 else 0.0)
        value = self._rises.value(heights) if self._watches_rises else 0.0
        if self._at_least > 1:
            value = demanding(value, times_usual(per_hour + max(surplus), per_hour), self._at_least)
        depths: Sequence[float] = ()
        rising = True
        if self._falls is not None:
            depths = [math.log1p(-x / noise) if x < 0 else 0.0 for x, noise in zip(surplus, noises, strict=True)]
            fall = 0.0 if bucket.is_open else self._falls.value(depths)
            if self._at_least > 1:
                fall = demanding(fall, times_usual(per_hour, per_hour + min(surplus)), self._at_least)
            if fall > value:
                value, rising = fall, False
        return _VolumeReading(per_hour, noises, surplus, heights, depths, value, rising)

    def _reason(self, reading: _VolumeReading) -> Reason:
        heights = reading.heights if reading.rising else reading.depths
        extremes = self._rises if reading.rising or self._falls is None else self._falls
        horizon = max(range(len(heights)), key=lambda index: heights[index])
        return Reason(
            "rate",
            {
                "per_hour": max(0.0, reading.per_hour + reading.surplus[horizon]),
                "usual": reading.per_hour,
                "hours": window_hours(_HALF_LIVES_HOURS[horizon]),
                "once_in_days": extremes.days(reading.value),
            },
        )


class _VolumeReading(NamedTuple):
    """Intermediate results for a bucket: expected rate, then noise and smoothed surplus of each horizon in mentions per
    hour, and the heights of rises and of falls."""

    per_hour: float
    noises: list[float]
    surplus: list[float]
    heights: list[float]
    depths: Sequence[float]
    value: float
    rising: bool
