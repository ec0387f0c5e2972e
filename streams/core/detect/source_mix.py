"""Which sources mention a brand, and how much of its mentions a bucket can have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from streams.core.rollup.frequent import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from streams.core.rollup.tally import Tally

_SHARE_ALPHA: Final = 0.01
"""Weight of one bucket in a brand's usual mix of sources: about eight hours of five-minute buckets."""


class SourceMix:
    """The shares of the sources in the usual mentions of one brand.

    Examples
    --------
    >>> mix = SourceMix()
    >>> mix.load([("forum", 0.75), ("news", 0.25)])
    >>> mix.coverage({"news"}, {}), mix.coverage(frozenset(), {"forum": 0.5})
    (0.75, 0.625)
    """

    def __init__(self) -> None:
        self._shares: dict[str, float] = {}

    def uses(self, source: str) -> bool:
        """Return whether a source has mentioned the brand lately."""
        return source in self._shares

    def coverage(self, out: AbstractSet[str], missing: Mapping[str, float]) -> float:
        """Return the share of the usual mentions that the sources can have delivered; `fsum` makes it independent of
        their order.

        Parameters
        ----------
        out
            Sources that are out.
        missing
            By source with gaps, the share of the time that they cover.
        """
        if not out and not missing:
            return 1.0
        total = math.fsum(self._shares.values())
        delivered = math.fsum(
            share * (1 - missing.get(source, 0.0)) for source, share in self._shares.items() if source not in out
        )
        return delivered / total if total else 1.0

    def learn(self, tally: Tally) -> None:
        """Learn a closed bucket to which every source delivered."""
        if not tally.count:
            return
        shares = self._shares
        for source in shares.keys() | tally.sources.keys():
            share = shares.get(source, 0.0)
            shares[source] = share + _SHARE_ALPHA * (tally.sources.get(source, 0) / tally.count - share)
        for source in sorted(shares, key=lambda source: (shares[source], source))[:-KEPT]:
            del shares[source]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return list(self._shares.items())

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._shares = dict(values)


def likely_coverage(least: float, most: float, count: float, usual: float | None) -> float:
    """Return the share of the usual mentions that a bucket with gaps is taken to have received.

    Posts *may* be missing in a gap: they may also have been delivered, in part or all. So as much is taken to be
    missing as explains why the count falls short of the usual, and no more: neither is a bucket with a gap a fall, nor
    are mentions that came despite the gap a rise.

    Parameters
    ----------
    least
        The share if nothing was delivered of the gaps.
    most
        The share if all was delivered.
    count
        Mentions in the bucket.
    usual
        Mentions expected of a bucket without gaps; None if unknown, so that as much as possible counts as missing.

    Examples
    --------
    >>> [likely_coverage(0.25, 1.0, count, usual=8.0) for count in (0, 4, 8, 80)]
    [0.25, 0.5, 1.0, 1.0]
    """
    if usual is None:
        return least
    return min(most, max(least, count / usual)) if usual > 0 else most
