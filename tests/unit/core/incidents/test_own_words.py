"""The words of a brand itself."""

from __future__ import annotations

import pytest

from streams.core.incidents.own_words import OwnWords
from streams.core.text.brand_terms import BrandTerms, CaseSensitive, TermsNearby

OWN = OwnWords(
    "Müller & Söhne",
    BrandTerms(
        "mueller",
        any=("müller markt", CaseSensitive("MMS"), "@mueller_hilft", "#müllerliebe"),
        tagged=("muellertv",),
        all=(TermsNearby((("drogerie",), ("ulm", "neu-ulm"))),),
    ),
)


@pytest.mark.parametrize(
    "term",
    [
        "müller", "mueller", "muller", "müllers", "müllern", "söhne", "markt", "märkte", "mms", "#müllerliebe",
        "#muellerliebe", "#müllermarkt", "#müller_markt", "#mueller2026", "muellertv", "#muellerhilft", "drogerie",
        "drogerien", "ulm", "neu-ulm", "müller rassismus", "boykott müller",
    ],
)  # fmt: skip
def test_names_terms_and_their_inflections_are_the_brands_own(term: str) -> None:
    assert OWN.has(term)


@pytest.mark.parametrize(
    "term",
    [
        "hilft",
        "liebe",
        "müllerin",
        "müllabfuhr",
        "#boykottmüller",
        "#müllerrücktritt",
        "marktplatz",
        "#",
        "",
        "rückruf",
    ],
)
def test_other_words_are_not_nor_hashtags_that_say_more(term: str) -> None:
    assert not OWN.has(term)
