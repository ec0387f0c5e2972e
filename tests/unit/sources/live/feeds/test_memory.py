"""The memory of a feed knows its entries, forgets the oldest, and survives being written down."""

from __future__ import annotations

import random

import pytest

from streams.sources.live.feeds.identity import EntryMarks, marks_of
from streams.sources.live.feeds.memory import SeenEntries


def marks(number: int, text: str = "") -> EntryMarks:
    return marks_of(f"urn:{number}", text or f"Text {number}", f"day {number}", "")


def test_an_unknown_entry_is_new_a_known_one_the_same_and_another_text_an_edit() -> None:
    seen = SeenEntries().after([marks(1)], limit=5)
    assert [seen.novelty(each) for each in (marks(2), marks(1), marks(1, "other"))] == ["new", "same", "edited"]


def test_another_id_with_the_same_text_and_date_is_the_same() -> None:
    seen = SeenEntries().after([marks(1)], limit=5)
    assert seen.novelty(marks(1)._replace(id=b"other")) == "same"


def test_entries_that_left_the_feed_are_remembered_while_there_is_room() -> None:
    seen = SeenEntries()
    for number in range(10):
        seen = seen.after([marks(number), marks(number + 1)], limit=5)
    assert len(seen) == 5
    assert [seen.novelty(marks(number)) for number in (10, 6, 5)] == ["same", "same", "new"]
    assert seen.was_in_last(marks(9))
    assert not seen.was_in_last(marks(8))


def test_it_is_the_same_after_it_was_written_down() -> None:
    seen = SeenEntries().after([marks(number) for number in range(7)], limit=5)
    again = SeenEntries.from_text(seen.to_text(), seen.last)
    assert again.to_text() == seen.to_text()
    assert again.last == 5
    assert len(seen.to_text()) == 5 * 16


@pytest.mark.parametrize("text", ["", "x", "AAAA", "=", "ä", "A" * 17])
def test_what_is_no_memory_is_an_empty_one(text: str) -> None:
    assert len(SeenEntries.from_text(text, 9)) == 0


def test_marks_of_many_entries_differ() -> None:
    chance = random.Random(17)
    entries = [marks(chance.getrandbits(60)) for _ in range(20_000)]
    assert len({each.id for each in entries}) == len(entries)
