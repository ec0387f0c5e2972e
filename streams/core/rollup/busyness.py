"""How busy the whole platform was in each minute of event time, from what the scorers tell of their partitions."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from detectors.reference import GROUPS, Reference
from detectors.units import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.rollup.minute_counts import Minute


class Busyness:
    """The reference over all brands, by the minute.

    A minute is taken once the watermark has passed it: then no partition has more of it.
    """

    def __init__(self) -> None:
        self._reference = Reference()
        self._untaken: dict[int, dict[int, list[int]]] = {}
        self._taken_ms = -1
        self._ends: list[int] = []
        self._without: list[list[float]] = []

    def tell(self, partition: int, minutes: Iterable[Minute]) -> None:
        """Take what a partition has up to some offset; a minute told again replaces what was told of it before."""
        for start_ms, counts in minutes:
            if start_ms >= self._taken_ms:
                self._untaken.setdefault(start_ms, {})[partition] = counts

    def advance(self, watermark_ms: int) -> None:
        """Take the minutes that have passed, in order."""
        for start_ms in sorted(start for start in self._untaken if start + MINUTE_MS <= watermark_ms):
            told = self._untaken.pop(start_ms).values()
            self._reference.learn(start_ms, MINUTE_MS, [sum(counts) for counts in zip(*told, strict=True)])
            self._taken_ms = start_ms + MINUTE_MS
            self._ends.append(self._taken_ms)
            self._without.append([self._reference.without(group) for group in range(GROUPS)])

    def of_others(self, at_ms: int, group: int) -> float:
        """How many times the usual was said of the brands outside a group in the last minutes; 1 if unknown."""
        index = bisect_right(self._ends, at_ms)
        return self._without[index - 1][group] if index else 1.0

    def forget(self, before_ms: int) -> None:
        """Drop what was kept for moments before, but for the last."""
        drop = max(0, bisect_right(self._ends, before_ms) - 1)
        del self._ends[:drop], self._without[:drop]

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        untaken = [[start, list(told.items())] for start, told in self._untaken.items()]
        return [self._taken_ms, untaken, list(zip(self._ends, self._without, strict=True)), self._reference.dump()]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        self._taken_ms, untaken, known, reference = values
        self._untaken = {start: dict(told) for start, told in untaken}
        self._ends = [end for end, _ in known]
        self._without = [without for _, without in known]
        self._reference.load(iter(reference))
