"""Words that the lexicon lists, and how strongly."""

from __future__ import annotations

import pytest

from streams.core.sentiment.lexicon import CHANNELS, NEGATED_GOOD, Lexicon

LEXICON = Lexicon()


def channels(token: str, lang: str) -> dict[str, float]:
    return {name: value for name, value in zip(CHANNELS, LEXICON.evidence(token, lang) or (), strict=False) if value}


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
