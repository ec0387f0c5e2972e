"""Which records of `social.mentions` are believed: those that a scorer may have written where they stand."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from streams.core.ingest.event_time import check_scored
from streams.core.score.partitioning import partition_of
from streams.errors import RecordError
from streams.records import Deletions, Envelope, Progress, mentions_record_from_bytes

if TYPE_CHECKING:
    from streams.config import Config

KNOWN_HOMES: Final = 16_384
"""Brands whose partition is remembered; hashing takes some microseconds."""


class MentionsValidator:
    """Decodes and checks.

    Parameters
    ----------
    config
        Sections `topics` and `ingest`.
    """

    def __init__(self, config: Config) -> None:
        self._settings = config.ingest
        self._partitions = partitions = config.topics.partitions
        self.home = lru_cache(KNOWN_HOMES)(lambda key: partition_of(key, partitions))
        """The partition of a key."""

    def read(self, partition: int, broker_ms: int, value: bytes | None) -> Envelope | Progress | Deletions:
        """Decode a record.

        Parameters
        ----------
        partition
            In which it stands.
        broker_ms
            When the broker took it, milliseconds since the epoch.
        value
            Its bytes.

        Raises
        ------
        RecordError
            If no scorer wrote it: reasons as of `mentions_record_from_bytes` and `check_scored`, and
            ``unknown_partition`` (of the posts), ``wrong_partition``.
        """
        content = mentions_record_from_bytes(value)
        if not 0 <= content.partition < self._partitions:
            raise RecordError("unknown_partition", f"there is no partition {content.partition} of the posts")
        check_scored(content, broker_ms, self._settings)
        if isinstance(content, Envelope) and self.home(content.brand.encode()) != partition:
            raise RecordError("wrong_partition", "mentions of a brand whose partition is another")
        return content
