"""Gaps of sources that are known, as reported in one partition of `social.mentions`.

A gap counts from the moment of event time at which it became known, like a mention that arrived then: buckets that
close later are incomplete if they overlap it. So every run evaluates the same buckets as incomplete.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.rollup.high_water import HighWaterMarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.records import Gaps

MAX_GAPS: Final = 128
"""Gaps of one source that are remembered; more within some minutes come from a source that works in no other respect
either, and only the first of them count."""


class KnownGap(NamedTuple):
    """A gap of a source, and the event time from which on it counts."""

    source: str
    from_ms: int
    to_ms: int
    known_ms: int


class SourceGaps:
    """The gaps that buckets which are still open may overlap.

    Examples
    --------
    >>> from streams.records import Gaps
    >>> gaps = SourceGaps()
    >>> gaps.add(Gaps(0, "topic", [(7, 90, "forum", 20, 50)]), lambda arrival_ms: arrival_ms + 10)
    >>> gaps.missing(0, 60, at_ms=99), gaps.missing(0, 60, at_ms=100)
    ({}, {'forum': 0.5})
    """

    def __init__(self) -> None:
        self._marks = HighWaterMarks()
        self._known: list[KnownGap] = []

    def add(self, record: Gaps, known_at: Callable[[int], int]) -> None:
        """Add gaps; repeated ones change nothing.

        Parameters
        ----------
        record
            The gaps.
        known_at
            Returns the event time from which on a record counts that arrived at some event time.
        """
        mark = self._marks.of(record.partition, record.incarnation)
        if mark is None:
            return
        counts = Counter(gap.source for gap in self._known)
        for offset, arrival_ms, source, from_ms, to_ms in record.spans:
            if offset > mark.offset and counts[source] < MAX_GAPS:
                self._known.append(KnownGap(source, from_ms, to_ms, known_at(arrival_ms)))
                counts[source] += 1
        mark.offset = max(mark.offset, record.spans[-1][0])

    def missing(self, start_ms: int, end_ms: int, at_ms: int) -> dict[str, float]:
        """Return by source which share of a span its gaps cover, as far as they are known at an event time; sources
        without a gap in it are left out."""
        if not self._known:
            return {}
        spans: dict[str, list[tuple[int, int]]] = {}
        for source, from_ms, to_ms, known_ms in self._known:
            if known_ms <= at_ms and from_ms < end_ms and to_ms > start_ms:
                spans.setdefault(source, []).append((max(from_ms, start_ms), min(to_ms, end_ms)))
        return {source: _covered(of_source) / (end_ms - start_ms) for source, of_source in sorted(spans.items())}

    def between(self, start_ms: int, end_ms: int, after_ms: int, at_ms: int) -> list[KnownGap]:
        """Return the gaps, known at an event time, that overlap a span, and those that begin before its end and became
        known after another event time; in order of time."""
        found = {
            gap
            for gap in self._known
            if gap.known_ms <= at_ms and gap.from_ms < end_ms and (gap.to_ms > start_ms or gap.known_ms > after_ms)
        }
        return sorted(found, key=lambda gap: (gap.from_ms, gap.to_ms, gap.source))

    def forget(self, before_ms: int) -> None:
        """Drop the gaps that ended and became known before an event time."""
        if self._known:
            self._known = [gap for gap in self._known if max(gap.to_ms, gap.known_ms) >= before_ms]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [self._marks.dump(), [tuple(gap) for gap in self._known]]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        marks, known = values
        self._marks.load(marks)
        self._known = [KnownGap(*gap) for gap in known]


def _covered(spans: list[tuple[int, int]]) -> int:
    """Return the length of the union of spans."""
    covered, reached = 0, -1
    for from_ms, to_ms in sorted(spans):
        covered += max(0, to_ms - max(from_ms, reached))
        reached = max(reached, to_ms)
    return covered
