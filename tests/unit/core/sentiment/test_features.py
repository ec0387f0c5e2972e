"""What a token is to the model: slots and values, and what the lexicon says of it."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.sentiment.features import GRAMS, LEXICON_SLOTS, SLOTS, extractor, token_slot
from streams.core.sentiment.lexicon import CHANNELS, NEGATED_GOOD, Lexicon
from streams.core.sentiment.tokens import tokens
from streams.core.sentiment.vectors import Vectors
from streams.core.text.clean import has_url

LEXICON = Lexicon()


def channels(token: str, lang: str) -> dict[str, float]:
    return {name: value for name, value in zip(CHANNELS, LEXICON.evidence(token, lang) or (), strict=False) if value}


def slots(token: str) -> set[int]:
    return set(extractor().of_token(token, "de")[0]) - set(LEXICON_SLOTS)


@given(st.one_of(st.text(), st.text().map("www.a.example {}".format)), st.sampled_from(["de", "en", "und"]))
def test_a_vector_is_what_its_tokens_and_pairs_bring_in(text: str, lang: str) -> None:
    found, values = Vectors().of(text, lang)
    seen = tokens(text, lang)
    assert len(found) == len(values)
    assert ((found >= 0) & (found < SLOTS)).all()
    assert len(found) == sum(len(extractor().of_token(t, lang)[0]) for t in seen) + len(list(pairwise(seen))) + (
        lang != "und"
    ) + has_url(text)


def test_compounds_share_ngrams_and_negated_words_do_not() -> None:
    shared = slots("netzausfall") & slots("totalausfall")
    assert len(shared) >= 10
    assert not slots("not netzausfall") & slots("netzausfall")
    assert len(slots("not netzausfall") & slots("not totalausfall")) >= 10


def test_the_ngrams_of_a_word_weigh_the_same_together() -> None:
    for word in ("netz", "donaudampfschifffahrt"):
        _, values = extractor().of_token(word, "en")
        assert values[0] == 1
        assert sum(value * value for value in values[1:]) == pytest.approx(GRAMS**2)


def test_symbols_have_no_ngrams() -> None:
    assert len(slots("😡")) == len(slots("!+")) == 1


def test_slots_are_the_same_in_every_process() -> None:
    assert token_slot("netz") == 160311
    assert 0 <= token_slot("\ud800") < SLOTS


def test_a_word_of_any_length_takes_little_time_and_few_slots() -> None:
    started = time.process_time()
    found, _ = extractor().of_token("verspaet" * 100_000, "de")
    assert len(found) < 150
    assert time.process_time() - started < 1


def test_the_lexicon_weighs_words_stems_and_emoji() -> None:
    assert channels("verspaetungen", "de") == {"strong-": 2.0}
    assert channels("great", "en").keys() == {"vader+", "strong+"}
    assert channels("not great", "en")["strong-"] == pytest.approx(-2 * NEGATED_GOOD)
    assert channels("not terrible", "en") == {}
    assert channels("😡", "de") == channels("😡", "en") == channels("😡", "und")
    assert channels("😡", "de")["strong-"] == 3.0
    assert channels("warten", "de") == {"weak-": 1.0}
    assert channels("tisch", "de") == {}


def test_words_of_the_other_language_count_unless_the_own_one_has_them() -> None:
    assert channels("disappointed", "de") == channels("disappointed", "en") != {}
    assert channels("verspaetungen", "en") == channels("verspaetungen", "und") == {"strong-": 2.0}
    assert channels("die", "de") == channels("kind", "de") == channels("arm", "en") == {}


def test_own_words_agree_with_themselves() -> None:
    for lang, stems in LEXICON.stems.items():
        for word, strength in LEXICON.own[lang].items():
            listed = [value for stem, value in stems.items() if word.startswith(stem)]
            assert all(value * strength > 0 for value in listed), f"{lang} {word}: opposite to its stem"


def test_the_fingerprint_names_the_lexicon() -> None:
    changed = Lexicon()
    changed.own["de"]["tisch"] = 1.0
    assert extractor().fingerprint == type(extractor())(Lexicon()).fingerprint
    assert extractor().fingerprint != type(extractor())(changed).fingerprint
