"""Detector of crises: many more negative mentions than usual, from many people; with labels for what only looks like
one."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Self

from detectors.base import (
    Aspect,
    Bucket,
    Condition,
    Detector,
    Direction,
    Explanation,
    Label,
    Measure,
    Score,
    Severity,
    Suppression,
)
from detectors.decay import elapsed_ms, remaining
from detectors.expected_rate import ExpectedRate
from detectors.extremes import Extremes
from detectors.latest_reading import LatestReading
from detectors.magnitude import demanding, times_usual
from detectors.negative_surplus import DILUTED, Horizon, explained_by_usual, noise
from detectors.packing import pack, unpack
from detectors.parameters import AT_LEAST_TIMES, within
from detectors.reasons import Reason, window_hours
from detectors.refractory import Refractory
from detectors.shares import NEGATIVE, Shares
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION: Final = 1

_HALF_LIVES_HOURS: Final = (5 / 60, 25 / 60, 2.0)
"""Those of `volume` without the longest: storms show in minutes, slow burns in hours; `tone_drift` sees the rest."""

_SCENE: Final = 1
"""Index of the horizon from which the label is determined."""

_PRIOR_MEAN: Final = (0.95, 0.85, 0.6)
_PRIOR_SPREAD: Final = (0.32, 0.32, 0.35)
_PRIOR_DAYS: Final = 7.0
"""Prior of the daily maxima of the heights: the middle between simulated brands (0.8, 0.7, 0.4), of which at the
longest horizon those with 7,000 mentions a day have less than those with 43, and recorded airlines (1.0, 1.0, 0.8),
whose tone wanders more over a day. They fit so many brands that they count for a week."""

_GAPS: Final = (2.5, 2.0)
"""Standard deviations of daily maxima by which a longer horizon may exceed the next shorter one: an event that is over
is no crisis, however large it was."""

_USUAL_SHARES: Final = (NEGATIVE, 0.2, 0.8)
"""Shares before any mention: negative, positive, and from the source with most mentions of a bucket."""

_ATTENTION: Final = 3.0
_PEOPLE: Final = 10.0
_ONE_SOURCE: Final = 0.95
"""A crisis is critical if the horizon with the highest score has three times its usual mentions, at least ten, by ten
people in the last half hour where authors are known; unless all but a twentieth come from one of several sources."""

_NOTABLE: Final = 1.5
_NOTABLE_MENTIONS: Final = 5.0
"""Attention from which a label is determined: one and a half times the usual mentions of half an hour and five more."""

_SURGE: Final = 1.5
"""Platform load from which a brand's surplus is explained by it, up to as much again."""

_PRAISE: Final = 0.1
_PRAISE_RATIO: Final = 2.0
"""Excess of the positive share over the usual one, and its multiple of the negative share, for praise."""

_BLIND: Final = 0.5
"""Coverage at or below which a brand can't be evaluated: missing sources change both mix and tone."""


class _Scene(NamedTuple):
    """Fading sums over all mentions of about the last half hour."""

    expected: float = 0.0
    mentions: float = 0.0
    negative: float = 0.0
    positive: float = 0.0
    spam: float = 0.0
    people: float = 0.0
    reposts: float = 0.0
    main_source: float = 0.0


