"""How many authors wrote, and how evenly: exact for up to some thousand authors, estimated beyond."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from heapq import nlargest
from typing import TYPE_CHECKING, Any, Final

from streams.core.rollup.frequent import add_counts, most_frequent

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from streams.core.rollup.author_sketch import AuthorSketch

EXACT: Final = 4_096
"""Authors up to whom each is counted. Few incidents have more; that many take some 50 KB of state, a sketch 20 KB."""


class AuthorCounts:
    """Mentions by author in a span of event time; `add` and `merge` commute.

    Numbers are exact for up to `EXACT` authors, and come from a sketch for more. Either way they follow from how often
    each author wrote, whatever the order and the parts in which mentions were added.

    Attributes
    ----------
    unknown
        Mentions without a known author, exactly.
    by_author
        Mentions by known author: of all authors, or of the `frequent.KEPT` most frequent ones once there is a sketch.
    """

    __slots__ = ("_sketch", "by_author", "unknown")

    def __init__(self) -> None:
        self.unknown = 0
        self.by_author: dict[int, int] = {}
        self._sketch: AuthorSketch | None = None

    def add(self, by_author: Mapping[int, int], unknown: int = 0) -> None:
        """Add the mentions of a whole span, by known author and without one."""
        self.unknown += unknown
        if self._sketch is not None:
            self._sketch.add(by_author)
        self._count(by_author)

    def merge(self, other: AuthorCounts) -> None:
        """Add the mentions of other counts."""
        self.unknown += other.unknown
        if other._sketch is not None:
            self.sketch().merge(other._sketch)
        elif self._sketch is not None:
            self._sketch.add(other.by_author)
        self._count(other.by_author)

    def sketch(self) -> AuthorSketch:
        """Return the sketch; without one, go over to estimates first."""
        if self._sketch is None:
            self._sketch = _sketch_class()()
            self._sketch.add(self.by_author)
        return self._sketch

    def _count(self, by_author: Mapping[int, int]) -> None:
        add_counts(self.by_author, by_author)
        if self._sketch is None and len(self.by_author) > EXACT:
            self.sketch()
        if self._sketch is not None:
            self.by_author = most_frequent(self.by_author)

    @property
    def is_estimated(self) -> bool:
        """Whether the numbers are estimates."""
        return self._sketch is not None

    @property
    def distinct(self) -> int:
        """Number of known authors."""
        known = len(self.by_author)
        return known if self._sketch is None else max(known, self._sketch.authors)

    @property
    def known(self) -> int:
        """Mentions with a known author, exactly."""
        return sum(self.by_author.values()) if self._sketch is None else self._sketch.mentions

    @property
    def effective(self) -> float | None:
        """Effective number of known authors, None without any: so many authors who wrote equally much would be as
        concentrated.

        It is the inverse Simpson index or Hill number of order 2, 1 / sum of p^2 with an author's share p of the
        mentions (Hill, Diversity and evenness: a unifying notation and its consequences, Ecology 54(2), 1973).
        """
        mentions = self.known
        if not mentions:
            return None
        if self._sketch is None:
            return mentions * mentions / sum(count * count for count in self.by_author.values())
        return min(float(self.distinct), mentions * mentions / self._sketch.sum_of_squares)

    @property
    def sample(self) -> Collection[int]:
        """Known authors: all of them, or a random sample if the numbers are estimates."""
        return self.by_author.keys() if self._sketch is None else self._sketch.sample

    def largest(self, number: int) -> list[int]:
        """Return the mentions of each of the most active known authors, in descending order."""
        return nlargest(number, self.by_author.values()) if self._sketch is None else self._sketch.largest(number)

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        authors = b64encode(struct.pack(f"<{len(self.by_author)}Q", *self.by_author)).decode()
        sketch = None if self._sketch is None else self._sketch.dump()
        return [self.unknown, authors, list(self.by_author.values()), sketch]

    @classmethod
    def load(cls, values: list[Any]) -> AuthorCounts:
        """Restore counts that `dump` returned."""
        unknown, authors, mentions, sketch = values
        counts = cls()
        counts.unknown = unknown
        hashes = struct.unpack(f"<{len(mentions)}Q", b64decode(authors))
        counts.by_author = dict(zip(hashes, mentions, strict=True))
        counts._sketch = None if sketch is None else _sketch_class().load(sketch)
        return counts


def _sketch_class() -> type[AuthorSketch]:
    """Import the sketch, which takes half a second and 75 MB and which few incidents need."""
    from streams.core.rollup.author_sketch import AuthorSketch  # noqa: PLC0415

    return AuthorSketch
