"""Validation of records of `social.mentions`: a scorer must be able to have written them to their partition."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from detectors.units import DAY_MS, MINUTE_MS
from streams.core.ingest.event_time import earliest_ms
from streams.core.score.partitioning import partition_of
from streams.errors import RecordError
from streams.records import (
    AuthorDeletions,
    Deletions,
    Envelope,
    Gaps,
    Progress,
    mentions_record_from_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config import Config, IngestSettings
    from streams.records import MentionsContent

KNOWN_HOMES: Final = 16_384
"""Brands whose partition is remembered; hashing takes some microseconds."""

CLOCK_SKEW_MS: Final = MINUTE_MS
"""Largest difference between the clocks of two brokers that is allowed for."""

_LONGEST_BUCKET_MS: Final = DAY_MS
"""The start of a bucket may lie before the earliest event time, by less than this."""


class MentionsValidator:
    """Decodes and checks records.

    Parameters
    ----------
    config
        Sections `topics` and `ingest`.
    """

    def __init__(self, config: Config) -> None:
        self._settings = config.ingest
        self._partitions = partitions = config.topics.partitions
        self.home = lru_cache(KNOWN_HOMES)(lambda key: partition_of(key, partitions))
        """Return the partition of a key."""

    def read(self, partition: int, broker_ms: int, value: bytes | None) -> MentionsContent:
        """Decode and check one record.

        Parameters
        ----------
        partition
            Partition of `social.mentions` that holds the record.
        broker_ms
            Broker time of the record, milliseconds since the epoch.
        value
            Bytes of the record.

        Raises
        ------
        RecordError
            If no scorer wrote it, with a reason of `mentions_record_from_bytes`, ``unknown_partition`` (of the posts),
            ``wrong_partition``, ``timestamp_too_old`` or ``timestamp_in_future``.
        """
        content = mentions_record_from_bytes(value)
        if not 0 <= content.partition < self._partitions:
            raise RecordError("unknown_partition", f"there is no partition {content.partition} of the posts")
        _check_times(content, broker_ms, self._settings)
        if isinstance(content, Envelope) and self.home(content.brand.encode()) != partition:
            raise RecordError("wrong_partition", "mentions of a brand whose partition is another")
        return content


def _check_times(record: MentionsContent, broker_ms: int, settings: IngestSettings) -> None:
    """Refuse a record that names a time no scorer would.

    A scorer clamps every post to the broker's clock, so none of its times lies ahead of that clock. A record with such
    a time comes from another client, and would move the watermark to where every later post is late.
    """
    if isinstance(record, Progress):
        latest = max(record.watermark_ms, record.newest_ms, record.ingested_ms, record.idle_as_of_ms)
    else:
        latest = record.ingested_ms if isinstance(record, Envelope) else -1
    times = list(_event_times(record))
    latest = max(latest, *times) if times else latest
    if latest > broker_ms + CLOCK_SKEW_MS:
        raise RecordError("timestamp_in_future", f"names a time {latest - broker_ms} ms ahead of the broker's clock")
    if times and min(times) < earliest_ms(settings) - _LONGEST_BUCKET_MS:
        raise RecordError("timestamp_too_old", f"names a time before ingest.oldest_year={settings.oldest_year}")


def _event_times(record: MentionsContent) -> Iterator[int]:
    if isinstance(record, Progress):
        yield from (start for _, starts in record.active for start in starts)
        yield from (minute for minute, _ in record.pulse)
        yield from (time_ms for time_ms in (record.watermark_ms, record.newest_ms) if time_ms >= 0)
        return
    if isinstance(record, Deletions):
        yield from (arrival_ms for arrival_ms, _, _ in record.posts if arrival_ms >= 0)
        return
    if isinstance(record, AuthorDeletions):
        yield from (arrival_ms for _, arrival_ms, _ in record.authors if arrival_ms >= 0)
        return
    if isinstance(record, Gaps):
        yield from (arrival_ms for _, arrival_ms, *_ in record.spans if arrival_ms >= 0)
        yield from (bound_ms for *_, from_ms, to_ms in record.spans for bound_ms in (from_ms, to_ms))
        return
    for mention in record.mentions:
        yield mention.ts_ms
        yield mention.ts_ms + mention.behind_ms
