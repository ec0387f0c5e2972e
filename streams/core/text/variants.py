"""Words that are the same but for spelling or inflection."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Final

from streams.core.text.clean import fold

ENDINGS: Final = frozenset(("", "s", "es", "e", "n", "en", "er", "em", "t", "st", "r", "d", "ed"))
"""Endings of German and English words up to two letters long."""

FEWEST_LETTERS: Final = 4
"""Letters of a word from which it may have an ending: ``gas`` and ``gast`` are two words."""

_NO_LETTERS: Final = re.compile(r"[\W\d_]+")
_WITH_E: Final = re.compile("([aou])e")


def plain_words(text: str) -> list[str]:
    """Return the words of a text for comparison: letters only, without accents, with one spelling of an umlaut.

    Examples
    --------
    >>> plain_words("Müller-Straße"), plain_words("#MuellerStrasse24")
    (['muller', 'strasse'], ['mullerstrasse'])
    """
    return _NO_LETTERS.sub(" ", _WITH_E.sub(r"\1", fold(text))).split()


def are_variants(one: str, other: str) -> bool:
    """Return whether two results of `plain_words` are forms of one word, as far as their endings show it.

    Examples
    --------
    >>> are_variants("kunde", "kunden"), are_variants("distanziere", "distanziert"), are_variants("hand", "handy")
    (True, True, False)
    """
    stem = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return one == other or (stem >= FEWEST_LETTERS and one[stem:] in ENDINGS and other[stem:] in ENDINGS)
