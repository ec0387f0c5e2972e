"""Every detector there is, and how config names it."""

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
    from collections.abc import Mapping

_Kind = type[Volume] | type[SentimentShift] | type[Composite] | type[Drift] | type[Multivariate] | type[River]

KINDS: Final[Mapping[str, _Kind]] = {
    "volume": Volume,
    "sentiment_shift": SentimentShift,
    "composite": Composite,
    "multivariate": Multivariate,
    "drift": Drift,
    "tone_drift": ToneDrift,
    "river": River,
}

_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    "once_in_days": {
        "type": "number",
        "minimum": ONCE_IN_DAYS[0],
        "maximum": ONCE_IN_DAYS[1],
        "description": "What happens by chance once in so many days or more rarely is anomalous: raise it for fewer "
        "alerts",
    },
    "refractory_hours": {
        "type": "number",
        "minimum": REFRACTORY_HOURS[0],
        "maximum": REFRACTORY_HOURS[1],
        "description": "After a firing, another within this time is held back unless things get clearly worse",
    },
    "at_least_times": {
        "type": "number",
        "minimum": AT_LEAST_TIMES[0],
        "maximum": AT_LEAST_TIMES[1],
        "description": "What is less than so many times the usual (mentions, negative share, negative mentions) is not "
        "anomalous, however rare; 1 asks for nothing",
    },
    "direction": {"enum": list(WAYS), "description": "Which way is anomalous: more than usual, less, or both"},
    "detector": {"type": "string", "description": "A class of river.anomaly"},
    "params": {
        "type": ["object", "null"],
        "description": "Its arguments; objects of river as {class: time_series.HoltWinters, alpha: 0.3}",
    },
    "feature": {"enum": list(FEATURES), "description": "The number of each bucket that it is given"},
}
"""What each parameter may be, by name: all kinds mean the same by it."""


@cache
def parameters(kind: str) -> Mapping[str, Parameter]:
    """What a kind of detector takes from config, by name.

    >>> parameters("volume")["once_in_days"].default
    7.0
    """
    return {
        name: Parameter(parameter.default, _SCHEMAS[name])
        for name, parameter in inspect.signature(KINDS[kind]).parameters.items()
        if name != "usual_posts_per_day"
    }


def build(kind: str, params: Mapping[str, Any], *, usual_posts_per_day: float | None = None) -> Detector:
    """Make a detector of the kind that config names, for one brand.

    Parameters
    ----------
    kind
        A key of `KINDS`.
    params
        Keyword arguments of the class, as read from config; what is left out has its default.
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
    detector = KINDS.get(kind)
    if detector is None:
        raise ParameterError("kind", f"{kind!r} is no kind of detector, allowed are {', '.join(KINDS)}")
    allowed = parameters(kind)
    for name in params:
        if name not in allowed:
            raise ParameterError(name, f"is no parameter of kind {kind!r}, which takes {', '.join(allowed)}")
    return detector(**params, usual_posts_per_day=usual_posts_per_day)
