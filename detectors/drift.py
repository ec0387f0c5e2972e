"""Detector of lasting changes of the level of mentions, as opposed to bursts."""

from __future__ import annotations

import math
from itertools import islice
from typing import ClassVar, Final, NamedTuple, Self

from detectors.base import Aspect, Bucket, Condition, Detector, Direction, Explanation, Measure, Score
from detectors.cusum import DRIFT, Cusum, run_days, threshold
from detectors.level import Level
from detectors.packing import pack, unpack
from detectors.parameters import ONCE_IN_DAYS, within
from detectors.reasons import RAREST_DAYS, Reason, ReasonCode
from detectors.refractory import Refractory
from detectors.units import HOUR_MS

_VERSION: Final = 1

DAY_HOURS: Final = 24.0

_WARM_HOURS: Final = 96.0
"""Four days of learning before the sums start: they include working days, or a weekend and two of them."""

_USUAL_DAYS: Final = 7.0
_SPREAD_DAYS: Final = 14.0
"""Half-lives of the usual hour and of the spread from day to day: a week, and two of them."""

_PRIOR_DAYS: Final = 4.0
"""Weight of the prior spread in days: as many as pass before it is first used."""

_OUTLIER: Final = 3.0
"""Standard deviations beyond which an hour and a day are clipped when learned."""

_RATE_SPREAD: Final = 0.15
"""Prior standard deviation of the rate from day to day, as a share of it."""


class Span(NamedTuple):
    """Counts since the last step of the test, in hours of full observation."""

    hours: float = 0.0
    mentions: float = 0.0
    negative: float = 0.0

    def plus(self, bucket: Bucket) -> Span:
        hours = bucket.length_ms / HOUR_MS * bucket.coverage
        return Span(self.hours + hours, self.mentions + bucket.count, self.negative + bucket.likely_negative)


