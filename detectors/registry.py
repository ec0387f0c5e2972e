"""The registry of detectors: a new kind is one new file and one entry here."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from detectors.base import Detector, ParameterError
from detectors.composite import Composite
from detectors.drift import Drift
from detectors.multivariate import Multivariate
from detectors.parameters import AT_LEAST_TIMES, ONCE_IN_DAYS, REFRACTORY_HOURS, Parameter
from detectors.river_adapter import FEATURES, River
from detectors.sentiment_shift import SentimentShift
from detectors.tone_drift import ToneDrift
from detectors.volume import WAYS, Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KINDS: Final[Mapping[str, type[Detector]]] = {
    each.kind: each for each in (Volume, SentimentShift, Composite, Multivariate, Drift, ToneDrift, River)
}
"""The detectors by their kind."""

DEFAULTS: Final[Mapping[str, str]] = {"volume": "volume", "tone": "sentiment_shift", "crisis": "composite"}
"""The detectors of a config that names none: kinds by the name of the detector."""

_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    "once_in_days": {
        "type": "number",
        "minimum": ONCE_IN_DAYS[0],
        "maximum": ONCE_IN_DAYS[1],
        "description": "Return period in days from which a bucket is anomalous: how rarely chance alone causes one "
        "like it. Raise it for fewer alerts.",
    },
    "refractory_hours": {
        "type": "number",
        "minimum": REFRACTORY_HOURS[0],
        "maximum": REFRACTORY_HOURS[1],
        "description": "Hours after a detection within which another is suppressed, unless it is clearly stronger.",
    },
    "at_least_times": {
        "type": "number",
        "minimum": AT_LEAST_TIMES[0],
        "maximum": AT_LEAST_TIMES[1],
        "description": "Smallest anomaly as a multiple of the usual value (of mentions, negative share or negative "
        "mentions), however rare it is; 1 sets no limit.",
    },
    "direction": {
        "enum": list(WAYS),
        "description": "Direction of an anomaly: more mentions than usual (up), fewer (down), or both.",
    },
    "detector": {"type": "string", "description": "Name of a class of river.anomaly; filters are refused."},
    "params": {
        "type": ["object", "null"],
        "description": "Arguments of the river class; an object of river is written as "
        "{class: time_series.HoltWinters, alpha: 0.3}.",
    },
    "feature": {"enum": list(FEATURES), "description": "Count or share of each bucket that the river class scores."},
}
"""JSON Schema of each parameter by name; a parameter means the same for all kinds."""


@cache
def parameters(kind: str) -> Mapping[str, Parameter]:
    """Return the parameters of a kind of detector in config, by name.

    >>> parameters("volume")["once_in_days"].default
    7.0
    """
    return {
        name: Parameter(parameter.default, _SCHEMAS[name])
        for name, parameter in inspect.signature(KINDS[kind]).parameters.items()
        if name != "usual_posts_per_day"
    }


def build(kind: str, params: Mapping[str, Any], *, usual_posts_per_day: float | None = None) -> Detector:
    """Build a detector of the kind that config names, for one brand.

    Parameters
    ----------
    kind
        A key of `KINDS`.
    params
        Keyword arguments of the class, as read from config; missing ones have their defaults.
    usual_posts_per_day
        Known level of the brand, or None.

    Raises
    ------
    ParameterError
        If the kind or a parameter is unknown, or a value is not allowed; `parameter` names it.

    Examples
    --------
    >>> build("volume", {"once_in_days": 14}).kind
    'volume'
    >>> build("volume", {"once_in_days": 1})
    Traceback (most recent call last):
    ...
    detectors.base.ParameterError: once_in_days: must be a number from 2 to 3650, got 1
    """
    detector: Callable[..., Detector] | None = KINDS.get(kind)
    if detector is None:
        raise ParameterError("kind", f"unknown detector kind {kind!r}; there are {', '.join(KINDS)}")
    allowed = parameters(kind)
    for name in params:
        if name not in allowed:
            raise ParameterError(name, f"is not a parameter of kind {kind!r}; there are {', '.join(allowed)}")
    return detector(**params, usual_posts_per_day=usual_posts_per_day)
