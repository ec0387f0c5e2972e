"""How many buckets a second a detector scores and then learns from, on one core.

Measured in processor time, so that other work on the machine counts little. The floors are a fraction of what one core
of a small machine does. Run with ``-s`` to see the figures.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from detectors.base import Bucket
from detectors.registry import KINDS, build
from streams.config import BrandSettings, Config, MatchSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS = 20_000

FLOORS = {
    "volume": 35_000,
    "sentiment_shift": 20_000,
    "composite": 15_000,
    "multivariate": 5_000,
    "drift": 25_000,
    "tone_drift": 25_000,
    "river": 25_000,
}


def _history() -> list[Bucket]:
    draw = random.Random(3)
    counts = [draw.randrange(40) for _ in range(BUCKETS)]
    return [
        Bucket(
            index * 300_000,
            300_000,
            count,
            negative=count * draw.random() * 0.6,
            positive=count * 0.2,
            authors=count,
            sources={"forum": count // 2, "microblog": count - count // 2},
        )
        for index, count in enumerate(counts)
    ]


def _buckets_a_second(kinds: Sequence[str]) -> float:
    history = _history()
    best = 0.0
    for _ in range(3):
        detectors = [build(kind, {}, usual_posts_per_day=5_000.0) for kind in kinds]
        started = time.process_time()
        for bucket in history:
            for detector in detectors:
                detector.score_one(bucket)
            for detector in detectors:
                detector.learn_one(bucket)
        best = max(best, BUCKETS / (time.process_time() - started))
    print(f"\n{', '.join(kinds)}: {best:,.0f} buckets/s, scored and learned")
    return best


@pytest.mark.parametrize("kind", KINDS)
def test_updates_per_second(kind: str) -> None:
    assert _buckets_a_second([kind]) >= FLOORS[kind]


def test_updates_per_second_of_the_default_set() -> None:
    brands = [BrandSettings(id="nordtel", name="Nordtel", match=MatchSettings(any=["nordtel"]))]
    assert _buckets_a_second([detector.kind for detector in Config(brands=brands).detectors]) >= 8_000
