"""Envelopes and deletions that can't take effect yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.rollup.high_water import HighWaterMarks
from streams.records import Envelope, mentions_record_from_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from collections.abc import Set as AbstractSet

    from streams.core.rollup.tally import Identity, Tally
    from streams.records import AuthorDeletions

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of pending envelopes in one partition; beyond it the oldest are dropped: some 70,000 mentions, in memory five
times as large."""


class PendingEnvelope(NamedTuple):
    """An envelope, and the bytes that are saved of it."""

    envelope: Envelope
    encoded: bytes


class PendingEnvelopes:
    """Envelopes of one partition of `social.mentions` whose brands the detector's config does not name, oldest first.

    Scorers and detectors reload a changed config at different moments. Mentions of a brand that only the scorers know
    so far are kept, and counted later as if the brand had been known all along. Each is saved under a number of its
    own, and only once: whoever adds a brand does so when it is talked about most.
    """

    def __init__(self) -> None:
        self._envelopes: dict[int, PendingEnvelope] = {}
        self._bytes = 0
        self._changed: set[int] = set()

    def add(self, envelope: Envelope) -> list[Envelope]:
        """Keep an envelope, and return the oldest ones that are dropped for it."""
        number = next(reversed(self._envelopes), -1) + 1
        self._keep(number, PendingEnvelope(envelope, envelope.to_bytes()))
        self._changed.add(number)
        dropped = []
        while self._bytes > MAX_BYTES:
            dropped.append(self._drop(next(iter(self._envelopes))))
        return dropped

    def release(self, brands: Container[str]) -> list[Envelope]:
        """Return the envelopes of brands that are known now, in the order of their arrival, and keep the others."""
        found = [number for number, pending in self._envelopes.items() if pending.envelope.brand in brands]
        return [self._drop(number) for number in found]

    def forget(self, posts: AbstractSet[Identity]) -> None:
        """Remove everything by which these posts could be shown."""
        for number in list(self._envelopes):
            self._clear(number, posts)

    def forget_authors(self, deletions: AuthorDeletions) -> None:
        """Remove everything by which the posts could be shown that these authors had written before, in the partition
        of `social.posts` that the deletions are from."""
        until = {author: offset for offset, _, author in deletions.authors}
        for number, (envelope, _) in list(self._envelopes.items()):
            if (envelope.partition, envelope.incarnation) == (deletions.partition, deletions.incarnation):
                gone = {
                    (mention.source, mention.id)
                    for mention in envelope.mentions
                    if mention.offset < until.get(mention.author, -1)
                }
                self._clear(number, gone)

    def expire(self, before_ms: int) -> list[Envelope]:
        """Drop the envelopes that arrived before an event time, and return them."""
        old = [number for number, pending in self._envelopes.items() if _arrival_ms(pending.envelope) < before_ms]
        return [self._drop(number) for number in old]

    def changed(self) -> dict[int, bytes | None]:
        """Return by number the bytes of each envelope that was added or changed since the last call, None for each
        that is no longer pending."""
        changed = {
            number: self._envelopes[number].encoded if number in self._envelopes else None
            for number in sorted(self._changed)
        }
        self._changed.clear()
        return changed

    def load(self, number: int, value: bytes) -> None:
        """Restore an envelope that `changed` returned; call it in the order of the numbers.

        Raises
        ------
        RecordError
            If it is damaged.
        """
        envelope = mentions_record_from_bytes(value)
        if isinstance(envelope, Envelope):
            self._keep(number, PendingEnvelope(envelope, value))

    def load_all(self, values: list[str]) -> None:
        """Add the envelopes that an earlier version saved in one entry.

        Raises
        ------
        RecordError
            If one is damaged.
        """
        for value in values:
            envelope = mentions_record_from_bytes(value.encode())
            if isinstance(envelope, Envelope):
                self.add(envelope)

    def _clear(self, number: int, posts: AbstractSet[Identity]) -> None:
        """Remove from an envelope everything by which these posts could be shown."""
        envelope = self._envelopes[number].envelope
        kept = [
            mention._replace(id="", url=None, text=None) if (mention.source, mention.id) in posts else mention
            for mention in envelope.mentions
        ]
        if kept != envelope.mentions:
            changed = replace(envelope, mentions=kept)
            self._keep(number, PendingEnvelope(changed, changed.to_bytes()))
            self._changed.add(number)

    def _keep(self, number: int, pending: PendingEnvelope) -> None:
        if number in self._envelopes:
            self._bytes -= len(self._envelopes[number].encoded)
        self._envelopes[number] = pending
        self._bytes += len(pending.encoded)

    def _drop(self, number: int) -> Envelope:
        envelope, encoded = self._envelopes.pop(number)
        self._bytes -= len(encoded)
        self._changed.add(number)
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
        self._pending: dict[int, dict[Identity, None]] = {}

    def add(self, at_ms: int, post: Identity) -> None:
        """Schedule the deletion of a post for an event time."""
        self._pending.setdefault(at_ms, {})[post] = None

    def due(self, watermark_ms: int) -> bool:
        """Return whether the watermark has passed any."""
        return any(at_ms <= watermark_ms for at_ms in self._pending)

    def apply(self, at_ms: int, tallies: Iterable[Tally]) -> int:
        """Remove the posts that are due at an event time from some tallies, and return the number of samples removed.

        They stay pending until `settle`.
        """
        posts = {post for due_ms, posts in self._pending.items() if due_ms <= at_ms for post in posts}
        return sum(tally.forget(posts) for tally in tallies) if posts else 0

    def settle(self, watermark_ms: int) -> None:
        """Drop the deletions that the watermark has passed, after `apply`: their posts can't come back."""
        self._pending = {at_ms: posts for at_ms, posts in self._pending.items() if at_ms > watermark_ms}

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [[at_ms, *post] for at_ms, posts in self._pending.items() for post in posts]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        self._pending = {}
        for at_ms, source, id in values:
            self.add(at_ms, (source, id))


