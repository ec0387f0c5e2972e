"""Mentions of one brand that the watermark has not reached, and the chunks in which they are saved.

How many mentions are pending grows with the rate of a brand, and in a backlog with how far the partitions of
`social.posts` are apart. So they are saved once, in chunks of bounded size that are never changed, and not with every
state of their brand. A mention that is in a chunk is kept in memory as its bytes, which take a fifth of the space.
"""

from __future__ import annotations

from array import array
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.records import Mention

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from streams.core.rollup.tally import Identity

MAX_INLINE: Final = 64
"""Mentions that are saved with the other state of the brand; if there are more, they move to chunks. Most brands have
fewer, and need no further records."""

CHUNK_BYTES: Final = 262_144
"""Largest chunk; only a single mention may exceed it."""

_PLACE_BYTES: Final = 50
"""Upper bound of what a chunk needs beside a mention: slot, bucket and punctuation."""

CHUNK_VERSION: Final = 1

Slots = dict[int, dict[int, list[Any]]]
"""Mentions by the slot of their arrival and the start of their bucket."""


class PendingMentions:
    """Mentions by slot, and how they are saved.

    Slots are taken in ascending order, and none is added at or before one that was taken. So a chunk is freed when its
    newest slot is taken, and the newest slot taken shows which mentions of a saved chunk are still pending.
    """

    def __init__(self) -> None:
        self._slots: Slots = {}
        """The mentions that are in chunks, as bytes, then the others."""
        self._in_chunks: dict[tuple[int, int], int] = {}
        """By slot and bucket, how many of its first mentions are in chunks."""
        self._chunks: dict[int, int] = {}
        """By number of the chunk, its newest slot."""
        self._identities: dict[int, array[int]] = {}
        """By slot, hashes of source and id of the mentions that are in chunks."""
        self._authors: dict[int, set[int]] = {}
        """By slot, the authors of the mentions that are in chunks."""
        self._taken = -1

    def add(self, slot: int, start_ms: int, mention: Mention) -> None:
        """Keep a mention of the bucket that begins at `start_ms` until its slot is taken."""
        self._slots.setdefault(slot, {}).setdefault(start_ms, []).append(mention)

    def first(self) -> int | None:
        """Return the earliest slot, None if nothing is pending."""
        return min(self._slots, default=None)

    def last(self) -> int | None:
        """Return the latest slot, None if nothing is pending."""
        return max(self._slots, default=None)

    def until(self, slot: int) -> list[int]:
        """Return the slots up to a slot, ascending."""
        return sorted(each for each in self._slots if each <= slot)

    def take(self, slot: int) -> dict[int, list[Mention]]:
        """Remove a slot, and return its mentions by bucket."""
        self._taken = slot
        self._identities.pop(slot, None)
        self._authors.pop(slot, None)
        buckets = self._slots.pop(slot)
        for start, mentions in buckets.items():
            saved = self._in_chunks.pop((slot, start), 0)
            mentions[:saved] = [Mention(*orjson.loads(encoded)) for encoded in mentions[:saved]]
        return buckets

    def holds(self, posts: AbstractSet[Identity]) -> set[Identity]:
        """Return those of these posts that are pending; a post whose hash collides with that of one, too."""
        found = {
            (mention.source, mention.id) for _, _, mention in self._inline() if (mention.source, mention.id) in posts
        }
        of_hash = {hash(post): post for post in posts}
        for identities in self._identities.values():
            found.update(of_hash[each] for each in of_hash.keys() & set(identities))
        return found

    def holds_any_of(self, authors: AbstractSet[int]) -> bool:
        """Return whether a mention by any of these authors is pending."""
        if any(not in_slot.isdisjoint(authors) for in_slot in self._authors.values()):
            return True
        return any(mention.author in authors for _, _, mention in self._inline())

    # saving

    def dump(self) -> list[Any]:
        """Return the newest slot taken, and the mentions that are in no chunk, as plain values for JSON."""
        inline: Slots = {}
        for slot, start, mention in self._inline():
            inline.setdefault(slot, {}).setdefault(start, []).append(tuple(mention))
        return [self._taken, _plain(inline)]

    def changed_chunks(self) -> dict[int, bytes | None]:
        """Move the mentions to chunks if there are many, and free the chunks that are no longer needed.

        Returns
        -------
        dict
            By number, the bytes of each chunk that is new since the last call, None for each that was freed. They must
            be saved together with what `dump` returns after this call.
        """
        freed = [number for number, newest in self._chunks.items() if newest <= self._taken]
        for number in freed:
            del self._chunks[number]
        changed: dict[int, bytes | None] = dict.fromkeys(freed)
        if sum(1 for _ in self._inline()) > MAX_INLINE:
            numbers = (number for number in count() if number not in self._chunks)
            for number, (newest, value) in zip(numbers, self._packed(), strict=False):
                self._chunks[number] = newest
                changed[number] = value
        return changed

    def load(self, values: list[Any]) -> None:
        """Restore what `dump` returned; the chunks are added with `load_chunk`."""
        self._taken, inline = values
        self._slots = _slots(inline)
        self._identities.clear()
        self._authors.clear()
        self._in_chunks.clear()
        self._chunks.clear()

    def load_chunk(self, number: int, state: Mapping[str, Any]) -> None:
        """Restore a chunk, after `load`; parameters as `changed_chunks` returned them, decoded.

        A chunk does not change: mentions of slots that have been taken since are skipped.
        """
        slots = _slots(state["slots"])
        self._chunks[number] = max(slots)
        for slot, buckets in slots.items():
            if slot <= self._taken:
                continue
            for start, mentions in buckets.items():
                known = self._slots.setdefault(slot, {}).setdefault(start, [])
                place = self._in_chunks.get((slot, start), 0)
                known[place:place] = [orjson.dumps(tuple(mention)) for mention in mentions]
                self._note_saved(slot, start, mentions)

    def _inline(self) -> Iterator[tuple[int, int, Mention]]:
        """Yield slot, bucket and mention of all that are in no chunk, the slots ascending."""
        for slot in sorted(self._slots):
            for start, mentions in self._slots[slot].items():
                for mention in mentions[self._in_chunks.get((slot, start), 0) :]:
                    yield slot, start, mention

    def _packed(self) -> Iterator[tuple[int, bytes]]:
        """Yield newest slot and bytes of chunks with all mentions that are in none."""
        chunk: Slots = {}
        size = newest = 0
        for slot, start, mention in list(self._inline()):
            encoded = orjson.dumps(tuple(mention))
            needed = len(encoded) + _PLACE_BYTES
            if chunk and size + needed > CHUNK_BYTES:
                yield newest, _chunk(chunk)
                chunk, size = {}, 0
            chunk.setdefault(slot, {}).setdefault(start, []).append(orjson.Fragment(encoded))
            size, newest = size + needed, slot
            self._slots[slot][start][self._in_chunks.get((slot, start), 0)] = encoded
            self._note_saved(slot, start, [mention])
        yield newest, _chunk(chunk)

    def _note_saved(self, slot: int, start: int, mentions: Iterable[Mention]) -> None:
        """Note that the next of the mentions of a slot and a bucket are in chunks, and have become bytes."""
        mentions = list(mentions)
        hashes = [hash((mention.source, mention.id)) for mention in mentions]
        self._in_chunks[slot, start] = self._in_chunks.get((slot, start), 0) + len(hashes)
        self._identities.setdefault(slot, array("q")).extend(hashes)
        self._authors.setdefault(slot, set()).update(mention.author for mention in mentions)


def _chunk(slots: Slots) -> bytes:
    return orjson.dumps({"v": CHUNK_VERSION, "slots": _plain(slots)})


def _plain(slots: Slots) -> list[Any]:
    return [[slot, [[start, mentions] for start, mentions in buckets.items()]] for slot, buckets in slots.items()]


def _slots(values: list[Any]) -> Slots:
    return {
        slot: {start: [Mention(*mention) for mention in mentions] for start, mentions in buckets}
        for slot, buckets in values
    }
