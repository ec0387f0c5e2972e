"""Adapter for the anomaly detectors of the river library."""

from __future__ import annotations

import json
import math
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Self

from detectors.base import (
    Aspect,
    Bucket,
    Condition,
    Detector,
    Explanation,
    Measure,
    OutdatedSnapshot,
    ParameterError,
    Score,
)
from detectors.extremes import Extremes
from detectors.level import Level
from detectors.packing import pack, unpack
from detectors.reasons import Reason
from detectors.refractory import Refractory
from detectors.river_models import Model, build_model, check_model
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_VERSION: Final = 1

MOST_BUCKETS: Final = 2016
KEPT_BUCKETS: Final = MOST_BUCKETS // 2
"""Maximum number of remembered buckets, a week of 5 minutes each, and the number kept when it is reached."""

_WARM_HOURS: Final = 24.0
"""Hours of readings, a day and night, before their usual size is known."""

_READING_HOURS: Final = 72.0
"""Half-life of the mean and spread of readings, that of `Level`."""

_WINSOR: Final = 5.0
"""Standard deviations at which a reading is clipped when learned."""

_PRIOR_MEAN: Final = (1.8,)
_PRIOR_SPREAD: Final = (0.5,)
"""Prior of the daily maximum of a height: that of the shortest horizon of `volume`, which is the same logarithm
of a standardised surplus."""


class _Feature(NamedTuple):
    """A number of a bucket, or None; for the grain see `Model`."""

    value: Callable[[Bucket], float | None]
    grain: float


def _share(part: Callable[[Bucket], float]) -> Callable[[Bucket], float | None]:
    return lambda bucket: min(max(part(bucket) / bucket.count, 0.0), 1.0) if bucket.count else None


_ROUNDING: Final = math.sqrt(1 / 12)
"""Standard deviation of the error of rounding to whole numbers."""

FEATURES: Final[Mapping[str, _Feature]] = {
    "count": _Feature(lambda bucket: bucket.count / bucket.coverage, _ROUNDING),
    "authors": _Feature(lambda bucket: bucket.authors / bucket.coverage, _ROUNDING),
    "negative_share": _Feature(_share(lambda bucket: bucket.negative), 0.01),
    "repost_share": _Feature(_share(lambda bucket: bucket.reposts), 0.01),
    "top_author_share": _Feature(lambda bucket: bucket.top_author_share if bucket.count else None, 0.01),
    "duplicate_share": _Feature(lambda bucket: bucket.duplicate_share if bucket.count else None, 0.01),
}