class Drift(Detector):
    """A change of the brand's level of mentions, up or down, by a robust Cusum-Hinkley test.

    Each hour's count is transformed to a scale on which its noise does not depend on it, and compared with the usual
    value at that hour of the day. The differences, in standard deviations, enter two cumulative sums (`Cusum`). A sum
    that reaches its threshold means that the level has changed since the sum was last 0. The usual values are then
    moved to the level since, and the sums restart at 0: one change fires once.

    An hour adds at most 0.8 to a sum, and a return period of 30 days requires 12: a burst of less than about half a day
    does not fire. An unfinished hour is scored as if it got no more mentions: a rise may fire within it, a fall when it
    is over. Without data nothing happens.

    Parameters
    ----------
    once_in_days
        Return period: a change that noise alone imitates this rarely, or more rarely, is anomalous; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    usual_posts_per_day
        Accepted so that all detectors are built alike. It does not say at what time of day: nothing fires in the first
        four days, and the brand is `cold_start` until `Level.ready`.

    Notes
    -----
    - ``2 * sqrt(x + 3/8)`` of a Poisson count has a variance of about 1 (Anscombe, *Biometrika* 35, 1948).
    - The hours of a day are alike, so what counts for the sum is the standard deviation of means of days times
      ``sqrt(24)``: the method of batch means (Conway, *Management Science* 10, 1963).
    - This is river's `PageHinkley`, standardised, so that its threshold follows from `once_in_days`, and kept in the
      open: what there is to store are numbers. river's ADWIN answers yes or no, the common scale needs a degree.

    `value` is the larger sum over its threshold. `observed` and `expected` are means since that sum was last 0, on the
    scale above and turned back; the bounds are where they would reach the threshold in as many hours.

    The snapshot takes 595 bytes.

    Examples
    --------
    >>> detector = Drift()
    >>> def hour(number, count):
    ...     return Bucket(start_ms=number * HOUR_MS, length_ms=HOUR_MS, count=count)
    >>> for number in range(240):
    ...     detector.learn_one(hour(number, 20 + number % 3))
    >>> fired = []
    >>> for number in range(240, 300):
    ...     if detector.score_one(hour(number, 45)).fires:
    ...         fired.append(number - 240)
    ...     detector.learn_one(hour(number, 45))
    >>> fired
    [14]
    """

    kind: ClassVar[str] = "drift"
    unit: ClassVar[str] = "mentions per hour"
    aspect: ClassVar[Aspect] = "attention"
    score_is_rarity: ClassVar[bool] = False

    _slots: ClassVar[int] = 24
    """Number of times of day with a usual value of their own."""

    _finding: ClassVar[ReasonCode] = "rate_level"

    def __init__(
        self,
        *,
        once_in_days: float = 30.0,
        refractory_hours: float = 24.0,
        usual_posts_per_day: float | None = None,  # noqa: ARG002
    ) -> None:
        within("once_in_days", once_in_days, *ONCE_IN_DAYS)
        self._threshold = threshold(once_in_days)
        self._level = Level(None)
        self._refractory = Refractory(refractory_hours)
        self._span = Span()
        self._up = self._down = Cusum()
        self._usual = [0.0] * self._slots
        self._visits = [0.0] * self._slots
        self._hours = self._day_hours = self._day_sum = 0.0
        self._days = self._squares = 0.0

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        side, sign = self._side(bucket)
        value = side.value / self._threshold
        if not side.hours:
            now = self._back(self._usual[self._slot(bucket)])
            return Score(0.0, now, now, now, now)
        observed, expected = self._back(side.seen / side.hours), self._back(side.usual / side.hours)
        reach = self._spread() * (DRIFT + self._threshold / side.hours)
        lower, upper = (self._back(max(0.0, side.usual / side.hours + way * reach)) for way in (-1, 1))
        direction: Direction = "up" if sign > 0 else "down"
        if value < 1:
            return Score(value, observed, expected, min(lower, observed), max(upper, observed), direction)
        suppressed = self._refractory.suppresses(bucket.start_ms, value) if self._level.ready else "cold_start"
        once_in_days = min(run_days(side.value), RAREST_DAYS)
        facts = {"level": observed, "usual": expected, "hours": side.hours, "once_in_days": once_in_days}
        reason = Reason(self._finding, facts)
        if sign > 0:
            return Score(
                value, observed, expected, min(lower, expected), min(upper, observed), "up", reason, suppressed
            )
        return Score(value, observed, expected, max(lower, observed), upper, "down", reason, suppressed)

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it."""
        score = self.score_one(bucket)
        side, _ = self._side(bucket)
        threshold = score.upper if score.direction == "up" else score.lower
        measures = [Measure(self.unit, side.hours, score.observed, score.expected, threshold)] if side.hours else []
        is_warm = self._is_warm(self._slot(bucket)) or score.value >= 1
        conditions = [
            Condition("learning", self._hours, _WARM_HOURS, is_warm),
            Condition("lasting", side.value, self._threshold, score.value >= 1),
            self._level.condition(),
            self._refractory.condition(bucket.start_ms, score.value),
        ]
        return Explanation(score, measures, conditions)

    def _learn(self, bucket: Bucket) -> None:
        self._level.learn(bucket.count, bucket.length_ms / HOUR_MS * bucket.coverage)
        span = self._span = self._span.plus(bucket)
        slot = self._slot(bucket)
        if not self._is_enough(span):
            return
        complete = self._is_complete(span)
        if self._is_warm(slot):
            up, down = self._stepped(span, slot)
            if complete or up.value >= self._threshold:
                self._span = Span()
                self._up, self._down = up, down
                self._move(bucket.start_ms)
        if complete:
            self._span = Span()
            self._learn_spread(span, slot)
            self._learn_usual(span, slot)

    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""
        return pack(self.kind, _VERSION, self._dump())

    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot."""
        values = iter(unpack(self.kind, _VERSION, (len(self._dump()),), snapshot))
        self._span = Span(*islice(values, 3))
        self._up, self._down = Cusum(*islice(values, 4)), Cusum(*islice(values, 4))
        self._usual = list(islice(values, self._slots))
        self._visits = list(islice(values, self._slots))
        self._hours, self._day_hours, self._day_sum, self._days, self._squares = islice(values, 5)
        self._level.load(values)
        self._refractory.load(values)
        return self

    def _dump(self) -> tuple[float, ...]:
        return (
            *self._span, *self._up, *self._down, *self._usual, *self._visits,
            self._hours, self._day_hours, self._day_sum, self._days, self._squares,
            *self._level.dump(), *self._refractory.dump(),
        )  # fmt: skip

    def _side(self, bucket: Bucket) -> tuple[Cusum, int]:
        """Return the larger sum after a bucket, and 1 if it is that of a rise, -1 if that of a fall."""
        span = self._span.plus(bucket)
        slot = self._slot(bucket)
        up, down = self._up, self._down
        if self._is_warm(slot) and self._is_enough(span):
            after_up, after_down = self._stepped(span, slot)
            up = max(up, after_up)
            if self._is_complete(span) and not bucket.is_open:
                down = max(down, after_down)
        return (up, 1) if up.value >= down.value else (down, -1)

    def _slot(self, bucket: Bucket) -> int:
        return bucket.start_ms // HOUR_MS % self._slots

    def _is_warm(self, slot: int) -> bool:
        return self._hours >= _WARM_HOURS and self._visits[slot] > 0

    def _is_enough(self, span: Span) -> bool:
        """Return whether the span is long enough for a step of the test."""
        return span.hours > 0

    def _is_complete(self, span: Span) -> bool:
        return span.hours >= 1 - 1e-6

    def _stepped(self, span: Span, slot: int) -> tuple[Cusum, Cusum]:
        """Return both sides after the span, which counts as an hour at least."""
        seen, usual, hours = self._value(span), self._usual[slot], max(1.0, span.hours)
        step = (seen - usual) / self._spread()
        return self._up.plus(step, hours, seen, usual), self._down.plus(-step, hours, seen, usual)

    def _move(self, start_ms: int) -> None:
        """Make the level of a side that has reached its threshold the usual one."""
        side = max(self._up, self._down)
        value = side.value / self._threshold
        if value < 1:
            return
        self._refractory.learn(start_ms, value)
        ratio = side.seen / side.usual
        self._usual = [usual * ratio for usual in self._usual]
        self._up = self._down = Cusum()

    def _learn_usual(self, span: Span, slot: int) -> None:
        self._hours += span.hours
        self._visits[slot] += 1
        rate = 1 / self._visits[slot]
        if rate < 1:
            since = max(span.hours, DAY_HOURS) if self._slots > 1 else span.hours
            rate = max(rate, 1 - 0.5 ** (since / DAY_HOURS / _USUAL_DAYS))
        difference = self._value(span) - self._usual[slot]
        if self._hours >= _WARM_HOURS:
            limit = _OUTLIER * self._spread()
            difference = min(max(difference, -limit), limit)
        self._usual[slot] += rate * difference

    def _learn_spread(self, span: Span, slot: int) -> None:
        if not self._visits[slot]:
            return
        self._day_hours += span.hours
        self._day_sum += (self._value(span) - self._usual[slot]) * span.hours
        if self._day_hours < DAY_HOURS - 1e-6:
            return
        square = self._day_sum * self._day_sum / self._day_hours
        kept = 0.5 ** (self._day_hours / DAY_HOURS / _SPREAD_DAYS)
        square = min(square, (_OUTLIER * self._spread()) ** 2)
        self._days, self._squares = self._days * kept + 1, self._squares * kept + square
        self._day_hours = self._day_sum = 0.0

    def _spread(self) -> float:
        """Return the standard deviation of an hour if hours were independent and days varied as they do."""
        return math.sqrt((self._squares + _PRIOR_DAYS * self._prior()) / (self._days + _PRIOR_DAYS))

    def _value(self, span: Span) -> float:
        """Return the quantity of the span on the scale on which its noise does not depend on it."""
        return 2 * math.sqrt(span.mentions / max(1.0, span.hours) + 0.375)

    def _back(self, value: float) -> float:
        """Return the inverse of `_value`."""
        return max(0.0, value * value / 4 - 0.375)

    def _prior(self) -> float:
        """Return the prior of the square of `_spread`: Poisson noise, and that of the rate from day to day."""
        return 1 + DAY_HOURS * _RATE_SPREAD**2 * self._level.per_hour