class Composite(Detector):
    """Negative mentions beyond the usual share of all mentions, at several horizons, on the scale of the brand's own
    extremes; with a label that explains them.

    Over each of three fading horizons, ``X = N - s * U - max(0, P - p * M)`` with `N` negative and `P` positive ones of
    `M` mentions, `s` and `p` the brand's own shares of these, and ``U = 1.25 * E + 0.5 * max(0, M - 1.25 * E)`` from
    `E` expected mentions (`ExpectedRate`). It grows with attention and with negativity at once: fewer mentions, or more
    of a mix with half the usual share, leave it at 0. While the level is unknown, 1 replaces 0.5. For each positive
    mention beyond the usual share a negative one does not count: a model rates praise of a product called Zero as half
    negative, while in a storm there are fewer positive mentions than usual, not more.

    `X` is divided by its noise, ``0.05 * E + 0.15 * s * max(0, M - E) + sqrt(0.1 * E2 + 1)`` with `E2` the expected
    mentions under squared weights, and ``log(1 + X / noise)`` is compared with its own daily maxima (`Extremes`),
    separately for each horizon. Days of a crisis count as days that just reached the threshold: they don't make the
    next crisis usual.

    Only organic mentions count: not those that repeat a text by authors who repeat themselves (`Bucket.spam`), nor all
    but the first of the most active author of a bucket. Reposts do count: they are how a firestorm spreads. While the
    whole platform is busier than usual (`Bucket.platform`), proportionally more mentions are expected of the brand.

    The label, from the last half hour:

    - ``crisis``: the score is 1 or more;
    - ``spam``, ``surge``, ``praise``: more than one and a half times the usual mentions, and half of the surplus is
      spam, or the platform explains it, or the mentions are positive beyond the usual;
    - ``outage``: half of the usual sources or more deliver nothing. A detection is then suppressed.

    The severity of a crisis is ``critical`` if it has three times the usual mentions, ten or more, by ten people or
    more, and is not confined to one of several sources, else ``warning``.

    An open bucket is scored as if it got no more mentions. More negative mentions raise the score, and a bucket that
    fires continues to fire while mentions of the usual mix arrive.

    Parameters
    ----------
    once_in_days
        A surplus of negative mentions that happens this rarely by chance, or more rarely, is a crisis; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    at_least_times
        Less than so many times the usual negative mentions at every horizon are no crisis, however rare; 1 (the
        default: any) to 100.
    usual_posts_per_day
        The brand's level, if it is known beforehand: it can then be scored from its first bucket. Otherwise it is
        `cold_start` until `Level.ready`.

    Notes
    -----
    `observed` and `expected` are organic negative mentions of the bucket, and ``s * U + max(0, P - p * M)`` of the
    bucket.
    `upper` is where the shortest horizon alone reaches the threshold, moved to `observed` where it would contradict
    `value`.

    The snapshot takes 1,263 bytes.

    Examples
    --------
    >>> detector = Composite(usual_posts_per_day=480)
    >>> def bucket(count, negative, **features):
    ...     return Bucket(0, 300_000, count, negative=negative, authors=count, **features)
    >>> usual, storm, praise = bucket(2, 0.6), bucket(30, 24), bucket(30, 1, positive=25)
    >>> [detector.score_one(each).label for each in (usual, storm, praise)]
    [None, 'crisis', 'praise']
    >>> detector.score_one(storm).severity
    'critical'
    """

    kind: ClassVar[str] = "composite"
    unit: ClassVar[str] = "negative mentions per bucket"
    aspect: ClassVar[Aspect] = "crisis"

    def __init__(
        self,
        *,
        once_in_days: float = 21.0,
        refractory_hours: float = 12.0,
        at_least_times: float = 1.0,
        usual_posts_per_day: float | None = None,
    ) -> None:
        self._at_least = within("at_least_times", at_least_times, *AT_LEAST_TIMES)
        self._usual = self.usual_rate = ExpectedRate(usual_posts_per_day)
        self._shares = Shares(_USUAL_SHARES)
        self._extremes = Extremes(_PRIOR_MEAN, _PRIOR_SPREAD, once_in_days, _PRIOR_DAYS)
        self._refractory = Refractory(refractory_hours)
        self._end_ms = -1
        self._horizons = [Horizon()] * len(_HALF_LIVES_HOURS)
        self._scene = _Scene()
        self._latest = LatestReading(self._read)

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        reading = self._latest.of(bucket)
        value, observed, expected = reading.value, reading.fresh.negative, reading.explained
        upper = expected + noise(reading.horizons[0], self._shares.usual[0]) * math.expm1(self._extremes.bounds[0])
        label = self._label(bucket, reading)
        reason = self._reason(bucket, reading, label) if label else None
        if value < 1:
            direction: Direction = "up" if observed > expected else "down"
            return Score(value, observed, expected, 0.0, max(upper, observed), direction, reason, label=label)
        suppressed: Suppression | None
        if label == "outage":
            suppressed = "outage"
        else:
            ready = self._usual.level.ready
            suppressed = self._refractory.suppresses(bucket.start_ms, value) if ready else "cold_start"
        severity = self._severity(reading)
        return Score(value, observed, expected, 0.0, min(upper, observed), "up", reason, suppressed, label, severity)

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it."""
        reading = self._latest.of(bucket)
        share, usual_positive, _ = self._shares.usual
        further = DILUTED if self._usual.level.ready else 1.0
        measures = []
        for half_life, each, bound in zip(_HALF_LIVES_HOURS, reading.horizons, self._extremes.bounds, strict=True):
            usual = explained_by_usual(each, share, usual_positive, further)
            threshold = usual + noise(each, share) * math.expm1(bound)
            measures.append(Measure("negative mentions", half_life, each.negative, usual, threshold))
        rarity, coverage = self._joined(reading.values), bucket.coverage
        conditions = [Condition.at_least("rarity", rarity, 1.0)]
        if self._at_least > 1:
            conditions.append(Condition.at_least("size", self._times(reading.horizons), self._at_least))
        conditions += [
            Condition("sources", coverage, _BLIND, coverage > _BLIND, "outage"),
            self._usual.level.condition(),
            self._refractory.condition(bucket.start_ms, reading.value),
        ]
        return Explanation(self.score_one(bucket), measures, conditions, self._critical(reading))

    def _learn(self, bucket: Bucket) -> None:
        reading = self._latest.of(bucket)
        self._latest.forget()
        self._horizons, self._scene = reading.horizons, reading.scene
        self._end_ms = max(self._end_ms, bucket.start_ms + bucket.length_ms)
        hours = bucket.length_ms / HOUR_MS
        ready = self._usual.level.ready
        if ready:
            if reading.value >= 1 and bucket.coverage > _BLIND:
                self._refractory.learn(bucket.start_ms, reading.value)
            if self._extremes.learn(list(map(min, reading.heights, self._extremes.bounds)), hours):
                self._extremes.refit(0.0)
        fresh = reading.fresh
        parts = (fresh.negative, fresh.positive, min(reading.main_source, fresh.mentions))
        self._shares.learn(fresh.mentions, parts, fresh.expected if ready else None, hours)
        self._usual.learn(bucket)

    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""
        return pack(self.kind, _VERSION, self._dump())

    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot; if it has no positive mentions, they are assumed to be the usual
        ones."""
        size = len(self._dump())
        values = iter(unpack(self.kind, _VERSION, (size - len(_HALF_LIVES_HOURS), size), snapshot))
        self._end_ms = int(next(values))
        width = len(Horizon._fields) - 1
        horizons = [Horizon(*islice(values, width)) for _ in _HALF_LIVES_HOURS]
        self._scene = _Scene(*islice(values, len(_Scene._fields)))
        self._shares.load(values)
        self._usual.load(values)
        self._refractory.load(values)
        self._extremes.load(values)
        self._extremes.refit(0.0)
        self._horizons = [
            horizon._replace(positive=next(values, self._shares.usual[1] * horizon.mentions)) for horizon in horizons
        ]
        self._latest.forget()
        return self

    def _dump(self) -> tuple[float, ...]:
        horizons = (number for horizon in self._horizons for number in horizon[:-1])
        return (
            self._end_ms, *horizons, *self._scene, *self._shares.dump(), *self._usual.dump(),
            *self._refractory.dump(), *self._extremes.dump(), *(horizon.positive for horizon in self._horizons),
        )  # fmt: skip

    def _read(self, bucket: Bucket) -> _CrisisReading:
        hours = bucket.length_ms / HOUR_MS
        usual = self._usual.per_hour(bucket.start_ms, bucket.length_ms) * hours * bucket.coverage
        expected = usual * max(1.0, bucket.platform)
        mentions, negative = bucket.organic
        positive = min(bucket.positive, mentions)
        fresh = Horizon(expected, expected, mentions, negative, positive)
        share, usual_positive, _ = self._shares.usual
        further = DILUTED if self._usual.level.ready else 1.0
        lefts = remaining(elapsed_ms(bucket, self._end_ms), _HALF_LIVES_HOURS)
        horizons, heights = [], []
        for before, left in zip(self._horizons, lefts, strict=True):
            horizon = Horizon(
                before.expected * left + expected,
                before.squares * left * left + expected,
                before.mentions * left + mentions,
                before.negative * left + negative,
                before.positive * left + positive,
            )
            surplus = horizon.negative - explained_by_usual(horizon, share, usual_positive, further)
            horizons.append(horizon)
            heights.append(math.log1p(surplus / noise(horizon, share)) if surplus > 0 else 0.0)
        main_source = float(max(bucket.sources.values(), default=0))
        now = (
            usual, bucket.count, bucket.likely_negative, bucket.positive, bucket.spam, bucket.authors, bucket.reposts,
            main_source,
        )  # fmt: skip
        scene = _Scene._make([old * lefts[_SCENE] + new for old, new in zip(self._scene, now, strict=True)])
        values = self._extremes.each(heights)
        value = self._joined(values)
        if self._at_least > 1:
            value = demanding(value, self._times(horizons), self._at_least)
        explained = explained_by_usual(fresh, share, usual_positive, further)
        return _CrisisReading(fresh, main_source, explained, horizons, scene, heights, values, value)

    def _joined(self, values: Sequence[float]) -> float:
        """Return the highest value, with each limited by that of the next shorter horizon."""
        highest = most = values[0]
        for value, gap in zip(values[1:], _GAPS, strict=True):
            most = min(value, most + gap * self._extremes.unit)
            highest = max(highest, most)
        return max(0.0, highest)

    def _times(self, horizons: list[Horizon]) -> float:
        """Return the largest multiple of the usual negative mentions at any horizon."""
        share = self._shares.usual[0]
        return max(times_usual(each.negative, share * each.expected) for each in horizons)

    def _label(self, bucket: Bucket, reading: _CrisisReading) -> Label | None:
        if bucket.coverage <= _BLIND:
            return "outage"
        if reading.value >= 1:
            return "crisis"
        scene = reading.scene
        surplus = scene.mentions - scene.expected
        if surplus < (_NOTABLE - 1) * scene.expected + _NOTABLE_MENTIONS:
            return None
        if scene.spam >= surplus / 2:
            return "spam"
        if bucket.platform >= _SURGE and scene.mentions <= _SURGE * bucket.platform * scene.expected:
            return "surge"
        positive = scene.positive / scene.mentions
        if positive > self._shares.usual[1] + _PRAISE and scene.positive > _PRAISE_RATIO * scene.negative:
            return "praise"
        return None

    def _severity(self, reading: _CrisisReading) -> Severity:
        return "critical" if all(condition.met for condition in self._critical(reading)) else "warning"

    def _critical(self, reading: _CrisisReading) -> list[Condition]:
        scene = reading.scene
        horizon = reading.horizons[reading.highest]
        attention = _ATTENTION * horizon.expected
        elsewhere = scene.mentions - scene.main_source
        confined = scene.main_source >= _ONE_SOURCE * scene.mentions and self._shares.usual[2] < _ONE_SOURCE
        return [
            Condition.at_least("attention", horizon.mentions, attention),
            Condition.at_least("mentions", horizon.mentions, _PEOPLE),
            Condition("people", scene.people, _PEOPLE, not 0 < scene.people < _PEOPLE),
            Condition("several_sources", elsewhere, (1 - _ONE_SOURCE) * scene.mentions, not confined),
        ]

    def _reason(self, bucket: Bucket, reading: _CrisisReading, label: Label) -> Reason:
        if label == "outage":
            return Reason(label, {"missing": 1 - bucket.coverage})
        scene = reading.scene
        if label == "crisis":
            horizon = reading.horizons[reading.highest]
            seen = _counted(horizon.mentions, horizon.expected, _HALF_LIVES_HOURS[reading.highest])
            return Reason(
                label,
                seen
                | {
                    "negative": horizon.negative / horizon.mentions,
                    "usual_negative": self._shares.usual[0],
                    "reposts": scene.reposts / max(scene.mentions, 1.0),
                    "once_in_days": self._extremes.days(reading.value),
                },
            )
        seen = _counted(scene.mentions, scene.expected, _HALF_LIVES_HOURS[_SCENE])
        if label == "spam":
            return Reason(label, seen | {"repeated": scene.spam})
        if label == "surge":
            return Reason(label, seen | {"platform": bucket.platform})
        positive = {"positive": scene.positive / scene.mentions, "usual_positive": self._shares.usual[1]}
        return Reason(label, seen | positive)


class _CrisisReading(NamedTuple):
    """Intermediate results for a bucket: its own sums, the mentions of its largest source, and the explained negative
    ones; the sums at its end; heights, their values, and the score."""

    fresh: Horizon
    main_source: float
    explained: float
    horizons: list[Horizon]
    scene: _Scene
    heights: list[float]
    values: list[float]
    value: float

    @property
    def highest(self) -> int:
        """Index of the horizon with the highest value."""
        return max(range(len(self.values)), key=self.values.__getitem__)


def _counted(mentions: float, expected: float, half_life: float) -> dict[str, float | str]:
    return {"mentions": mentions, "usual": expected, "hours": window_hours(half_life)}
