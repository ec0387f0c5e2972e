"""Buckets that had closed when further mentions of them arrived, as from a source that catches up after an outage.

What arrives late of a bucket is only a part of it, so it teaches nothing. But a part that is anomalous by itself is a
storm, of which nobody may have heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.core.rollup.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.records import Mention

MAX_BUCKETS: Final = 12
"""Late buckets of a brand that are remembered, those that got mentions last. A source catches up in order of time, and
so has few at once."""


class LateBuckets:
    """The late mentions of the latest buckets that got any.

    Examples
    --------
    >>> late = LateBuckets()
    >>> late.add(300_000, 7_200_000, []) is late.add(300_000, 7_210_000, [])
    True
    >>> late.forget(7_210_001)
    >>> list(late.since(0))
    []
    """

    def __init__(self) -> None:
        self._tallies: dict[int, tuple[int, Tally]] = {}

    def add(self, start_ms: int, at_ms: int, mentions: Iterable[Mention]) -> Tally:
        """Count mentions that arrive at some event time, and return the counts of all late mentions of their bucket."""
        _, tally = self._tallies.pop(start_ms, (at_ms, Tally()))
        tally.add(mentions)
        self._tallies[start_ms] = at_ms, tally
        if len(self._tallies) > MAX_BUCKETS:
            del self._tallies[next(iter(self._tallies))]
        return tally

    def since(self, start_ms: int) -> Iterator[tuple[int, Tally]]:
        """Yield start and counts of the buckets that start at `start_ms` or later."""
        return ((start, tally) for start, (_, tally) in self._tallies.items() if start >= start_ms)

    def forget(self, before_ms: int) -> None:
        """Forget the buckets that got no mentions since an event time."""
        self._tallies = {start: entry for start, entry in self._tallies.items() if entry[0] >= before_ms}

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [[start, at_ms, tally.dump()] for start, (at_ms, tally) in self._tallies.items()]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._tallies = {start: (at_ms, Tally.load(tally)) for start, at_ms, tally in values}
