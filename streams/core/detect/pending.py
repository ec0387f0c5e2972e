"""Mentions of brands that the detector's config does not name.

Scorers and detectors take over a new config at different moments. What is said of a brand that only the scorers know so
far waits here, and is counted as if the brand had been known all along.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from streams.records import Envelope, mentions_record_from_bytes

if TYPE_CHECKING:
    from collections.abc import Container
    from collections.abc import Set as AbstractSet

    from streams.core.rollup.tally import Identity

MAX_BYTES: Final = 400_000
"""Bytes of envelopes that wait in one partition; beyond it the oldest are given up. They must fit into one record."""


class Waiting:
    """The envelopes of one partition of `social.mentions` that wait, oldest first."""

    def __init__(self) -> None:
        self._envelopes: list[tuple[Envelope, bytes]] = []
        self._bytes = 0

    def put(self, envelope: Envelope) -> list[Envelope]:
        """Let an envelope wait, and return the oldest ones that are dropped for it."""
        encoded = envelope.to_bytes()
        self._envelopes.append((envelope, encoded))
        self._bytes += len(encoded)
        dropped = []
        while self._bytes > MAX_BYTES:
            dropped.append(self._drop(0))
        return dropped

    def take(self, brands: Container[str]) -> list[Envelope]:
        """The envelopes of brands that are known now, in the order in which they came; they no longer wait."""
        found = [envelope for envelope, _ in self._envelopes if envelope.brand in brands]
        if found:
            self._envelopes = [each for each in self._envelopes if each[0].brand not in brands]
            self._bytes = sum(len(encoded) for _, encoded in self._envelopes)
        return found

    def forget(self, posts: AbstractSet[Identity]) -> bool:
        """Leave nothing of these posts by which they could be shown; tells whether there was any."""
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
        """As plain values for JSON."""
        return [encoded.decode() for _, encoded in self._envelopes]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave.

        Raises
        ------
        RecordError
            If it is damaged.
        """
        for value in values:
            envelope = mentions_record_from_bytes(value.encode())
            if isinstance(envelope, Envelope):
                self.put(envelope)

    def _drop(self, index: int) -> Envelope:
        envelope, encoded = self._envelopes.pop(index)
        self._bytes -= len(encoded)
        return envelope


def _arrival_ms(envelope: Envelope) -> int:
    return max((mention.ts_ms + mention.behind_ms for mention in envelope.mentions), default=0)
