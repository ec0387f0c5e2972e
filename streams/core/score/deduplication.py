"""Which records of a partition of `social.posts` repeat a post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.recent import RecentSet
from streams.records import unambiguous_key

if TYPE_CHECKING:
    from streams.records import Deletion, Post


class Deduplicator:
    """Recognises a post that was among the last `ingest.recent_ids` records of its partition.

    Sources deliver posts more than once, and so does ingest after a crash. Two records are of the same post if source
    and ID agree, whatever else they say. Records are counted, unusable ones included, so that a scorer that reads as
    many records before its position drops the same repeats as the one before it.

    Parameters
    ----------
    recent_ids
        Number of records that are remembered.

    Examples
    --------
    >>> from streams.records import Post
    >>> posts = [Post(id, "forum", 0, "text") for id in ("a", "b", "a")]
    >>> deduplicator = Deduplicator(recent_ids=2)
    >>> [deduplicator.is_repeat(post) for post in posts]
    [False, False, True]
    """

    def __init__(self, recent_ids: int) -> None:
        self._recent: RecentSet[str] = RecentSet(recent_ids)

    def is_repeat(self, record: Post | Deletion | None) -> bool:
        """Remember one record, None for an unusable one, and return whether its post was there before."""
        return self._recent.add(None if record is None else unambiguous_key(record.source, record.id))
