"""A range of event time is open where no end is given, and wide enough for whole buckets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.config import WindowSettings
from streams.offline.backtest import TimeRange

MINUTE_MS = 60_000


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def test_a_range_without_ends_holds_everything() -> None:
    everything = TimeRange.given(None, None)
    assert everything == TimeRange()
    assert everything.holds(at(0))
    assert everything.holds(datetime(2100, 1, 1, tzinfo=UTC))
    assert str(everything) == "the beginning to the end"
    assert everything.whole_buckets(WindowSettings()) == everything


def test_a_range_holds_its_beginning_but_not_its_end() -> None:
    hour = TimeRange.given(60 * MINUTE_MS, 120 * MINUTE_MS)
    assert [hour.holds(at(minute * MINUTE_MS)) for minute in (59, 60, 119, 120)] == [False, True, True, False]
    assert str(hour) == "1970-01-01 01:00 UTC to 1970-01-01 02:00 UTC"


@pytest.mark.parametrize(
    ("begin", "end", "widened"), [(0, 5, (0, 5)), (1, 5, (0, 5)), (4, 6, (0, 10)), (5, 11, (5, 15))]
)
def test_a_range_is_widened_to_whole_buckets(begin: int, end: int, widened: tuple[int, int]) -> None:
    settings = WindowSettings(bucket_seconds=300)
    found = TimeRange(begin * MINUTE_MS, end * MINUTE_MS).whole_buckets(settings)
    assert found == (widened[0] * MINUTE_MS, widened[1] * MINUTE_MS)
