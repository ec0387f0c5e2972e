"""Values of a position that was saved, which another version may have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.sources.live.base import Position


def number_in(saved: Position, name: str) -> int:
    """Return a positive integer in a position or a part of one; 0 if there is none.

    >>> number_in({"at_ms": 7, "id": "7"}, "at_ms"), number_in({"at_ms": -7}, "at_ms"), number_in({}, "at_ms")
    (7, 0, 0)
    """
    value = saved.get(name)
    return value if type(value) is int and value > 0 else 0
