"""The words by which hashtags are read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.text.dictionary import MAX_LETTERS, _by_length, fewest_words, is_inside_a_word, is_word
from streams.core.text.matching import Matcher
from tests.support.words import listed_words

WORDS = frozenset(listed_words())


def test_every_word_of_the_file_is_a_word() -> None:
    assert len(WORDS) > 500_000
    assert all(map(is_word, WORDS))


@given(st.sampled_from(sorted(WORDS)[::97]), st.integers(0, MAX_LETTERS), st.text("aehinrst", max_size=3))
def test_other_letters_are_a_word_only_if_the_file_has_them(word: str, kept: int, added: str) -> None:
    letters = word[:kept] + added
    assert is_word(letters) == (letters in WORDS)


@pytest.mark.parametrize("letters", ["", "é", "x" * (MAX_LETTERS + 1), "nordtel", "not a word", "2026"])
def test_what_is_no_word(letters: str) -> None:
    assert not is_word(letters)


def test_words_about_companies_are_listed_with_both_spellings_of_an_umlaut() -> None:
    listed = "boykott boycott fail down outage skandal chaos streik storung stoerung ausfall shitstorm gate kunde"
    assert all(map(is_word, listed.split()))


def test_letters_are_divided_into_the_fewest_words() -> None:
    assert fewest_words("") == 0
    assert fewest_words("autobahn") == 1
    assert fewest_words("autobahnchaos") == 2
    assert fewest_words("schonwiederstau") == 3
    assert fewest_words("qxqstau") is None


@given(st.lists(st.sampled_from(sorted(WORDS)[::997]), min_size=1, max_size=4))
def test_joined_words_can_be_read(words: list[str]) -> None:
    fewest = fewest_words("".join(words))
    assert fewest is not None
    assert fewest <= len(words)


def test_a_term_is_inside_a_word_beyond_its_own_plural() -> None:
    assert is_inside_a_word("bahn")
    assert is_inside_a_word("standard")
    assert not is_inside_a_word("nordtel")
    assert not is_inside_a_word("cleverpay")


def test_letters_across_two_words_of_the_file_are_inside_none() -> None:
    of_eight = [word for word in listed_words() if len(word) == 8]
    across = [one[4:] + other[:4] for one, other in pairwise(of_eight[:200])]
    for letters in across[:5]:
        inside = [word for word in WORDS if letters in word and word not in {letters, f"{letters}s"}]
        assert is_inside_a_word(letters) == bool(inside)


def test_the_words_are_read_before_the_first_post() -> None:
    _by_length.cache_clear()
    Matcher([])
    assert _by_length.cache_info().currsize == 1
