"""Which event times are believed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from detectors.units import DAY_MS, MINUTE_MS
from streams.errors import RecordError
from streams.records import Deletions, Envelope, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config import IngestSettings

CLOCK_SKEW_MS: Final = MINUTE_MS
"""How far the clocks of two brokers may be apart."""


def admit(ts_ms: int, now_ms: int, settings: IngestSettings) -> int:
    """Refuse impossible event times and clamp those slightly ahead to the present.

    Parameters
    ----------
    ts_ms
        Claimed event time, milliseconds since the epoch.
    now_ms
        The present: the wall clock at ingest, the broker's clock afterwards.

    Raises
    ------
    RecordError
        With a reason of ``timestamp_too_old`` or ``timestamp_in_future``.

    Examples
    --------
    >>> from streams.config import IngestSettings
    >>> admit(1_700_000_030_000, now_ms=1_700_000_000_000, settings=IngestSettings())
    1700000000000
    """
    if ts_ms > now_ms + settings.max_future_seconds * 1000:
        raise RecordError(
            "timestamp_in_future",
            f"dated {ts_ms - now_ms} ms ahead of the clock, "
            f"over ingest.max_future_seconds={settings.max_future_seconds:g}",
        )
    if ts_ms < _start_ms(settings.oldest_year):
        raise RecordError("timestamp_too_old", f"dated before ingest.oldest_year={settings.oldest_year}")
    return min(ts_ms, now_ms)


def check_scored(record: Envelope | Progress | Deletions, broker_ms: int, settings: IngestSettings) -> None:
    """Refuse a record of `social.mentions` that names a time no scorer would.

    A scorer clamps every post to the broker's clock, so nothing it tells lies ahead of it. What does comes from someone
    else, and would move the watermark to where every later post is late.

    Parameters
    ----------
    record
        As decoded.
    broker_ms
        When the broker took it.

    Raises
    ------
    RecordError
        With a reason of ``timestamp_too_old`` or ``timestamp_in_future``.
    """
    latest = broker_ms + CLOCK_SKEW_MS
    if isinstance(record, Progress):
        claims = max(record.watermark_ms, record.ingested_ms, record.idle_as_of_ms)
    elif isinstance(record, Deletions):
        claims = max(arrival_ms for arrival_ms, _, _ in record.posts)
    else:
        claims = record.ingested_ms
    times = list(_event_times(record))
    ahead = max(claims, *times) if times else claims
    if ahead > latest:
        raise RecordError("timestamp_in_future", f"names a time {ahead - broker_ms} ms ahead of the broker's clock")
    if times and min(times) < _start_ms(settings.oldest_year) - DAY_MS:
        raise RecordError("timestamp_too_old", f"names a time before ingest.oldest_year={settings.oldest_year}")


def _event_times(record: Envelope | Progress | Deletions) -> Iterator[int]:
    if isinstance(record, Progress):
        yield from (start for _, starts in record.active for start in starts)
        yield from (minute for minute, _ in record.pulse)
        if record.watermark_ms >= 0:
            yield record.watermark_ms
        return
    if isinstance(record, Deletions):
        yield from (arrival_ms for arrival_ms, _, _ in record.posts if arrival_ms >= 0)
        return
    for mention in record.mentions:
        yield mention.ts_ms
        yield mention.ts_ms + mention.behind_ms


"""Longer than a bucket, whose start may lie before the first event time."""


@lru_cache
def _start_ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000
