"""Counts with a known truth, and what a detector makes of them."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from detectors.base import Bucket
from detectors.units import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.base import Detector, Score

START_MS = 1_700_006_400_000


def poisson(draw: random.Random, mean: float) -> int:
    """A Poisson number: Knuth's product for small means, the normal limit for large ones."""
    if mean > 40:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        number += 1
    return number


def buckets(
    days: float,
    per_day: Callable[[float], float],
    *,
    seed: int = 1,
    minutes: int = 5,
    rhythm: float = 0.6,
    negative: Callable[[float], float] = lambda _: 0.3,
    start_ms: int = START_MS,
) -> list[Bucket]:
    """Poisson counts with a daily rhythm; `per_day` and `negative` (a share) are functions of the day, a fraction."""
    draw = random.Random(seed)
    out = []
    for index in range(int(days * 1440 / minutes)):
        day = index * minutes / 1440
        count = poisson(draw, per_day(day) * minutes / 1440 * (1 + rhythm * math.sin(2 * math.pi * day)))
        share = negative(day)
        said = sum(0.9 if draw.random() < share else 0.1 for _ in range(count)) if count < 10_000 else count * share
        out.append(
            Bucket(start_ms=start_ms + index * minutes * 60_000, length_ms=minutes * 60_000, count=count, negative=said)
        )
    return out


def watch(detector: Detector, history: Iterable[Bucket]) -> list[tuple[float, Score]]:
    """Score and then learn each bucket; the day of the bucket, counted from `START_MS`, with its score."""
    out = []
    for bucket in history:
        out.append(((bucket.start_ms - START_MS) / DAY_MS, detector.score_one(bucket)))
        detector.learn_one(bucket)
    return out


def fired(scores: Iterable[tuple[float, Score]]) -> list[float]:
    """Days at which the detector fired."""
    return [day for day, score in scores if score.fires]


def cells(table: str) -> list[list[str]]:
    """Return the cells of a Markdown table, row by row."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
