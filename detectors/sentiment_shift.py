"""Detector of a larger share of negative mentions than usual for the brand, whatever their number."""

from __future__ import annotations

import math
from typing import ClassVar, Final, NamedTuple, Self

from detectors.base import Aspect, Bucket, Condition, Detector, Explanation, Measure, Score
from detectors.decay import elapsed_ms, remaining
from detectors.extremes import Extremes
from detectors.latest_reading import LatestReading
from detectors.level import Level
from detectors.magnitude import demanding, times_usual
from detectors.packing import pack, unpack
from detectors.parameters import AT_LEAST_TIMES, within
from detectors.reasons import Reason, window_hours
from detectors.refractory import Refractory
from detectors.shares import NEGATIVE, Shares
from detectors.units import HOUR_MS, NEGATIVE_SHARE

_VERSION: Final = 1

_HALF_LIVES_HOURS: Final = (1.0, 6.0)
"""A sudden shift, and one that takes an afternoon."""

_PRIOR_MEAN: Final = (1.42, 0.56)
_PRIOR_SPREAD: Final = (0.61, 0.83)
"""Moments of the largest of 8 and of 2 normal deviates (Tippett, *Biometrika* 17, 1925): the numbers of spans of ``2 *
half_life / ln 2`` in a day."""

_SIGNIFICANT: Final = 3.0
"""Standard errors that a surplus needs in any case, so that a brand with few mentions does not fire at its own tiny
extremes."""

_SHRINKAGE_MENTIONS: Final = 20.0
"""Fictitious mentions at the brand's usual share in every span: eight negative ones of eight are then not yet
significant, twelve are."""

_SHARE_SPREAD: Final = 0.05
"""Standard deviation of the true share from hour to hour, as topics change: even with thousands of mentions, five
points up are no shift."""


class _Span(NamedTuple):
    """Fading sums over the mentions: weights, squared weights, and weighted probabilities of being negative."""

    mentions: float
    squares: float
    negative: float


class _ToneReading(NamedTuple):
    """Intermediate results for a bucket: its organic mentions and the negative ones among them; sums, standard error
    and surplus in standard errors of each horizon at its end; and the score."""

    mentions: float
    negative: float
    spans: list[_Span]
    errors: list[float]
    heights: list[float]
    value: float


