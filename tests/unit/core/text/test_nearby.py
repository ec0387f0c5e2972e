"""Terms that stand near one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.text.nearby import are_within


def stand(text: str, terms: list[str], words: int | None) -> bool:
    places = [
        (at, at + len(term) - 1, number)
        for number, term in enumerate(terms)
        for at in range(len(text))
        if f" {text} ".startswith(f" {term} ", at)
    ]
    return are_within(text, places, len(terms), words)


@pytest.mark.parametrize(
    ("text", "terms", "fewest"),
    [
        ("gap jeans", ["gap", "jeans"], 2),
        ("jeans of the gap", ["gap", "jeans"], 4),
        ("gap x x x x jeans x gap", ["gap", "jeans"], 3),
        ("a b c a b x c", ["a", "b", "c"], 3),
        ("deutsche bahn x verspaetung", ["deutsche bahn", "verspaetung"], 4),
        ("verspaetung x deutsche bahn", ["deutsche bahn", "verspaetung"], 4),
        ("hugo boss", ["hugo boss", "boss"], 2),
    ],
)
def test_all_terms_stand_in_so_many_successive_words(text: str, terms: list[str], fewest: int) -> None:
    assert stand(text, terms, fewest)
    assert stand(text, terms, None)
    assert not stand(text, terms, fewest - 1)


def test_a_term_that_is_missing_stands_nowhere() -> None:
    assert not stand("gap year", ["gap", "jeans"], None)
    assert not are_within("gap", [], 1, None)


@given(st.text("abcx", max_size=12), st.integers(1, 12))
def test_the_answer_is_that_of_trying_every_stretch(letters: str, words: int) -> None:
    text = " ".join(letters)
    tried = any(set("abc") <= set(letters[at : at + words]) for at in range(len(letters)))
    assert stand(text, ["a", "b", "c"], words) == tried
