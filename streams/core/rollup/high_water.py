"""How far a partition of `social.posts` has been counted, in the topic as it is now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

REMEMBERED: Final = 4
"""Earlier incarnations of a topic whose stragglers are told from a new one."""


@dataclass(slots=True)
class Mark:
    """The highest offset seen, and the incarnation of the topic that it counts in.

    Examples
    --------
    >>> mark = Mark("first", offset=41)
    >>> mark.admits("first"), mark.offset
    (True, 41)
    >>> mark.admits("second"), mark.offset, mark.admits("first")
    (True, -1, False)
    """

    incarnation: str
    offset: int = -1
    retired: list[str] = field(default_factory=list)

    def admits(self, incarnation: str) -> bool:
        """Whether a record of that incarnation counts; with the first of a new one the offsets begin anew."""
        if incarnation == self.incarnation:
            return True
        if incarnation in self.retired:
            return False
        self.retired = [*self.retired[1 - REMEMBERED :], self.incarnation]
        self.incarnation, self.offset = incarnation, -1
        return True

    def dump(self) -> list[Any]:
        """The arguments that make an equal one."""
        return [self.incarnation, self.offset, self.retired]
