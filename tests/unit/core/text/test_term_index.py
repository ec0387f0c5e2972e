"""Searching a text for the spellings of all brands at once."""

from __future__ import annotations

import pytest

from streams.core.text.brand_terms import CaseSensitive, Term, comparable, spellings
from streams.core.text.term_index import Meaning, TermIndex


def index(*terms: Term) -> TermIndex:
    return TermIndex(
        {spelling: Meaning((number,)) for number, term in enumerate(terms) for spelling in spellings(term)}
    )


def found(terms: TermIndex, text: str, *, any_case: bool = False) -> list[tuple[int, str]]:
    """Return the number of each term that is found, and the letters where it is."""
    searched = f" {comparable(text)} "
    places = terms.occurrences(searched, any_case=any_case)
    return [(meaning.claims[0], searched[start : end + 1]) for meaning, start, end in places]


def test_words_are_found_with_their_places_in_the_order_of_their_ends() -> None:
    terms = index("nordtel", "deutsche bahn", "bahn")
    assert found(terms, "Deutsche-Bahn, Nordtel! bahnen") == [(1, "Deutsche Bahn"), (2, "Bahn"), (0, "Nordtel")]


def test_an_index_without_terms_finds_nothing() -> None:
    assert found(index(), "nordtel") == []


def test_phrases_written_together_are_found_in_hashtags_only() -> None:
    assert found(index("deutsche bahn"), "deutschebahn #stop_deutschebahn #StopDeutsche_Bahn") == [
        (0, "deutschebahn"),
        (0, "Deutsche_Bahn"),
    ]


@pytest.mark.parametrize("text", ["Gap", "#Gap", "#GapFail", "@gap", "@GAP", "the Gap's", "Gaps"])
def test_a_case_sensitive_term_is_found_as_it_is_written(text: str) -> None:
    assert found(index(CaseSensitive("Gap")), text)


@pytest.mark.parametrize("text", ["gap", "GAP", "#gap", "#gapfail", "#GAPfail", "gAp", "Gapyear"])
def test_a_case_sensitive_term_is_not_found_in_another_case(text: str) -> None:
    assert not found(index(CaseSensitive("Gap")), text)
    assert found(index(CaseSensitive("Gap")), text, any_case=True) == found(index("Gap"), text)


def test_one_string_can_be_a_term_of_brands_with_and_without_case() -> None:
    terms = index("gap", CaseSensitive("Gap"), CaseSensitive("GAP"))
    assert {number for number, _ in found(terms, "gap")} == {0}
    assert {number for number, _ in found(terms, "Gap")} == {0, 1}
    assert {number for number, _ in found(terms, "GAP")} == {0, 2}


def test_accents_make_no_difference_to_the_case() -> None:
    terms = index(CaseSensitive("Müller"))
    assert found(terms, "MULLER müller") == []
    assert [letters for _, letters in found(terms, "Müller Muller Mueller #MüllerFail")] == [
        "Muller",
        "Muller",
        "Mueller",
        "Muller",
    ]
