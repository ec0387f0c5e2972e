"""Features of a token: slots and values."""

from __future__ import annotations

import pytest

from streams.core.sentiment.features import GRAMS, LEXICON_SLOTS, SLOTS, extractor, token_slot
from streams.core.sentiment.lexicon import Lexicon
from tests.support.processor_time import thread_seconds

LEXICON = Lexicon()


def slots(token: str) -> set[int]:
    return set(extractor().of_token(token, "de")[0]) - set(LEXICON_SLOTS)


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
    found, _ = extractor().of_token("verspaet" * 100_000, "de")
    assert len(found) < 150
    assert thread_seconds(lambda: extractor().of_token("verspaet" * 100_000, "de")) < 1


def test_the_fingerprint_names_the_lexicon() -> None:
    changed = Lexicon()
    changed.own["de"]["tisch"] = 1.0
    assert extractor().fingerprint == type(extractor())(Lexicon()).fingerprint
    assert extractor().fingerprint != type(extractor())(changed).fingerprint
