"""How far a topic has been read: the next offset of each partition, and the time up to which it is complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streams.sources.live.base import Position


@dataclass(slots=True)
class PartitionPosition:
    """The position in one partition.

    Attributes
    ----------
    offset
        Next offset to be read.
    seen_ms
        Event time up to which the partition has been read, milliseconds since the epoch: that of the last record, or
        the moment at which there was no further one.
    """

    offset: int
    seen_ms: int


@dataclass(slots=True)
class TopicPosition:
    """The position in a topic.

    Attributes
    ----------
    name, id
        The topic. One that was created again has another id; the id is empty where the broker has none.
    partitions
        Positions by partition.

    Examples
    --------
    >>> position = TopicPosition("raw", "abc", {0: PartitionPosition(17, 1_700_000_000_000)})
    >>> TopicPosition.of(position.saved()) == position
    True
    """

    name: str
    id: str
    partitions: dict[int, PartitionPosition] = field(default_factory=dict)

    def saved(self) -> Position:
        """Return the position as values of JSON."""
        partitions = {str(number): [each.offset, each.seen_ms] for number, each in self.partitions.items()}
        return {"topic": self.name, "id": self.id, "partitions": partitions}

    @classmethod
    def of(cls, saved: Position | None) -> TopicPosition | None:
        """Return a position from its saved form; None if it is none, as the cursor of another kind of source."""
        try:
            parts: dict[str, Any] = (saved or {})["partitions"]
            found = {int(number): PartitionPosition(int(each[0]), int(each[1])) for number, each in parts.items()}
            return cls(str((saved or {})["topic"]), str((saved or {})["id"]), found)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return None