class River(Detector):
    """A detector of river's `anomaly` module, with its scores compared with their own past.

    The meaning of a score differs between river's detectors. Here it is read (`Model`), standardised by the mean and
    spread of the readings of the last days, and enters as ``log(1 + x)``. The daily maxima of these heights over two
    weeks give a return period (`Extremes`).

    `HalfSpaceTrees`, `LODA`, `OneClassSVM` and `LocalOutlierFactor` of a single number hardly distinguish a large
    surplus from an absurd one, as their scores are bounded: where such surpluses are not rare, they never fire.

    An open bucket has no score, because that of an arbitrary detector could still fall until the bucket closes. Without
    data nothing is learned.

    Parameters
    ----------
    once_in_days
        A reading that happens this rarely by chance, or more rarely, is anomalous; 2 to 3650.
    refractory_hours
        After a firing, the time in which another counts as the same, unless it escalates (`Refractory`); 0 to 720.
    detector, params
        Class in ``river.anomaly`` and its arguments (`build_model`).
    feature
        The number of each bucket that is passed to it, a key of `FEATURES`. A detector of feature dicts gets it scaled
        to 0..1.
    usual_posts_per_day
        Accepted so that all detectors are built alike. The brand is `cold_start` until `Level.ready`.

    Notes ----- river's objects can be stored only by pickle, which executes arbitrary bytes, and several grow without
    bound. So the snapshot is the training data of the detector: the last numbers, at most 2016. When there are so many,
    the older half is dropped and a new detector is trained on the rest. A restored detector is trained on the same
    numbers, and therefore in the same state, whatever it consists of. That doubles the cost of learning, bounds the
    memory of any detector, lets a change of the level pass, and requires that a detector has a score after 1008
    numbers, which is tested when it is built.

    The snapshot takes 16,387 bytes: this kind is for comparisons, not for thousands of brands. A snapshot of another
    `detector`, `params` or `feature` can't be restored: the detector starts from nothing.

    Examples
    --------
    >>> detector = River(detector="HalfSpaceTrees", params={"n_trees": 5, "window_size": 100})
    >>> for number in range(240):
    ...     detector.learn_one(Bucket(number * HOUR_MS, HOUR_MS, 20 + number * 7 % 5))
    >>> calm, stormy = (Bucket(240 * HOUR_MS, HOUR_MS, count) for count in (22, 400))
    >>> detector.score_one(calm).value < 1 <= detector.score_one(stormy).value
    True
    """

    kind: ClassVar[str] = "river"
    unit: ClassVar[str] = "reading of the river detector"
    aspect: ClassVar[Aspect] = "attention"
    exempt: ClassVar[Mapping[str, str]] = {
        "what_is_kept_fits_the_state_of_a_brand": "the last 2016 numbers are the state; the bound is tested by itself",
    }

    def __init__(
        self,
        *,
        once_in_days: float = 14.0,
        refractory_hours: float = 24.0,
        detector: str = "GaussianScorer",
        params: Mapping[str, Any] | None = None,
        feature: str = "count",
        usual_posts_per_day: float | None = None,  # noqa: ARG002
    ) -> None:
        if feature not in tuple(FEATURES):
            raise ParameterError("feature", f"must be one of {', '.join(FEATURES)}, got {feature!r}")
        self._name, self._params, self._feature = detector, {} if params is None else params, feature
        try:
            settings = json.dumps([detector, self._params, feature], sort_keys=True)
        except (TypeError, ValueError) as error:
            raise ParameterError("params", f"must be plain values: {error}") from error
        self._settings = float(zlib.crc32(settings.encode()))
        self._level = Level(None)
        self._extremes = Extremes(_PRIOR_MEAN, _PRIOR_SPREAD, once_in_days)
        self._refractory = Refractory(refractory_hours)
        self._hours = self._mean = self._variance = 0.0
        self._train([])
        grain = FEATURES[feature].grain
        check_model(detector, self._params, feature, grain, _lesson(grain))

    def score_one(self, bucket: Bucket) -> Score:
        """Score a bucket; see the class."""
        mean = self._mean
        number = self._number(bucket)
        reading = None if bucket.is_open or number is None else self._model.reading(number)
        if number is None or reading is None or self._hours < _WARM_HOURS:
            return Score(0.0, mean, mean, mean, mean)
        value = self._extremes.value([self._height(reading)])
        upper = mean + self._spread() * math.expm1(self._extremes.bounds[0])
        lower = min(0.0, mean, reading)
        if value < 1:
            return Score(value, reading, mean, lower, max(upper, reading), "up" if reading > mean else "down")
        suppressed = self._refractory.suppresses(bucket.start_ms, value) if self._level.ready else "cold_start"
        reason = Reason(
            "model",
            {
                "model": self._name,
                "feature": self._feature,
                "number": number,
                "reading": reading,
                "usual": mean,
                "once_in_days": self._extremes.days(value),
            },
        )
        return Score(value, reading, mean, lower, min(upper, reading), "up", reason, suppressed)

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it."""
        number, score = self._number(bucket), self.score_one(bucket)
        reading = None if bucket.is_open or number is None else self._model.reading(number)
        has_data = number is not None and (bucket.is_open or reading is not None)
        rarity = 0.0 if reading is None else self._extremes.value([self._height(reading)])
        threshold = self._mean + self._spread() * math.expm1(self._extremes.bounds[0])
        measures = [] if reading is None else [Measure(self.unit, 0.0, reading, self._mean, threshold)]
        conditions = [
            Condition("closed", float(not bucket.is_open), 1.0, not bucket.is_open),
            Condition("data", float(has_data), 1.0, has_data),
            Condition.at_least("learning", self._hours, _WARM_HOURS),
            Condition.at_least("rarity", rarity, 1.0),
            self._level.condition(),
            self._refractory.condition(bucket.start_ms, score.value),
        ]
        return Explanation(score, measures, conditions)

    def _learn(self, bucket: Bucket) -> None:
        hours = bucket.length_ms / HOUR_MS
        self._level.learn(bucket.count, hours * bucket.coverage)
        number = self._number(bucket)
        if number is None:
            return
        reading = self._model.reading(number)
        if reading is not None:
            self._learn_reading(bucket.start_ms, reading, hours)
        self._numbers.append(number)
        self._model.learn(number)
        if len(self._numbers) >= MOST_BUCKETS:
            self._train(self._numbers[-KEPT_BUCKETS:])

    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""
        return pack(self.kind, _VERSION, self._dump())

    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot.

        Raises
        ------
        OutdatedSnapshot
            If it is of another river detector.
        """
        values = iter(unpack(self.kind, _VERSION, (len(self._dump()),), snapshot))
        if next(values) != self._settings:
            raise OutdatedSnapshot("snapshot of another river detector: its class, arguments or feature differ")
        self._hours, self._mean, self._variance = islice(values, 3)
        self._level.load(values)
        self._refractory.load(values)
        self._extremes.load(values)
        self._extremes.refit(0.0)
        kept = int(next(values))
        self._train(list(islice(values, kept)))
        return self

    def _dump(self) -> tuple[float, ...]:
        return (
            self._settings, self._hours, self._mean, self._variance,
            *self._level.dump(), *self._refractory.dump(), *self._extremes.dump(),
            len(self._numbers), *self._numbers, *(0.0,) * (MOST_BUCKETS - len(self._numbers)),
        )  # fmt: skip

    def _train(self, numbers: list[float]) -> None:
        """Train a new detector on these numbers."""
        self._numbers = numbers
        self._model: Model = build_model(self._name, self._params, self._feature, FEATURES[self._feature].grain)
        for number in numbers:
            self._model.learn(number)

    def _number(self, bucket: Bucket) -> float | None:
        return FEATURES[self._feature].value(bucket) if bucket.coverage > 0 else None

    def _spread(self) -> float:
        # readings that never varied, such as those of a brand without mentions, have a variance of 0
        return max(math.sqrt(self._variance), 1e-6, 1e-6 * abs(self._mean))

    def _height(self, reading: float) -> float:
        return math.log1p(max(0.0, reading - self._mean) / self._spread())

    def _learn_reading(self, start_ms: int, reading: float, hours: float) -> None:
        if self._hours >= _WARM_HOURS:
            height = self._height(reading)
            value = self._extremes.value([height])
            if value >= 1:
                self._refractory.learn(start_ms, value)
            if self._extremes.learn([height], hours):
                self._extremes.refit(0.0)
            limit = _WINSOR * self._spread()
            reading = min(max(reading, self._mean - limit), self._mean + limit)
        rate = 1 - 0.5 ** (hours / _READING_HOURS)
        self._hours = self._hours * (1 - rate) + hours
        rate = max(rate, hours / self._hours)
        difference = reading - self._mean
        self._mean += rate * difference
        self._variance = (1 - rate) * (self._variance + rate * difference * difference)


def _lesson(grain: float) -> Sequence[float]:
    """Return artificial numbers, as many as a new detector is trained on: 20 to 42 times the grain, each unlike the
    previous one."""
    return [grain * (20 + index * 7919 % 23) for index in range(KEPT_BUCKETS)]
