"""Platform load: how busy all brands together are in each minute of event time, compared with the usual."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from detectors.reference import GROUPS, Reference
from detectors.units import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.rollup.minute_counts import Minute


_TURN: Final = 1 << 20
"""More than the partitions of any topic: makes one key of a turn and a partition."""


class PlatformLoad:
    """The load by the minute, from the per-minute counts that scorers report for their partitions of `social.posts`.

    A minute is evaluated once the watermark has passed it: no partition gets more posts for it then.
    """

    def __init__(self) -> None:
        self._reference = Reference()
        self._reported: dict[int, dict[int, list[int]]] = {}
        self._evaluated_ms = -1
        self._ends: list[int] = []
        self._without: list[list[float]] = []

    def report(self, partition: int, minutes: Iterable[Minute]) -> None:
        """Add the counts of a partition; a later report of a minute in the same turn replaces an earlier one."""
        for minute, counts in minutes:
            turn = minute % MINUTE_MS
            if minute - turn >= self._evaluated_ms:
                self._reported.setdefault(minute - turn, {})[turn * _TURN + partition] = counts

    def advance(self, watermark_ms: int) -> None:
        """Evaluate the minutes that the watermark has passed, in order."""
        for start_ms in sorted(start for start in self._reported if start + MINUTE_MS <= watermark_ms):
            reports = self._reported.pop(start_ms).values()
            self._reference.learn(start_ms, MINUTE_MS, [sum(counts) for counts in zip(*reports, strict=True)])
            self._evaluated_ms = start_ms + MINUTE_MS
            self._ends.append(self._evaluated_ms)
            self._without.append([self._reference.without(group) for group in range(GROUPS)])

    def of_others(self, at_ms: int, group: int) -> float:
        """Return the load of the brands outside a group as a multiple of the usual; 1 if unknown."""
        index = bisect_right(self._ends, at_ms)
        return self._without[index - 1][group] if index else 1.0

    def forget(self, before_ms: int) -> None:
        """Drop the loads of moments before `before_ms`, except for the last."""
        drop = max(0, bisect_right(self._ends, before_ms) - 1)
        del self._ends[:drop], self._without[:drop]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        reported = [[start, list(reports.items())] for start, reports in self._reported.items()]
        loads = list(zip(self._ends, self._without, strict=True))
        return [self._evaluated_ms, reported, loads, self._reference.dump()]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._evaluated_ms, reported, loads, reference = values
        self._reported = {start: dict(reports) for start, reports in reported}
        self._ends = [end for end, _ in loads]
        self._without = [without for _, without in loads]
        self._reference.load(iter(reference))
