"""Anomaly detectors of the river library by name, and their scores read without side effects or saturation.

river is imported when the first such detector is built, not before: that takes a second.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from detectors.base import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULES: Final = ("linear_model", "neighbors", "optim", "preprocessing", "stats", "time_series")
"""Modules of river whose classes may be parameters. `utils` is not among them: the state that `TimeRolling` copies with
every value grows with its period."""

_SEED: Final = 0
"""Seed of detectors that draw random numbers, unless `params` sets one: a restart must draw the same numbers."""

_ROOM: Final = 4.0
"""Scale at which usual numbers, within two standard deviations, cover the middle half of 0..1."""

_SPARSEST: Final = 1e-6
"""Density below the resolution of a tree of any sensible height."""

GRACE: Final = 100
"""Numbers that a detector must have learned before it is read, as with `GaussianScorer`. With fewer, some raise, and
others divide by a variance of 0."""

_CONSTRUCTION_ERRORS: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""Exceptions that river raises for unsuitable arguments, often only when it learns."""


class Model:
    """A river detector of one number at a time.

    Parameters
    ----------
    detector
        The river object.
    feature
        Name of the number.
    grain
        The smallest meaningful difference: numbers that never varied are assumed to vary by less than this.
    """

    def __init__(self, detector: Any, feature: str, grain: float) -> None:
        self._detector = detector
        self._feature = feature
        self._grain = grain
        self._known = 0

    def learn(self, value: float) -> None:
        """Learn a number; if the arithmetic of river fails, the part that it has learned until then remains."""
        self._known += 1
        with suppress(ArithmeticError):
            self._learn(value)

    def reading(self, value: float) -> float | None:
        """Return how anomalous a number is, in the detector's own unit and without side effects; None if unknown."""
        if self._known < GRACE:
            return None
        try:
            score = self._reading(value)
        except ArithmeticError:
            return None
        return float(score) if score is not None and math.isfinite(score) else None

    def _learn(self, value: float) -> None:
        self._detector.learn_one({}, value)

    def _reading(self, value: float) -> float | None:
        # river's detectors return exactly 0 while they warm up
        return self._detector.score_one({}, value) or None


class _Gaussian(Model):
    """`GaussianScorer`: the reading is `z` itself, as the score ``erf(z / sqrt(2))`` is 1.0 from a `z` of 9."""

    def _reading(self, value: float) -> float | None:
        gaussian = self._detector.gaussian
        if gaussian.n_samples < max(2, self._detector.grace_period):
            return None
        sigma = gaussian.sigma
        # a rolling variance may fall below 0 by rounding, and its root is then complex
        spread = max(sigma, self._grain) if isinstance(sigma, float) else self._grain
        return float(abs(value - gaussian.mu) / spread)


class _Predictive(Model):
    """`PredictiveAnomalyDetection`: the reading is the square root of the quotient that its score cuts off at 1.0.
    Scoring changes its threshold, so that happens when the detector learns."""

    def _learn(self, value: float) -> None:
        if self._forecast() is not None:
            self._detector.score_one({}, value)
        self._detector.learn_one({}, value)

    def _reading(self, value: float) -> float | None:
        detector = self._detector
        forecast = self._forecast()
        if forecast is None or detector.iter < detector.warmup_period:
            return None
        spread = math.sqrt(max(0.0, detector.dynamic_se_variance.get()))
        threshold = detector.dynamic_mae.get() + detector.n_std * spread
        return abs(value - forecast) / max(math.sqrt(threshold), self._grain)

    def _forecast(self) -> float | None:
        model = self._detector.predictive_model
        try:
            if isinstance(model, _module("time_series").base.Forecaster):
                return float(model.forecast(self._detector.horizon)[0])
            return float(model.predict_one({}))
        except IndexError:  # Holt-Winters before its first season
            return None


class _Unsupervised(Model):
    """A detector of feature dicts, which `HalfSpaceTrees` expects between 0 and 1. The logistic function maps the
    standardised number there and leaves room for new extremes; with `MinMaxScaler`, the largest number so far and any
    larger one would coincide."""

    def __init__(self, detector: Any, feature: str, grain: float) -> None:
        super().__init__(detector, feature, grain)
        self._scaler = _module("preprocessing").StandardScaler()

    def _learn(self, value: float) -> None:
        self._scaler.learn_one({self._feature: value})
        self._detector.learn_one(self._scaled(value))

    def _reading(self, value: float) -> float | None:
        return self._detector.score_one(self._scaled(value)) or None

    def _scaled(self, value: float) -> dict[str, float]:
        standardised = self._scaler.transform_one({self._feature: value})[self._feature]
        return {self._feature: (1 + math.tanh(standardised / _ROOM)) / 2}


