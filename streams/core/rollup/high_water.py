"""High-water marks: how far a partition of `social.posts` has been counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

REMEMBERED: Final = 4
"""Earlier topic IDs whose late records are recognised, so that they are not mistaken for those of a new topic."""


@dataclass(slots=True)
class HighWaterMark:
    """The highest offset counted, and the ID of the topic that it belongs to.

    Examples
    --------
    >>> mark = HighWaterMark("first", offset=41)
    >>> mark.admits("first"), mark.offset
    (True, 41)
    >>> mark.admits("second"), mark.offset, mark.admits("first")
    (True, -1, False)
    """

    topic_id: str
    offset: int = -1
    retired: list[str] = field(default_factory=list)

    def admits(self, topic_id: str) -> bool:
        """Return whether a record from a topic with this ID counts; the first record of a new topic resets the
        offset."""
        if topic_id == self.topic_id:
            return True
        if topic_id in self.retired:
            return False
        self.retired = [*self.retired[1 - REMEMBERED :], self.topic_id]
        self.topic_id, self.offset = topic_id, -1
        return True

    def dump(self) -> list[Any]:
        """Return the arguments that construct an equal mark."""
        return [self.topic_id, self.offset, self.retired]


class HighWaterMarks:
    """The high-water mark of each partition of `social.posts`.

    Examples
    --------
    >>> marks = HighWaterMarks()
    >>> if mark := marks.of(0, "first"):
    ...     mark.offset = 41
    >>> marks.dump()
    [[0, 'first', 41, []]]
    """

    def __init__(self) -> None:
        self._marks: dict[int, HighWaterMark] = {}

    def of(self, partition: int, topic_id: str) -> HighWaterMark | None:
        """Return the mark of a partition for a record from a topic with this ID; None if the record does not count."""
        mark = self._marks.setdefault(partition, HighWaterMark(topic_id))
        return mark if mark.admits(topic_id) else None

    def dump(self) -> list[list[Any]]:
        """Return the state as plain values for JSON."""
        return [[partition, *mark.dump()] for partition, mark in self._marks.items()]

    def load(self, values: list[list[Any]]) -> None:
        """Restore the state that `dump` returned."""
        self._marks = {partition: HighWaterMark(*mark) for partition, *mark in values}
