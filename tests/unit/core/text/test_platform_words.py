"""Words that platforms add to posts, and names of quoted media."""

from __future__ import annotations

from streams.core.text.clean import fold_case
from streams.core.text.platform_words import PLATFORM_WORDS
from streams.core.text.stopwords import STOPWORDS


def test_words_are_in_small_letters_and_no_stop_words() -> None:
    assert {fold_case(word) for word in PLATFORM_WORDS} == PLATFORM_WORDS
    assert not PLATFORM_WORDS & STOPWORDS


def test_words_that_mean_something_else_as_well_are_left_out() -> None:
    assert not PLATFORM_WORDS & {"app", "bild", "welt", "zeit", "stern", "post", "status", "standard"}