class _HalfSpace(_Unsupervised):
    """`HalfSpaceTrees`: the reading is the negative logarithm of the density. Its score, 0 until its first window is
    full, is 1 less an estimate of the density, so that all sparse regions lie close to 1.0."""

    def _reading(self, value: float) -> float | None:
        score = super()._reading(value)
        return None if score is None else -math.log(max(1 - score, _SPARSEST))


def build_model(name: str, params: Mapping[str, Any], feature: str, grain: float) -> Model:
    """Build a river detector that is ready to learn numbers.

    Parameters
    ----------
    name
        A class of ``river.anomaly``.
    params
        Its arguments. An object of river, from one of `MODULES`, is written as a mapping with its class and the
        arguments of that: ``{"class": "time_series.HoltWinters", "alpha": 0.3}``.
    feature, grain
        As for `Model`.

    Raises
    ------
    ParameterError
        If there is no such detector, or these arguments are not allowed.
    """
    detectors, base = _module("anomaly"), _module("base")
    kinds = (base.AnomalyDetector, base.SupervisedAnomalyDetector)
    allowed = [each for each in detectors.__all__ if issubclass(getattr(detectors, each), kinds)]
    if name not in allowed:
        found = getattr(detectors, str(name), None)
        if isinstance(found, type) and issubclass(found, base.AnomalyFilter):
            raise ParameterError(
                "detector", f"{name} is a filter, not a detector: name the detector, once_in_days is its threshold"
            )
        raise ParameterError("detector", f"river has no anomaly detector {name!r}, it has {', '.join(allowed)}")
    detector = _construct(getattr(detectors, name), params, "params")
    if name == "GaussianScorer":
        return _Gaussian(detector, feature, grain)
    if name == "PredictiveAnomalyDetection":
        return _Predictive(detector, feature, grain)
    if name == "HalfSpaceTrees":
        return _HalfSpace(detector, feature, grain)
    if isinstance(detector, base.SupervisedAnomalyDetector):
        return Model(detector, feature, grain)
    return _Unsupervised(detector, feature, grain)


def check_model(name: str, params: Mapping[str, Any], feature: str, grain: float, lesson: Sequence[float]) -> None:
    """Test a detector on artificial numbers, so that unsuitable arguments are found before anything depends on them.

    Raises
    ------
    ParameterError
        If it fails, or has no reading after the `lesson`, or the same one for a usual and for an absurd number.
    """
    problem = _problem(name, json.dumps(params, sort_keys=True), feature, grain, tuple(lesson))
    if problem:
        raise ParameterError("params", f"{name} {problem}")


@lru_cache(maxsize=64)
def _problem(name: str, params: str, feature: str, grain: float, lesson: tuple[float, ...]) -> str:
    """Return why the detector can't be used, or an empty string; cached, as all brands have the same detectors."""
    model = build_model(name, json.loads(params), feature, grain)
    try:
        for value in lesson:
            model.learn(value)
        usual, absurd = model.reading(lesson[-1]), model.reading(100 * max(lesson))
    except _CONSTRUCTION_ERRORS as error:
        return f"can't work with them: {error}"
    if absurd is None:
        return (
            f"has no reading after {len(lesson)} buckets, as many as a new one is trained on: "
            "give it a shorter window, grace or warm-up period"
        )
    return "" if usual is None or absurd > usual else "does not find 100 times the largest number it knows anomalous"


def _construct(cls: type, params: object, path: str) -> Any:
    if not isinstance(params, Mapping):
        raise ParameterError(path, f"must be a mapping of arguments, got {params!r}")
    allowed = list(inspect.signature(cls).parameters)
    for name in params:
        if name not in allowed:
            names = ", ".join(allowed)
            raise ParameterError(f"{path}.{name}", f"is not an argument of {cls.__name__}, which has {names}")
    arguments = {name: _argument(value, f"{path}.{name}") for name, value in params.items()}
    if "seed" in allowed and arguments.get("seed") is None:
        arguments["seed"] = _SEED
    try:
        return cls(**arguments)
    except _CONSTRUCTION_ERRORS as error:
        raise ParameterError(path, f"{cls.__name__} refuses them: {error}") from error


def _argument(value: object, path: str) -> Any:
    if not isinstance(value, Mapping) or "class" not in value:
        return value
    module, _, name = str(value["class"]).partition(".")
    cls = getattr(_module(module), name, None) if module in MODULES and name[:1].isupper() else None
    if not isinstance(cls, type):
        modules = ", ".join(MODULES)
        raise ParameterError(
            f"{path}.class", f"{value['class']!r} is no class of river's {modules}, such as stats.Mean"
        )
    return _construct(cls, {key: each for key, each in value.items() if key != "class"}, path)


def _module(name: str) -> Any:
    return importlib.import_module(f"river.{name}")
