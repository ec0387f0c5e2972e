"""Repetition memory: the texts and authors of a brand in about the last half hour.

Accounts that repeat themselves do so over many buckets, so a bucket alone does not show them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.core.rollup.frequent import most_frequent
from streams.core.rollup.tally import Repeated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.rollup.tally import Tally

_HALF_LIFE_SECONDS: Final = 1_200
_LEAST: Final = 0.4
"""Weight below which an entry is dropped: a single mention a little after the half-life, many mentions later."""

_KEPT: Final = 64
"""Texts, and authors, that are remembered: a spam wave repeats few."""

_NOTHING: Final = Repeated(0, 0, 0)


class RepetitionMemory:
    """Signatures and authors of earlier buckets, with exponentially fading weights.

    Parameters
    ----------
    bucket_seconds
        Length of a bucket.
    """

    def __init__(self, bucket_seconds: int) -> None:
        self._kept = 0.5 ** (bucket_seconds / _HALF_LIFE_SECONDS)
        self._signatures: dict[int, float] = {}
        self._authors: dict[int, float] = {}

    def repeated(self, tally: Tally) -> Repeated:
        """Count the mentions of a bucket that repeat earlier ones or one another.

        Unknown authors never count as repeating.
        """
        copies = negative = 0
        for signature, (count, total) in tally.signatures.items():
            again = count if signature in self._signatures else count - 1
            if again:
                copies += again
                negative += total * again // count
        if not copies:
            return _NOTHING
        by_repeaters = sum(
            count if author in self._authors else count - 1 for author, count in tally.authors.by_author.items()
        )
        spam = min(copies, by_repeaters)
        return Repeated(copies, spam, negative * spam // copies)

    def learn(self, tally: Tally) -> None:
        """Add a closed bucket."""
        self._signatures = self._faded(self._signatures, {key: count for key, (count, _) in tally.signatures.items()})
        self._authors = self._faded(self._authors, tally.authors.by_author)

    def _faded(self, known: Mapping[int, float], fresh: Mapping[int, int]) -> dict[int, float]:
        faded = {key: weight * self._kept for key, weight in known.items() if weight * self._kept >= _LEAST}
        for key, count in fresh.items():
            if key:
                faded[key] = faded.get(key, 0.0) + count
        return most_frequent(faded, _KEPT)

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [list(self._signatures.items()), list(self._authors.items())]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._signatures, self._authors = map(dict, values)
