"""Sets of thresholds to choose from by one word."""

from __future__ import annotations

from typing import Any, Final, Literal

from detectors import registry

Preset = Literal["calm", "balanced", "sensitive"]

RARENESS: Final[dict[Preset, float]] = {"calm": 2.0, "balanced": 1.0, "sensitive": 0.5}
"""How many times as rare as by default a bucket must be before a detector calls it anomalous."""

_RARENESS_PARAMETER: Final = "once_in_days"


def thresholds(preset: Preset, kind: str) -> dict[str, Any]:
    """What a preset sets of a kind of detector; nothing where the kind is unknown.

    >>> thresholds("calm", "volume"), thresholds("sensitive", "volume")
    ({'once_in_days': 14.0}, {'once_in_days': 3.5})
    """
    if kind not in registry.KINDS:
        return {}
    default = registry.parameters(kind)[_RARENESS_PARAMETER].default
    return {_RARENESS_PARAMETER: RARENESS[preset] * default}
