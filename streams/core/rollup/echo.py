"""What was said of a brand in the last half hour or so, and by whom: accounts that repeat themselves do so over many
buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.rollup.tally import most_frequent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.rollup.tally import Tally

_HALF_LIFE_SECONDS: Final = 1_200
_LEAST: Final = 0.4
"""What was said once is forgotten after a little more than the half-life, what was said often later."""

_KEPT: Final = 64
"""Texts, and authors, that are remembered: a spam wave repeats few."""


class Repeated(NamedTuple):
    """Mentions whose text was there before; how many of them at most are by authors who were, too, and the summed
    probability of being negative of as many, in ten-thousandths."""

    copies: int
    spam: int
    spam_negative: int


class Echo:
    """Signatures and authors of the buckets before, fading.

    Parameters
    ----------
    bucket_seconds
        Length of a bucket.
    """

    def __init__(self, bucket_seconds: int) -> None:
        self._kept = 0.5 ** (bucket_seconds / _HALF_LIFE_SECONDS)
        self._signatures: dict[int, float] = {}
        self._authors: dict[int, float] = {}

    def repeated(self, signatures: Mapping[int, tuple[int, int]], authors: Mapping[int, int]) -> Repeated:
        """What of a bucket is a repetition.

        Parameters
        ----------
        signatures
            Of mentions that are no reposts: count and summed `negative`.
        authors
            Mentions of each; 0 is nobody in particular and never repeats anything.
        """
        copies = negative = 0
        for signature, (count, total) in signatures.items():
            again = count if signature in self._signatures else count - 1
            if again:
                copies += again
                negative += total * again // count
        if not copies:
            return _NOTHING
        by_repeaters = sum(
            count if author in self._authors else count - 1 for author, count in authors.items() if author
        )
        spam = min(copies, by_repeaters)
        return Repeated(copies, spam, negative * spam // copies)

    def learn(self, tally: Tally) -> None:
        """Take in a closed bucket."""
        self._signatures = self._faded(self._signatures, {key: count for key, (count, _) in tally.signatures.items()})
        self._authors = self._faded(self._authors, tally.authors)

    def _faded(self, known: Mapping[int, float], fresh: Mapping[int, int]) -> dict[int, float]:
        faded = {key: weight * self._kept for key, weight in known.items() if weight * self._kept >= _LEAST}
        for key, count in fresh.items():
            if key:
                faded[key] = faded.get(key, 0.0) + count
        return most_frequent(faded, _KEPT)

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        return [list(self._signatures.items()), list(self._authors.items())]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        self._signatures, self._authors = map(dict, values)


_NOTHING: Final = Repeated(0, 0, 0)
