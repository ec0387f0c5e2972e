"""Authors of a partition of `social.posts` who write too much, for too long, to be one person.

A placeholder for authors that no list knows, or a service that posts for many, writes a large part of what a source
delivers, day and night. Somebody who floods a source does so for minutes or hours. So what counts is not how many posts
an author has written, but for how much time the author wrote a large part of the posts of a source.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from detectors.units import DAY_MS

if TYPE_CHECKING:
    from streams.records import Post

BLOCK_RECORDS: Final = 128
"""Offsets of a block. Blocks begin at multiples of it, so that they are the same wherever reading begins."""

_LEAST_POSTS: Final = 10
"""Posts of a source in a block from which shares of its authors are looked at."""

_LARGE_SHARE: Final = 0.2
"""Share of the posts of a source in a block from which one author is suspected to be many."""

_LEAST_MS: Final = DAY_MS
"""Time for which an author must have had such a share: nobody writes that much for a day and a night."""

_LEAST_SHARE_OF_TIME: Final = 0.5
"""Share of the time of the source for which an author must have had such a share."""

Authors = frozenset[str]
_Block = dict[str, tuple[int, Authors]]
"""By source: about the newest event time of its posts, and the authors who wrote a large share of them."""


class Crowds:
    """Finds such authors in the blocks before the present one.

    What is known is a function of the records of these blocks alone: a scorer that reads `recent` and `BLOCK_RECORDS`
    records before its position decides the same as the one before it.

    Parameters
    ----------
    recent
        Number of records that are remembered; fewer than a block turn this off.

    Examples
    --------
    >>> from streams.records import Post
    >>> crowds = Crowds(recent=10_000)
    >>> for offset in range(2_000):
    ...     author = "Reader" if offset % 2 else f"user{offset}"
    ...     crowds.add(offset, Post(str(offset), "news", offset * 60_000, "text", author))
    >>> crowds.is_crowd("news", "Reader"), crowds.is_crowd("news", "user2")
    (True, False)
    """

    def __init__(self, recent: int) -> None:
        self._kept = recent // BLOCK_RECORDS
        self._number = -1
        self._posts: dict[str, list[tuple[int, str | None]]] = {}
        self._blocks: deque[tuple[int, _Block]] = deque()
        self._found: frozenset[tuple[str, str]] = frozenset()

    def is_crowd(self, source: str, author: str | None) -> bool:
        """Return whether an author is not one person."""
        return author is not None and bool(self._found) and (source, author) in self._found

    def add(self, offset: int, post: Post) -> None:
        """Read the next post, repeats included."""
        number = offset // BLOCK_RECORDS
        if number != self._number:
            self._begin(number)
        self._posts.setdefault(post.source, []).append((post.ts_ms, post.author))

    def _begin(self, number: int) -> None:
        """Close the block and forget those that are too old."""
        if self._posts and self._kept:
            self._blocks.append((self._number, _closed(self._posts)))
        self._posts = {}
        self._number = number
        while self._blocks and self._blocks[0][0] < number - self._kept:
            self._blocks.popleft()
        self._found = _crowds([block for _, block in self._blocks])


def _closed(posts: dict[str, list[tuple[int, str | None]]]) -> _Block:
    block: _Block = {}
    for source, written in posts.items():
        if len(written) < _LEAST_POSTS:
            continue
        times = sorted(ts_ms for ts_ms, _ in written)
        counts = Counter(author for _, author in written)
        large = frozenset(author for author, count in counts.items() if author and count >= _LARGE_SHARE * len(written))
        block[source] = times[-1 - len(times) // 10], large  # not the newest: a few dates may be wrong
    return block


def _crowds(blocks: list[_Block]) -> frozenset[tuple[str, str]]:
    """Return the sources and names of the authors who had a large share for long enough.

    The time of a block is how far the source got beyond the newest time of the blocks before it, so that a flood of
    posts takes hardly any, and posts that are dated back take none.
    """
    if not any(large for block in blocks for _, large in block.values()):
        return frozenset()
    newest: dict[str, int] = {}
    of_source: Counter[str] = Counter()
    of_author: Counter[tuple[str, str]] = Counter()
    for block in blocks:
        for source, (until_ms, large) in block.items():
            gained_ms = until_ms - newest.setdefault(source, until_ms)
            if gained_ms <= 0:
                continue
            newest[source] = until_ms
            of_source[source] += gained_ms
            for author in large:
                of_author[source, author] += gained_ms
    return frozenset(
        (source, author)
        for (source, author), ms in of_author.items()
        if ms >= _LEAST_MS and ms >= _LEAST_SHARE_OF_TIME * of_source[source]
    )
