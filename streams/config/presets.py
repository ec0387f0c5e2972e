"""Define presets: sets of thresholds that one word selects."""

from __future__ import annotations

from typing import Any, Final, Literal

from detectors import registry

Preset = Literal["calm", "balanced", "sensitive"]

RARENESS: Final[dict[Preset, float]] = {"calm": 2.0, "balanced": 1.0, "sensitive": 0.5}
"""Factor on the return period from which a detector calls a bucket anomalous."""

_RETURN_PERIOD: Final = "once_in_days"


def thresholds(preset: Preset, kind: str) -> dict[str, Any]:
    """Return the parameters that a preset sets for a kind of detector.

    There are none for an unknown kind, and for a kind without a return period.

    >>> thresholds("calm", "volume"), thresholds("sensitive", "volume")
    ({'once_in_days': 14.0}, {'once_in_days': 3.5})
    """
    if kind not in registry.KINDS:
        return {}
    period = registry.parameters(kind).get(_RETURN_PERIOD)
    return {} if period is None else {_RETURN_PERIOD: RARENESS[preset] * period.default}
