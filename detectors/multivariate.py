"""Detector of several features that are unusual together, even if each alone is not."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Self

from detectors.base import Aspect, Bucket, Condition, Detector, Explanation, Measure, Score
from detectors.decay import elapsed_ms, remaining
from detectors.extremes import Extremes
from detectors.level import Level
from detectors.moments import Moments
from detectors.packing import pack, unpack
from detectors.reasons import Reason
from detectors.refractory import Refractory
from detectors.shares import NEGATIVE, Shares
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION: Final = 1

_SLOW_HOURS: Final = 1.0
_FAST_HOURS: Final = 10 / 60
"""Half-lives: of the present, and of the last minutes, which show whether mentions increase."""

_SHRINKAGE_MENTIONS: Final = 20.0
"""Fictitious mentions at the usual share, added to those of the last hour, as in `sentiment_shift`."""

_SHRINKAGE_RATE: Final = 10.0
"""Mentions added to both sides of a ratio of counts, so that a few are never a large multiple."""

_SPREAD: Final = (0.45, 0.3, 0.05, 0.05, 0.05)
"""Prior standard deviation of each feature: of the logarithm over a day with a rhythm of +-60 %; of the same within the
hour, Poisson noise at 30 mentions an hour; of the shares, that of `sentiment_shift`."""

_PRIOR_HOURS: Final = 168.0
_MEMORY_HOURS: Final = 168.0
"""A week, as in `sentiment_shift`. The prior, also a week, keeps two fifths of the weight in the long run, so that a
brand whose features hardly ever change does not fire at the first small change."""

_USUAL_SHARES: Final = (NEGATIVE, 0.05, 0.2)
"""Shares before any mention: negative, by one author beyond the first mention, and reposts."""

_PRIOR_MEAN: Final = (1.2,)
_PRIOR_SPREAD: Final = (0.3,)
"""Prior of the daily maximum of ``log(1 + distance)``: simulated Poisson counts of 20 to 3,000 a day have 0.9
to 1.2, with a spread of 0.1 to 0.2; recorded ones are more uneven."""

_SIGNIFICANT: Final = 4.0
"""Standard deviations that are needed in any case, so that a quiet brand does not fire at its own tiny extremes. The
best upward combination of five uncorrelated features is that far up as rarely as one feature alone is 3: by the
chi-bar-square distribution with binomial weights (Kudo, *Biometrika* 50, 1963)."""

_NAMED: Final = 0.15
"""Share of the squared distance from which a feature is named in the reason."""


class _Now(NamedTuple):
    """Fading sums over the last hour, and hours and mentions over the last minutes."""

    hours: float = 0.0
    mentions: float = 0.0
    negative: float = 0.0
    concentrated: float = 0.0
    reposts: float = 0.0
    fast_hours: float = 0.0
    fast_mentions: float = 0.0

    @property
    def parts(self) -> tuple[float, float, float]:
        """Negative mentions, those by the most active author beyond the first, and reposts."""
        return self.negative, self.concentrated, self.reposts


class Multivariate(Detector):
    """Volume, velocity, tone, author concentration and repost share together, compared with the brand's own history.

    The five features, of the last hour and shrunk for small numbers:

    - volume: logarithm of the mentions over those expected from the level;
    - velocity: logarithm of the rate of the last minutes over that of the hour;
    - negative share, less the usual one;
    - author concentration: share of the mentions by the most active author of each bucket beyond the first, less the
      usual one;
    - repost share, less the usual one.

    Their mean and covariance are learned (`Moments`). The score depends on how far they lie above the mean together, in
    standard deviations: fewer mentions, a friendlier tone and more diverse authors are never anomalous. The largest
    distances of each day of the last two weeks give a return period (`Extremes`).

    An open bucket is scored as if it got no more mentions. Without data nothing is learned, and
    the sums fade. A feature that no source delivers stays at 0 and does not matter.

    Parameters
    ----------
    once_in_days
        A combination that happens this rarely by chance, or more rarely, is anomalous; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    usual_posts_per_day
        Accepted so that all detectors are built alike. It says nothing about the other features: the brand is
        `cold_start` until `Level.ready`.

    Notes
    -----
    Ratios and shares are means under conjugate priors, as in the empirical Bayes screening of large tables (DuMouchel,
    *The American Statistician* 53, 1999). The snapshot takes 490 bytes.

    Examples
    --------
    >>> detector = Multivariate()
    >>> def hour(number, count, negative, reposts):
    ...     return Bucket(number * HOUR_MS, HOUR_MS, count, negative=negative, reposts=reposts)
    >>> for number in range(96):
    ...     detector.learn_one(hour(number, 20 + number % 5, 5 + number % 3, 4))
    >>> detector.score_one(hour(96, 22, 6, 4)).fires, detector.score_one(hour(96, 80, 60, 50)).fires
    (False, True)
    """

    kind: ClassVar[str] = "multivariate"
    unit: ClassVar[str] = "standard deviations"
    aspect: ClassVar[Aspect] = "attention"
    exempt: ClassVar[Mapping[str, str]] = {
        "features_that_no_detector_knows_or_that_are_missing_do_not_matter": "reposts are among the features it knows",
    }

    def __init__(
        self,
        *,
        once_in_days: float = 14.0,
        refractory_hours: float = 24.0,
        usual_posts_per_day: float | None = None,  # noqa: ARG002
    ) -> None:
        self._level = Level(None)
        self._moments = Moments(_SPREAD, _PRIOR_HOURS, _MEMORY_HOURS)
        self._extremes = Extremes(_PRIOR_MEAN, _PRIOR_SPREAD, once_in_days)
        self._refractory = Refractory(refractory_hours)
        self._end_ms = -1
        self._now = _Now()
        self._shares = Shares(_USUAL_SHARES)

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        now = self._faded(bucket)
        distance, parts = self._moments.distance(self._features(now))
        value = self._value(distance)
        upper = max(_SIGNIFICANT, math.expm1(self._extremes.bounds[0]))
        if value < 1:
            return Score(value, distance, 0.0, 0.0, max(upper, distance), "up" if distance else "none")
        suppressed = self._refractory.suppresses(bucket.start_ms, value) if self._level.ready else "cold_start"
        return Score(
            value, distance, 0.0, 0.0, min(upper, distance), "up", self._reason(now, distance, parts, value), suppressed
        )

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it."""
        distance, _ = self._moments.distance(self._features(self._faded(bucket)))
        rarity, value = self._extremes.value([math.log1p(distance)]), self._value(distance)
        threshold = max(_SIGNIFICANT, math.expm1(self._extremes.bounds[0]))
        conditions = [
            Condition.at_least("rarity", rarity, 1.0),
            Condition.at_least("significance", distance, _SIGNIFICANT),
            self._level.condition(),
            self._refractory.condition(bucket.start_ms, value),
        ]
        return Explanation(
            self.score_one(bucket), [Measure(self.unit, _SLOW_HOURS, distance, 0.0, threshold)], conditions
        )

    def _learn(self, bucket: Bucket) -> None:
        self._now = self._faded(bucket)
        self._end_ms = max(self._end_ms, bucket.start_ms + bucket.length_ms)
        hours = bucket.length_ms / HOUR_MS
        if self._level.ready:
            features = self._features(self._now)
            distance, _ = self._moments.distance(features)
            value = self._value(distance)
            if value >= 1:
                self._refractory.learn(bucket.start_ms, value)
            if self._extremes.learn([math.log1p(distance)], hours):
                self._extremes.refit(0.0)
            self._moments.learn(features, hours)
        usual_count = self._level.per_hour * hours if self._level.ready else None
        self._shares.learn(bucket.count, _parts(bucket), usual_count, hours)
        self._level.learn(bucket.count, hours * bucket.coverage)

    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""
        return pack(self.kind, _VERSION, self._dump())

    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot."""
        values = iter(unpack(self.kind, _VERSION, (len(self._dump()),), snapshot))
        self._end_ms = int(next(values))
        self._now = _Now(*islice(values, len(self._now)))
        self._shares.load(values)
        self._moments.load(values)
        self._level.load(values)
        self._refractory.load(values)
        self._extremes.load(values)
        self._extremes.refit(0.0)
        return self

    def _dump(self) -> tuple[float, ...]:
        return (
            self._end_ms, *self._now, *self._shares.dump(), *self._moments.dump(),
            *self._level.dump(), *self._refractory.dump(), *self._extremes.dump(),
        )  # fmt: skip

    def _faded(self, bucket: Bucket) -> _Now:
        """Return the sums at the end of the bucket."""
        slow, fast = remaining(elapsed_ms(bucket, self._end_ms), (_SLOW_HOURS, _FAST_HOURS))
        now, hours = self._now, bucket.length_ms / HOUR_MS * bucket.coverage
        negative, concentrated, reposts = _parts(bucket)
        return _Now(
            now.hours * slow + hours,
            now.mentions * slow + bucket.count,
            now.negative * slow + negative,
            now.concentrated * slow + concentrated,
            now.reposts * slow + reposts,
            now.fast_hours * fast + hours,
            now.fast_mentions * fast + bucket.count,
        )

    def _features(self, now: _Now) -> tuple[float, ...]:
        volume = _log_ratio(now.mentions, self._level.per_hour * now.hours)
        velocity = _log_ratio(now.fast_mentions, now.mentions * now.fast_hours / now.hours) if now.hours else 0.0
        shares = (
            (part - usual * now.mentions) / (now.mentions + _SHRINKAGE_MENTIONS)
            for part, usual in zip(now.parts, self._shares.usual, strict=True)
        )
        return (volume, velocity, *shares)

    def _value(self, distance: float) -> float:
        return min(self._extremes.value([math.log1p(distance)]), distance / _SIGNIFICANT)

    def _reason(self, now: _Now, distance: float, parts: list[float], value: float) -> Reason:
        count = max(now.mentions, 1e-9)
        features: list[dict[str, float | str]] = [
            {"mentions": now.mentions, "usual_mentions": self._level.per_hour * now.hours, "hours": now.hours},
            {"velocity": now.fast_mentions / now.fast_hours if now.fast_hours else 0.0},
        ]
        for name, part, usual in zip(("negative", "by_one", "reposts"), now.parts, self._shares.usual, strict=True):
            features.append({name: part / count, f"usual_{name}": usual})
        facts: dict[str, float | str] = {"once_in_days": self._extremes.days(value)}
        for index in sorted(range(len(parts)), key=lambda index: -parts[index]):
            if parts[index] >= _NAMED * distance * distance:
                facts |= features[index]
        return Reason("features", facts)


def _log_ratio(count: float, expected: float) -> float:
    return math.log((count + _SHRINKAGE_RATE) / (expected + _SHRINKAGE_RATE))


def _parts(bucket: Bucket) -> tuple[float, float, float]:
    """Return the negative mentions of a bucket, those by the most active author beyond the first, and reposts."""
    count = bucket.count
    return (
        bucket.likely_negative,
        max(0.0, min(bucket.top_author_share, 1.0) * count - 1),
        min(max(bucket.reposts, 0), count),
    )
