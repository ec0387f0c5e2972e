"""The authors who usually write about a brand: a sketch of author hashes that forgets within weeks."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

from detectors.units import WEEK_MS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

BITS: Final = 3_072
"""Size of each of the two generations: 1 KB of state in all. A third of the authors of a brand with 1,200 regular ones
then share their bit with another."""

GENERATION_MS: Final = WEEK_MS
"""An author stays known for one to two of these after the latest mention."""

_FULLEST: Final = 0.9
"""Share of set bits from which the sketch no longer distinguishes authors."""


class KnownAuthors:
    """A Bloom filter with one hash function in two generations; author hashes are uniform already.

    >>> authors = KnownAuthors()
    >>> authors.learn(0, range(1, 101))
    >>> round(authors.newcomers(range(51, 151)))
    52
    """

    def __init__(self) -> None:
        self._since_ms = -1
        self._older = 0
        self._newer = 0

    def learn(self, at_ms: int, authors: Iterable[int]) -> None:
        """Add the known authors of a bucket."""
        if self._since_ms < 0:
            self._since_ms = at_ms
        passed = (at_ms - self._since_ms) // GENERATION_MS
        if passed > 0:
            self._older = self._newer if passed == 1 else 0
            self._newer = 0
            self._since_ms += passed * GENERATION_MS
        for author in authors:
            self._newer |= 1 << author % BITS

    def newcomers(self, authors: Collection[int]) -> float | None:
        """Estimate how many of some authors have not written lately; None if the sketch is empty or too full.

        An unknown author has the bit of a known one with a chance of `fill`, the share of the bits that are set: the
        number of unknown bits divided by 1 - `fill` is the estimate.
        """
        known = self._older | self._newer
        fill = known.bit_count() / BITS
        if not known or fill > _FULLEST:
            return None
        unknown = sum(not known >> author % BITS & 1 for author in authors)
        return min(float(len(authors)), unknown / (1 - fill))

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [self._since_ms, *(b64encode(bits.to_bytes(BITS // 8)).decode() for bits in (self._older, self._newer))]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._since_ms, *generations = values
        self._older, self._newer = (int.from_bytes(b64decode(bits)) for bits in generations)
