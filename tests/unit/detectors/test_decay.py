"""What remains of learned numbers after a span of time, also one without data."""

from __future__ import annotations

import pytest

from detectors.base import Bucket
from detectors.decay import elapsed_ms, remaining
from detectors.units import HOUR_MS


def test_two_spans_leave_what_the_whole_span_leaves() -> None:
    (first,), (second,), (whole,) = (remaining(hours * HOUR_MS, (3.0,)) for hours in (1, 4, 5))
    assert first * second == pytest.approx(whole)


@pytest.mark.parametrize(
    ("end_ms", "elapsed"),
    [(-1, 300_000), (600_000, 300_000), (0, 900_000), (650_000, 300_000)],
    ids=["the first bucket", "the next bucket", "after a gap", "after an overlap"],
)
def test_time_without_data_passes_too(end_ms: int, elapsed: int) -> None:
    assert elapsed_ms(Bucket(start_ms=600_000, length_ms=300_000, count=1), end_ms) == elapsed
