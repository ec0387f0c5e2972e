"""Accounts that repeat themselves are told from people who share and from those who write alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.rollup.repetition import RepetitionMemory
from streams.core.rollup.tally import Repeated, Tally
from streams.records import REPOST, Mention


def tally(*posts: tuple[int, int], negative: int = 8_000, flags: int = 0) -> Tally:
    """Mentions by author and signature."""
    counted = Tally()
    counted.add(
        Mention(offset, 0, 0, negative, 0, author, signature, flags, 0, "de", "forum", f"p{offset}", [])
        for offset, (author, signature) in enumerate(posts)
    )
    return counted


def test_many_people_with_one_text_are_no_spam() -> None:
    assert RepetitionMemory(300).repeated(tally(*((author, 7) for author in range(1, 21)))) == Repeated(19, 0, 0)


def test_one_person_with_many_texts_is_no_spam() -> None:
    assert RepetitionMemory(300).repeated(tally(*((1, signature) for signature in range(1, 21)))) == Repeated(0, 0, 0)


def test_few_accounts_with_one_text_are_spam() -> None:
    found = RepetitionMemory(300).repeated(tally(*((1 + number % 3, 7) for number in range(30))))
    assert found == Repeated(copies=29, spam=27, spam_negative=29 * 8_000 * 27 // 29)


def test_reposts_are_no_spam() -> None:
    shared = tally(*((1 + number % 3, 7) for number in range(30)), flags=REPOST)
    assert RepetitionMemory(300).repeated(shared) == Repeated(0, 0, 0)


def test_unknown_authors_repeat_nothing() -> None:
    assert RepetitionMemory(300).repeated(tally(*((0, 7) for _ in range(30)))).spam == 0


def test_a_slow_wave_is_known_by_the_buckets_before_and_forgotten_in_time() -> None:
    memory = RepetitionMemory(300)
    once = tally((1, 7), (2, 8))
    assert memory.repeated(once).spam == 0
    memory.learn(once)
    assert memory.repeated(once) == Repeated(2, 2, 16_000)
    for _ in range(12):
        memory.learn(Tally())
    assert memory.repeated(once).spam == 0


@given(st.lists(st.tuples(st.integers(0, 2**48), st.integers(0, 2**48)), max_size=300))
def test_it_is_bounded_and_survives_as_plain_values(posts: list[tuple[int, int]]) -> None:
    memory, copy = RepetitionMemory(300), RepetitionMemory(300)
    counted = tally(*posts)
    for _ in range(3):
        memory.learn(counted)
    copy.load(memory.dump())
    assert all(len(entries) <= 64 for entries in memory.dump())
    assert copy.repeated(counted) == memory.repeated(counted)
