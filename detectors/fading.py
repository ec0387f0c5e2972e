"""How what was seen fades with time: by half-lives, also over time of which nothing is known."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from detectors.base import Bucket


@lru_cache(maxsize=256)
def kept(span_ms: int, half_lives: tuple[float, ...]) -> tuple[float, ...]:
    """What is left after a span of time, for each half-life in hours.

    >>> kept(HOUR_MS, (1.0, 0.5))
    (0.5, 0.25)
    """
    return tuple(0.5 ** (span_ms / HOUR_MS / half_life) for half_life in half_lives)


def passed_ms(bucket: Bucket, end_ms: int) -> int:
    """Time from the end of the latest bucket (-1 without any) to the end of this one; at least its own length."""
    return bucket.length_ms + (max(0, bucket.start_ms - end_ms) if end_ms >= 0 else 0)