class PendingAuthorDeletions:
    """The deletions of authors of one partition of `social.mentions` that the watermark has not passed.

    They take effect like those of posts, for all brands at the same event time: other than a post, an author may write
    again afterwards, so neither may an earlier deletion be repeated, nor a later post be deleted.
    """

    def __init__(self) -> None:
        self._marks = HighWaterMarks()
        self._pending: dict[int, set[int]] = {}

    def add(self, record: AuthorDeletions, visible_at: Callable[[int], int]) -> bool:
        """Schedule deletions; return whether any is new.

        Parameters
        ----------
        record
            The deletions; repeated ones change nothing.
        visible_at
            Returns the event time at which a record takes effect that arrived at some event time.
        """
        mark = self._marks.of(record.partition, record.incarnation)
        if mark is None:
            return False
        fresh = [(arrival_ms, author) for offset, arrival_ms, author in record.authors if offset > mark.offset]
        for arrival_ms, author in fresh:
            self._pending.setdefault(visible_at(arrival_ms), set()).add(author)
        mark.offset = max(mark.offset, record.authors[-1][0])
        return bool(fresh)

    def take(self, watermark_ms: int) -> list[tuple[int, set[int]]]:
        """Remove the deletions that the watermark has passed, and return them by event time, ascending."""
        return [(at_ms, self._pending.pop(at_ms)) for at_ms in sorted(self._pending) if at_ms <= watermark_ms]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [self._marks.dump(), [[at_ms, sorted(authors)] for at_ms, authors in self._pending.items()]]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        marks, pending = values
        self._marks.load(marks)
        self._pending = {at_ms: set(authors) for at_ms, authors in pending}


def _arrival_ms(envelope: Envelope) -> int:
    return max((mention.ts_ms + mention.behind_ms for mention in envelope.mentions), default=0)
