"""Envelopes and deletions that can't take effect yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from streams.records import Envelope, mentions_record_from_bytes

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from collections.abc import Set as AbstractSet

    from streams.core.rollup.tally import Identity, Tally

MAX_BYTES: Final = 400_000
"""Bytes of pending envelopes in one partition; beyond it the oldest are dropped. They must fit into one record."""


class PendingEnvelopes:
    """Envelopes of one partition of `social.mentions` whose brands the detector's config does not name, oldest first.

    Scorers and detectors reload a changed config at different moments. Mentions of a brand that only the scorers know
    so far are kept, and counted later as if the brand had been known all along.
    """

    def __init__(self) -> None:
        self._envelopes: list[tuple[Envelope, bytes]] = []
        self._bytes = 0

    def add(self, envelope: Envelope) -> list[Envelope]:
        """Keep an envelope, and return the oldest ones that are dropped for it."""
        encoded = envelope.to_bytes()
        self._envelopes.append((envelope, encoded))
        self._bytes += len(encoded)
        dropped = []
        while self._bytes > MAX_BYTES:
            dropped.append(self._drop(0))
        return dropped

    def release(self, brands: Container[str]) -> list[Envelope]:
        """Return the envelopes of brands that are known now, in the order of their arrival, and keep the others."""
        found = [envelope for envelope, _ in self._envelopes if envelope.brand in brands]
        if found:
            self._envelopes = [each for each in self._envelopes if each[0].brand not in brands]
            self._bytes = sum(len(encoded) for _, encoded in self._envelopes)
        return found

    def forget(self, posts: AbstractSet[Identity]) -> bool:
        """Remove everything by which these posts could be shown; return whether there was any."""
        found = False
        for index, (envelope, _) in enumerate(self._envelopes):
            kept = [
                mention._replace(id="", url=None, text=None) if (mention.source, mention.id) in posts else mention
                for mention in envelope.mentions
            ]
            if kept != envelope.mentions:
                found = True
                changed = replace(envelope, mentions=kept)
                self._envelopes[index] = changed, changed.to_bytes()
        self._bytes = sum(len(encoded) for _, encoded in self._envelopes)
        return found

    def expire(self, before_ms: int) -> list[Envelope]:
        """Drop the envelopes that arrived before an event time, and return them."""
        old = [index for index, (envelope, _) in enumerate(self._envelopes) if _arrival_ms(envelope) < before_ms]
        return [self._drop(index) for index in reversed(old)]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [encoded.decode() for _, encoded in self._envelopes]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned.

        Raises
        ------
        RecordError
            If it is damaged.
        """
        for value in values:
            envelope = mentions_record_from_bytes(value.encode())
            if isinstance(envelope, Envelope):
                self.add(envelope)

    def _drop(self, index: int) -> Envelope:
        envelope, encoded = self._envelopes.pop(index)
        self._bytes -= len(encoded)
        return envelope


class PendingDeletions:
    """The deletions of one brand that the watermark has not passed.

    A deletion removes a post from everything that alerts may show; its counts stay. It takes effect like a mention,
    when the watermark passes the slot of its arrival: so every run shows the same posts at the same step, and the
    mention of the post, which arrived before, has become visible by then.

    Examples
    --------
    >>> deletions = PendingDeletions()
    >>> deletions.add(20, ("forum", "1"))
    >>> deletions.due(19), deletions.due(20)
    (False, True)
    """

    def __init__(self) -> None:
        self._pending: list[tuple[int, Identity]] = []

    def add(self, at_ms: int, post: Identity) -> None:
        """Schedule the deletion of a post for an event time."""
        if (at_ms, post) not in self._pending:
            self._pending.append((at_ms, post))

    def due(self, watermark_ms: int) -> bool:
        """Return whether the watermark has passed any."""
        return any(at_ms <= watermark_ms for at_ms, _ in self._pending)

    def apply(self, at_ms: int, tallies: Iterable[Tally]) -> int:
        """Remove the posts that are due at an event time from some tallies, and return the number of samples removed.

        They stay pending until `settle`.
        """
        posts = {post for due_ms, post in self._pending if due_ms <= at_ms}
        return sum(tally.forget(posts) for tally in tallies) if posts else 0

    def settle(self, watermark_ms: int) -> None:
        """Drop the deletions that the watermark has passed, after `apply`: their posts can't come back."""
        self._pending = [entry for entry in self._pending if entry[0] > watermark_ms]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [[at_ms, *post] for at_ms, post in self._pending]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._pending = [(at_ms, (source, id)) for at_ms, source, id in values]


def _arrival_ms(envelope: Envelope) -> int:
    return max((mention.ts_ms + mention.behind_ms for mention in envelope.mentions), default=0)
