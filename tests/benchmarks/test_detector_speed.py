"""How many buckets a second a detector scores and then learns from, on one core.

Measured in processor time, so that other work on the machine counts little. The floors are a fraction of what one core
of a small machine does. Run with ``-s`` to see the figures.
"""

from __future__ import annotations

import random
import time

import pytest

from detectors.base import Bucket
from detectors.registry import KINDS, build

BUCKETS = 20_000

FLOORS = {
    "volume": 35_000,
    "sentiment_shift": 20_000,
    "multivariate": 5_000,
    "drift": 25_000,
    "tone_drift": 25_000,
    "river": 25_000,
}


def _history() -> list[Bucket]:
    draw = random.Random(3)
    counts = [draw.randrange(40) for _ in range(BUCKETS)]
    return [
        Bucket(index * 300_000, 300_000, count, negative=count * draw.random() * 0.6)
        for index, count in enumerate(counts)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_updates_per_second(kind: str) -> None:
    history = _history()
    best = 0.0
    for _ in range(3):
        detector = build(kind, {}, usual_posts_per_day=5_000.0)
        started = time.process_time()
        for bucket in history:
            detector.score_one(bucket)
            detector.learn_one(bucket)
        best = max(best, BUCKETS / (time.process_time() - started))
    print(f"\n{kind}: {best:,.0f} buckets/s, scored and learned")
    assert best >= FLOORS[kind]
