"""Frequencies of words in posts in general, and their spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.text.frequencies import UNKNOWN_SHARE, Background, usual_spelling
from streams.core.text.stopwords import STOPWORDS

GERMAN = Background({"de": 100}, {"leute": 5, "kunden": 4})
ENGLISH = Background({"en": 100}, {"people": 5, "customers": 4})
MIXED = Background({"de": 50, "en": 50}, {"leute": 5, "people": 4})
ITALIAN = Background({"und": 100}, {"anche": 5, "quando": 5, "famiglia": 5})
TURKISH = Background({"und": 100}, {"için": 9, "daha": 7, "kadar": 7, "olarak": 6, "video": 2})


def test_common_words_are_expected_more_than_rare_ones_in_either_language() -> None:
    assert GERMAN.share("menschen") > 0.005 > GERMAN.share("meinungsfreiheit") > GERMAN.share("lagerfeuerromantik")
    assert ENGLISH.share("people") > 0.005 > ENGLISH.share("refund") > ENGLISH.share("tarmac")


def test_nouns_have_a_frequency() -> None:
    """The German counts of pyspellchecker give most nouns the same."""
    assert GERMAN.share("arbeit") > 3 * GERMAN.share("werbung") > 3 * GERMAN.share("störung")


def test_words_count_in_the_languages_of_the_posts() -> None:
    assert MIXED.share("menschen") > 0.3 * GERMAN.share("menschen")
    assert MIXED.share("people") > 0.3 * ENGLISH.share("people")
    assert GERMAN.share("people") < 0.1 * ENGLISH.share("people")


def test_common_words_of_other_languages_are_no_rare_ones() -> None:
    assert min(map(ITALIAN.share, ("anche", "della", "quando"))) > 0.003
    assert ITALIAN.share("omofobia") < 0.001


def test_where_most_words_are_in_no_table_each_counts_as_common_but_hashtags_do_not() -> None:
    assert TURKISH.share("kadar") == UNKNOWN_SHARE
    assert TURKISH.share("#boykot") < 0.001


def test_words_of_platforms_and_names_of_media_are_expected() -> None:
    assert min(GERMAN.share(word) for word in ("retweet", "#ff", "tagesschau", "via", "spiegel", "https")) >= 0.02


def test_a_hashtag_is_expected_as_often_as_its_word_and_a_pair_more_rarely_than_its_words() -> None:
    assert GERMAN.share("#kunden") == GERMAN.share("kunden")
    assert GERMAN.share("neue kunden") < min(GERMAN.share("neue"), GERMAN.share("kunden"))


@given(st.text(max_size=50), st.dictionaries(st.sampled_from(["de", "en", "und", "xx"]), st.integers(0, 10**6)))
def test_every_text_has_a_share_between_0_and_1(term: str, languages: dict[str, int]) -> None:
    assert 0 < Background(languages, {term: 1}).share(term) < 0.5


def test_stop_words_are_not_listed() -> None:
    assert not any(usual_spelling(word, language) for word in STOPWORDS for language in ("de", "en"))


@pytest.mark.parametrize(
    ("word", "language", "spelling"),
    [
        ("störung", "de", "Störung"), ("kunden", "de", "Kunden"), ("kaufe", "de", "kaufe"), ("spd", "de", "SPD"),
        ("essen", "de", None), ("worst", "en", "worst"), ("dallas", "en", "Dallas"), ("bbc", "en", "BBC"),
        ("störung", "en", None), ("netzausfall", "de", None),
    ],
)  # fmt: skip
def test_the_usual_spelling_is_known_where_it_is_clear(word: str, language: str, spelling: str | None) -> None:
    assert usual_spelling(word, language) == spelling
