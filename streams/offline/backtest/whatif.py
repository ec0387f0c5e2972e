"""Compute how often each detector would have fired at other thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from detectors.extremes import reduced_variate
from detectors.registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.config import Config
    from streams.render.bucket_series import Array, BucketSeries

DAYS: Final = (2, 3, 4, 5, 7, 10, 14, 21, 30, 45, 60, 90, 180, 365)

QUIET_HOURS: Final = 6.0
"""Buckets over the threshold that are no further apart than this count as one firing."""


class Curve(NamedTuple):
    """Firings of a detector per brand and week at each ``once_in_days``, and the value in use if brands share one."""

    detector: str
    days: Sequence[float]
    firings: Sequence[float]
    in_use: float | None


def curves(config: Config, series_of: Mapping[str, BucketSeries]) -> list[Curve]:
    """Compute the curve of every detector from the scores that it gave.

    A score is the ratio of two reduced variates (`detectors.extremes`), so it determines at which ``once_in_days`` it
    would have been 1. Suppressed buckets count too. Detectors whose scores mean something else
    (`Detector.score_is_rarity`) are left out.
    """
    weeks = sum(len(series) * series.minutes for series in series_of.values()) / (7 * 24 * 60)
    settings = {brand.id: {each.name: each for each in config.detectors_of(brand)} for brand in config.brands}
    found = []
    for name in dict.fromkeys(name for of_brand in settings.values() for name in of_brand):
        counts = np.zeros(len(DAYS))
        used = set()
        for brand, series in series_of.items():
            detector = settings.get(brand, {}).get(name)
            values = series.column(name, "value")
            if detector is None or values is None or not KINDS[detector.kind].score_is_rarity:
                continue
            in_use = detector.params["once_in_days"]
            used.add(in_use)
            apart = QUIET_HOURS * 60 / series.minutes
            for place, days in enumerate(DAYS):
                threshold = reduced_variate(days) / reduced_variate(in_use)
                counts[place] += _firings(values, threshold, apart)
        if weeks and used:
            found.append(Curve(name, DAYS, (counts / weeks).tolist(), used.pop() if len(used) == 1 else None))
    return found


def _firings(values: Array, threshold: float, apart: float) -> int:
    over = np.flatnonzero(values >= threshold)
    return int(len(over) and 1 + np.count_nonzero(np.diff(over) > apart))
