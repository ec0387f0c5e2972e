"""Which event times are accepted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.config import IngestSettings
from streams.core.ingest.event_time import admit, earliest_ms
from streams.errors import RecordError

NOW_MS = 1_760_000_000_000
SETTINGS = IngestSettings(max_future_seconds=300, oldest_year=2000)
YEAR_2000_MS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize("ts_ms", [YEAR_2000_MS, NOW_MS - 1, NOW_MS])
def test_a_time_up_to_the_present_stays(ts_ms: int) -> None:
    assert admit(ts_ms, NOW_MS, SETTINGS) == ts_ms


@pytest.mark.parametrize("ahead_ms", [1, 300_000])
def test_a_time_slightly_ahead_becomes_the_present(ahead_ms: int) -> None:
    assert admit(NOW_MS + ahead_ms, NOW_MS, SETTINGS) == NOW_MS


@pytest.mark.parametrize(
    ("ts_ms", "reason"),
    [
        (NOW_MS + 300_001, "timestamp_in_future"),
        (10**15, "timestamp_in_future"),
        (YEAR_2000_MS - 1, "timestamp_too_old"),
        (0, "timestamp_too_old"),
        (-(10**15), "timestamp_too_old"),
    ],
)
def test_an_impossible_time_is_refused(ts_ms: int, reason: str) -> None:
    with pytest.raises(RecordError) as refused:
        admit(ts_ms, NOW_MS, SETTINGS)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("ts_ms", "shown"),
    [(0, "1970-01-01T00:00:00Z"), (4_070_908_800_000, "2099-01-01T00:00:00Z"), (2**62, f"{2**62} ms since 1970")],
)
def test_a_refusal_shows_the_time(ts_ms: int, shown: str) -> None:
    with pytest.raises(RecordError, match=f"dated {shown}, "):
        admit(ts_ms, NOW_MS, SETTINGS)


def test_the_earliest_time_is_the_beginning_of_the_oldest_year() -> None:
    assert earliest_ms(SETTINGS) == YEAR_2000_MS
