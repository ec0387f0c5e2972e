"""Posts that a brand has to forget: out of what alerts may show, while the counts stay.

A deletion takes effect like a mention, when the watermark passes the slot of its arrival: so every run shows the same
posts at the same step, and the mention of the post, which arrived before, has become visible by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.rollup.tally import Identity, Tally


class Forgetting:
    """The deletions of one brand that the watermark has not passed.

    Examples
    --------
    >>> forgetting = Forgetting()
    >>> forgetting.add(20, ("forum", "1"))
    >>> forgetting.due(19), forgetting.due(20)
    (False, True)
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Identity]] = []

    def add(self, at_ms: int, post: Identity) -> None:
        """Forget a post from some event time on."""
        if (at_ms, post) not in self._waiting:
            self._waiting.append((at_ms, post))

    def due(self, watermark_ms: int) -> bool:
        """Whether the watermark has passed any."""
        return any(at_ms <= watermark_ms for at_ms, _ in self._waiting)

    def apply(self, at_ms: int, tallies: Iterable[Tally]) -> int:
        """Take out of tallies what is to be forgotten by some event time, and return how many samples those were."""
        posts = {post for due_ms, post in self._waiting if due_ms <= at_ms}
        return sum(tally.forget(posts) for tally in tallies) if posts else 0

    def settle(self, watermark_ms: int) -> None:
        """Drop those that the watermark has passed, after `apply`: their posts can't come back."""
        self._waiting = [entry for entry in self._waiting if entry[0] > watermark_ms]

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        return [[at_ms, *post] for at_ms, post in self._waiting]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        self._waiting = [(at_ms, (source, id)) for at_ms, source, id in values]
