"""Which partitions of `social.posts` a scorer may read next, so that none runs far ahead of the others in event time.

Mentions wait in detect until all partitions have passed their time. A consumer that reads a backlog as fast as it can
gets a megabyte of one partition before it gets anything of the next: hours of event time, and thousands of mentions
that wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from streams.errors import RecordError
from streams.records import Post, posts_record_from_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from streams.core.score.admission import Row

MAX_AHEAD_MS: Final = 5_000
"""Event time by which a partition may be ahead of another that has records waiting."""

Partition = TypeVar("Partition")


def readable(event_times: Mapping[Partition, int], waiting: Collection[Partition]) -> list[Partition]:
    """Return the partitions that may be read.

    Parameters
    ----------
    event_times
        Newest event time read of each partition, -1 if there is none.
    waiting
        Those that have records to read; the others hold nobody back.

    Examples
    --------
    >>> readable({"a": 60_000, "b": 64_000, "c": 90_000, "d": 10}, {"a", "b", "c"})
    ['a', 'b', 'd']
    >>> readable({"a": 60_000, "c": 90_000}, set())
    ['a', 'c']
    """
    least = min((event_times[partition] for partition in waiting), default=None)
    return [partition for partition, at_ms in event_times.items() if least is None or at_ms <= least + MAX_AHEAD_MS]


def event_time(row: Row) -> int:
    """Return the event time of a record without checking it as scoring does, -1 if it has none."""
    _, broker_ms, value = row
    try:
        record = posts_record_from_bytes(value)
    except RecordError:
        return -1
    return min(record.ts_ms, broker_ms) if isinstance(record, Post) else -1
