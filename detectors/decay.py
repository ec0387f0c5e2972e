"""Exponential decay by half-lives, also over time without data."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from detectors.base import Bucket


@lru_cache(maxsize=256)
def remaining(span_ms: int, half_lives: tuple[float, ...]) -> tuple[float, ...]:
    """Return the remaining weight after a span of time, for each half-life in hours.

    >>> remaining(HOUR_MS, (1.0, 0.5))
    (0.5, 0.25)
    """
    return tuple(0.5 ** (span_ms / HOUR_MS / half_life) for half_life in half_lives)


def elapsed_ms(bucket: Bucket, end_ms: int) -> int:
    """Return the time from the end of the latest bucket (-1 without any) to the end of this one, at least its
    length."""
    return bucket.length_ms + (max(0, bucket.start_ms - end_ms) if end_ms >= 0 else 0)