class SentimentShift(Detector):
    """Negative share of the last hours compared with the brand's usual one, in standard errors, on the scale of the
    brand's own extremes.

    Over each of two fading horizons the expected number of negative mentions (sums of `p_neg`, never hard labels) is
    compared with that of the usual share. Only organic mentions count (`Bucket.organic`): repetitions by few accounts
    say nothing about the tone. The standard error counts the mentions' own noise (shrunk for small numbers), the noise
    of the usual share, and the over-dispersion of the share from hour to hour. The two surpluses in standard errors,
    each standardised against its own daily maxima of the last two weeks, give a return period (`Extremes`). Only a
    shift to the negative is anomalous.

    `observed` is the share of the horizon with the larger surplus. A bucket that is still open is scored as if nothing
    more came in it. Without data nothing is learned, and the horizons fade.

    Parameters
    ----------
    once_in_days
        A shift that happens this rarely by chance, or more rarely, is anomalous; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    at_least_times
        A share below so many times the usual one is not anomalous, however rare; 1 (the default: any) to 100. A share
        is never more than 1, so 3 leaves out brands that are usually more than a third negative.
    usual_posts_per_day
        Accepted so that all detectors are built alike. It says nothing about the tone: the brand is `cold_start` until
        `Level.ready`.

    Notes
    -----
    The variance of a weighted sum of `n` correlated Bernoulli variables, ``p (1 - p) * (sum(w**2) + rho * sum(w)**2)``,
    is that of the beta-binomial distribution for equal weights (Williams, *Biometrics* 31, 1975). Probabilities vary
    less than labels do, so it is an upper bound here. The snapshot takes 421 bytes.

    Examples
    --------
    >>> detector = SentimentShift()
    >>> for hour in range(48):
    ...     detector.learn_one(Bucket(start_ms=hour * HOUR_MS, length_ms=HOUR_MS, count=20, negative=5.0))
    >>> usual = Bucket(start_ms=48 * HOUR_MS, length_ms=HOUR_MS, count=40, negative=10.0)
    >>> shifted = Bucket(start_ms=48 * HOUR_MS, length_ms=HOUR_MS, count=40, negative=34.0)
    >>> detector.score_one(usual).fires, detector.score_one(shifted).fires
    (False, True)
    """

    kind: ClassVar[str] = "sentiment_shift"
    unit: ClassVar[str] = NEGATIVE_SHARE
    aspect: ClassVar[Aspect] = "tone"

    def __init__(
        self,
        *,
        once_in_days: float = 14.0,
        refractory_hours: float = 24.0,
        at_least_times: float = 1.0,
        usual_posts_per_day: float | None = None,  # noqa: ARG002
    ) -> None:
        self._at_least = within("at_least_times", at_least_times, *AT_LEAST_TIMES)
        self._level = Level(None)
        self._extremes = Extremes(_PRIOR_MEAN, _PRIOR_SPREAD, once_in_days)
        self._refractory = Refractory(refractory_hours)
        self._end_ms = -1
        self._spans = [_Span(0.0, 0.0, 0.0)] * len(_HALF_LIVES_HOURS)
        self._shares = Shares((NEGATIVE,))
        self._latest = LatestReading(self._read)

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        _, _, spans, errors, heights, value = self._latest.of(bucket)
        usual = self._shares.usual[0]
        horizon = max(range(len(heights)), key=heights.__getitem__)
        count = spans[horizon].mentions
        if count <= 0:
            return Score(value, usual, usual, 0.0, 1.0)
        observed = min(1.0, spans[horizon].negative / count)
        significant = max(_SIGNIFICANT, self._extremes.bounds[horizon])
        upper = min(1.0, usual + significant * errors[horizon] / count)
        if value < 1:
            return Score(value, observed, usual, 0.0, max(upper, observed), "up" if observed > usual else "down")
        suppressed = self._refractory.suppresses(bucket.start_ms, value) if self._level.ready else "cold_start"
        reason = Reason(
            "tone",
            {
                "negative": observed,
                "usual_negative": usual,
                "mentions": count,
                "hours": window_hours(_HALF_LIVES_HOURS[horizon]),
                "standard_errors": heights[horizon],
            },
        )
        return Score(value, observed, usual, 0.0, min(upper, observed), "up", reason, suppressed)

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it."""
        _, _, spans, errors, heights, value = self._latest.of(bucket)
        usual, bounds = self._shares.usual[0], self._extremes.bounds
        measures = [
            Measure(
                self.unit, half_life, min(1.0, span.negative / span.mentions), usual,
                min(1.0, usual + max(_SIGNIFICANT, bound) * error / span.mentions),
            )
            for half_life, span, error, bound in zip(_HALF_LIVES_HOURS, spans, errors, bounds, strict=True)
            if span.mentions > 0
        ]  # fmt: skip
        rarity, height = self._extremes.value(heights), max(heights)
        conditions = [
            Condition.at_least("rarity", rarity, 1.0),
            Condition.at_least("significance", height, _SIGNIFICANT),
        ]
        if self._at_least > 1:
            conditions.append(Condition.at_least("size", self._times(spans), self._at_least))
        conditions += [self._level.condition(), self._refractory.condition(bucket.start_ms, value)]
        return Explanation(self.score_one(bucket), measures, conditions)

    def _learn(self, bucket: Bucket) -> None:
        reading = self._latest.of(bucket)
        self._latest.forget()
        self._spans = reading.spans
        self._end_ms = max(self._end_ms, bucket.start_ms + bucket.length_ms)
        hours = bucket.length_ms / HOUR_MS
        level = self._level
        if level.ready:
            if reading.value >= 1:
                self._refractory.learn(bucket.start_ms, reading.value)
            if self._extremes.learn(reading.heights, hours):
                self._extremes.refit(0.0)
        usual_count = level.per_hour * hours if level.ready else None
        self._shares.learn(reading.mentions, (reading.negative,), usual_count, hours)
        level.learn(bucket.count, hours * bucket.coverage)

    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""
        return pack(self.kind, _VERSION, self._dump())

    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot."""
        values = iter(unpack(self.kind, _VERSION, (len(self._dump()),), snapshot))
        self._end_ms = int(next(values))
        self._spans = [_Span(next(values), next(values), next(values)) for _ in _HALF_LIVES_HOURS]
        self._shares.load(values)
        self._level.load(values)
        self._refractory.load(values)
        self._extremes.load(values)
        self._extremes.refit(0.0)
        self._latest.forget()
        return self

    def _dump(self) -> tuple[float, ...]:
        return (
            self._end_ms, *self._spans[0], *self._spans[1], *self._shares.dump(),
            *self._level.dump(), *self._refractory.dump(), *self._extremes.dump(),
        )  # fmt: skip

    def _read(self, bucket: Bucket) -> _ToneReading:
        share, known = self._shares.usual[0], self._shares.mentions
        # a share of exactly 0 or 1 has no noise of its own, but what was learned is never that certain
        noise = max(share * (1 - share), 1 / known)
        lefts = remaining(elapsed_ms(bucket, self._end_ms), _HALF_LIVES_HOURS)
        count, negative = bucket.organic
        spans, errors, heights = [], [], []
        for before, left in zip(self._spans, lefts, strict=True):
            span = _Span(
                before.mentions * left + count,
                before.squares * left * left + count,
                before.negative * left + negative,
            )
            uncertain = span.squares + _SHRINKAGE_MENTIONS + span.mentions * span.mentions / known
            error = math.sqrt(noise * uncertain + (_SHARE_SPREAD * span.mentions) ** 2)
            spans.append(span)
            errors.append(error)
            heights.append(max(0.0, (span.negative - share * span.mentions) / error))
        value = min(self._extremes.value(heights), max(heights) / _SIGNIFICANT)
        if self._at_least > 1:
            value = demanding(value, self._times(spans), self._at_least)
        return _ToneReading(count, negative, spans, errors, heights, value)

    def _times(self, spans: list[_Span]) -> float:
        """Return the largest multiple of the usual negative share at any horizon."""
        share = self._shares.usual[0]
        return max(times_usual(span.negative, share * span.mentions) for span in spans)
