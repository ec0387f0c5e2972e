"""Pending mentions: each is saved once, in chunks of bounded size, and restored as long as its slot is not taken."""

from __future__ import annotations

import sys
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rollup import pending_mentions
from streams.core.rollup.pending_mentions import CHUNK_BYTES, MAX_INLINE, PendingMentions
from streams.records import Mention

SLOT = 10_000


def mention(offset: int, text: str | None = None) -> Mention:
    return Mention(offset, 0, 0, 1, 0, 1, 1, 0, 0, "de", "forum", str(offset), [], None, text)


class Saved:
    """A state and its chunks, as a changelog keeps them."""

    def __init__(self) -> None:
        self.inline: list[Any] = [-1, []]
        self.chunks: dict[int, bytes] = {}
        self.written = 0

    def save(self, pending: PendingMentions) -> None:
        for number, value in pending.changed_chunks().items():
            if value is None:
                del self.chunks[number]
            else:
                self.chunks[number] = value
                self.written += len(value)
        self.inline = orjson.loads(orjson.dumps(pending.dump()))

    def restored(self) -> PendingMentions:
        pending = PendingMentions()
        pending.load(self.inline)
        for number, value in self.chunks.items():
            pending.load_chunk(number, orjson.loads(value))
        return pending


def taken(pending: PendingMentions, until: int) -> dict[tuple[int, int], set[int]]:
    return {
        (slot, start): {each.offset for each in mentions}
        for slot in pending.until(until)
        for start, mentions in pending.take(slot).items()
    }


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_mentions, "MAX_INLINE", 3)
    monkeypatch.setattr(pending_mentions, "CHUNK_BYTES", 200)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=12)),
        st.tuples(st.just("take"), st.integers(0, 3)),
        st.tuples(st.just("save"), st.booleans()),
    ),
    max_size=30,
)


@pytest.mark.usefixtures("small")
@given(STEPS)
def test_whatever_is_saved_and_restored_in_between_each_mention_is_taken_once(steps: list[tuple[str, Any]]) -> None:
    """Against mentions that are never saved; a restart without a save repeats what came since."""
    plain, pending, saved = PendingMentions(), PendingMentions(), Saved()
    now = offset = 0
    for action, argument in steps:
        if action == "add":
            for ahead, bucket in argument:
                offset += 1
                for each in (plain, pending):
                    each.add(now + ahead * SLOT, bucket, mention(offset))
        elif action == "take":
            until = now + argument * SLOT - SLOT
            now += argument * SLOT
            assert taken(pending, until) == taken(plain, until)
        else:
            saved.save(pending)
            if argument:
                pending = saved.restored()
    assert pending.first() == plain.first()
    assert taken(pending, now + 10 * SLOT) == taken(plain, now + 10 * SLOT)
    saved.save(pending)
    assert saved.chunks == {}
    assert saved.inline[1] == []


def test_few_mentions_need_no_chunk() -> None:
    pending = PendingMentions()
    for offset in range(MAX_INLINE):
        pending.add(SLOT, 0, mention(offset))
    assert pending.changed_chunks() == {}
    assert len(pending.dump()[1][0][1][0][1]) == MAX_INLINE
    pending.add(SLOT, 0, mention(MAX_INLINE))
    assert len(pending.changed_chunks()) == 1
    assert pending.dump() == [-1, []]


def test_millions_of_mentions_are_written_once_in_records_of_bounded_size() -> None:
    """A backlog of one brand in which a partition is an hour ahead of another."""
    count, slots = 1_200_000, 360
    each = mention(7, text="x" * 100)
    pending, saved = PendingMentions(), Saved()
    for slot in range(slots):
        pending._slots[slot * SLOT] = {0: [each] * (count // slots)}
        saved.save(pending)
        assert len(orjson.dumps(saved.inline)) < 100
    size = len(orjson.dumps(tuple(each)))
    assert max(map(len, saved.chunks.values())) <= CHUNK_BYTES
    assert saved.written < 1.1 * slots * (count // slots) * size
    assert len(saved.chunks) > 1_000
    for slot in range(slots):
        assert len(pending.take(slot * SLOT)[0]) == count // slots
        saved.save(pending)
    assert saved.chunks == {}


def test_deletions_find_mentions_in_chunks_and_those_that_are_not() -> None:
    pending, saved = PendingMentions(), Saved()
    for offset in range(MAX_INLINE + 1):
        pending.add(SLOT, 0, mention(offset))
    saved.save(pending)
    pending.add(2 * SLOT, 0, mention(1_000))
    for each in (pending, saved.restored()):
        assert each.holds({("forum", "5"), ("forum", "no"), ("news", "5")}) == {("forum", "5")}
    assert pending.holds({("forum", "1000")}) == {("forum", "1000")}
    pending.take(SLOT)
    assert pending.holds({("forum", "5")}) == set()


def test_a_mention_in_a_chunk_takes_a_fifth_of_the_memory() -> None:
    pending = PendingMentions()
    for offset in range(10_000):
        terms = [f"wort{offset + number}" for number in range(8)]
        pending.add(SLOT, 0, mention(offset)._replace(terms=terms))
    pending.changed_chunks()
    (kept,) = pending._slots[SLOT].values()
    assert sum(map(sys.getsizeof, kept)) / len(kept) < 250
    assert pending.take(SLOT)[0][7].terms[0] == "wort7"


def test_numbers_of_freed_chunks_are_used_again() -> None:
    pending, saved = PendingMentions(), Saved()
    numbers: set[int] = set()
    for slot in range(50):
        for offset in range(5_000):
            pending.add(slot * SLOT, 0, mention(offset))
        saved.save(pending)
        numbers |= saved.chunks.keys()
        pending.take(slot * SLOT)
    assert len(numbers) <= 4, "a compacted topic keeps as many keys"


@pytest.mark.usefixtures("small")
def test_the_authors_of_pending_mentions_are_known_in_chunks_and_after_a_restart() -> None:
    pending, saved = PendingMentions(), Saved()
    for offset in range(20):
        pending.add(SLOT * (offset // 10), 0, mention(offset)._replace(author=100 + offset))
    saved.save(pending)
    assert saved.chunks
    for held in (pending, saved.restored()):
        assert held.holds_any_of({7, 103})
        assert held.holds_any_of({119})
        assert not held.holds_any_of({7})
        held.take(0)
        assert not held.holds_any_of({103})
        assert held.holds_any_of({119})
