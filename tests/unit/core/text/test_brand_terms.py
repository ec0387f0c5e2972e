"""The ways to write a term."""

from __future__ import annotations

import pytest

from streams.config import BrandSettings
from streams.core.text.brand_terms import BrandTerms, CaseSensitive, Term, TermsNearby, comparable, spellings, text_of


def keys(term: Term, *, in_hashtags: bool = False) -> list[str]:
    return [spelling.key for spelling in spellings(term) if spelling.in_hashtags == in_hashtags]


def test_a_word_is_written_in_one_way_or_with_an_umlaut_in_two() -> None:
    assert keys("Nordtel") == ["nordtel"]
    assert keys("Müller") == ["muller", "mueller"]
    assert keys("Nordtel", in_hashtags=True) == []


@pytest.mark.parametrize("term", ["@Deutsche-Bahn", "#Deutsche-Bahn", "@deutschebahn"])
def test_handles_and_hashtags_are_written_in_one_way(term: str) -> None:
    assert len(spellings(term)) == 1


def test_phrases_are_written_together_in_hashtags_and_handles() -> None:
    assert keys("Deutsche Bahn") == ["deutsche bahn", "@deutschebahn", "@deutsche_bahn"]
    assert keys("Deutsche Bahn", in_hashtags=True) == ["deutschebahn", "deutsche_bahn"]
    assert keys("a1 b c", in_hashtags=True) == ["a1bc", "a1b_c", "a1_bc", "a1_b_c"]
    assert keys("aa bb cc dd ee", in_hashtags=True) == ["aabbccddee", "aa_bb_cc_dd_ee"]


def test_punctuation_inside_a_name_is_left_out_in_hashtags_and_handles() -> None:
    assert keys("McDonald’s") == ["mcdonald's", "@mcdonalds", "@mcdonald_s"]
    assert "hm" in keys("H&M", in_hashtags=True)
    assert keys("1&1", in_hashtags=True) == [], "#11 is any number"
    assert keys(".net", in_hashtags=True) == keys("yahoo!", in_hashtags=True) == []


@pytest.mark.parametrize("term", ["@", "#", " - ", "_", "\u0301", "@#_"])
def test_a_term_without_letters_digits_and_symbols_has_no_spelling(term: str) -> None:
    assert spellings(term) == []
    assert spellings(CaseSensitive(term)) == []


def test_the_case_of_a_handle_or_hashtag_that_is_a_term_never_matters() -> None:
    assert [spelling.with_case for spelling in spellings(CaseSensitive("@Gap"))] == [None]
    assert [spelling.with_case for spelling in spellings(CaseSensitive("#Gap"))] == [None]
    assert [spelling.with_case for spelling in spellings(CaseSensitive("Gap"))] == ["Gap"]
    assert [spelling.with_case for spelling in spellings("Gap")] == [None]
    boss = {spelling.key: spelling.with_case for spelling in spellings(CaseSensitive("Hugo Böss"))}
    assert boss["hugo boess"] == "Hugo Boess"
    assert boss["hugoboss"] == "HugoBoss"
    assert boss["@hugoboss"] is None


def test_the_text_of_a_term_is_that_of_the_config() -> None:
    assert text_of("Nestlé") == text_of(CaseSensitive("Nestlé")) == "Nestlé"


def test_comparable_texts_have_single_blanks_and_no_accents() -> None:
    assert comparable("  Deutsche – Bahn\n Nestlé ") == "Deutsche Bahn Nestle"
    assert comparable("anna@nord-tel.example nord-tel @nord-tel") == "anna@nord_tel.example nord tel @nord tel"


def test_terms_of_a_config_have_the_case_of_the_brand_or_their_own() -> None:
    match = {
        "any": ["Gap", {"term": "gap.example", "case": "ignore"}, {"term": "GapInc"}],
        "all": [{"terms": ["Boss", ["Anzug", {"term": "suit", "case": "ignore"}]], "within": 5}],
        "none": ["gap year", {"term": "The Gap", "case": "sensitive"}],
        "tagged": ["Gap"],
        "case": "sensitive",
    }
    brand = BrandSettings.model_validate({"id": "gap", "name": "Gap", "match": match})
    assert BrandTerms.of(brand) == BrandTerms(
        "gap",
        any=(CaseSensitive("Gap"), "gap.example", CaseSensitive("GapInc")),
        all=(TermsNearby(((CaseSensitive("Boss"),), (CaseSensitive("Anzug"), "suit")), within=5),),
        none=("gap year", CaseSensitive("The Gap")),
        tagged=("Gap",),
    )
