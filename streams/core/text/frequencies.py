"""How often words occur in posts in general, and how they are written.

It is the background against which the key terms of an incident stand out. The file is written by
`deploy.words.frequencies`, and read once.
"""

from __future__ import annotations

import lzma
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.text.platform_words import PLATFORM_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = Path(__file__).parent / "frequencies.xz"
"""A table for each of `TABLES`. Line N of a table has the words whose probability is about exp(-N / LEVELS_PER_E), in
their most frequent spelling; those that have no clear one are in small letters, and marked."""

OTHER: Final = "und"
TABLES: Final = ("de", "en", OTHER)
"""Languages of the tables. That of other languages has common Spanish, French, Italian, Dutch and Portuguese words."""

LEVELS_PER_E: Final = 4
"""Levels in a factor of e, so that a probability is exact to 13 %."""

AMBIGUOUS: Final = "~"

UNLISTED: Final = 3e-6
"""Probability of a hashtag, and of a word of a known language, that is not listed: that of the rarest ones listed."""

WORDS: Final = 14
"""Words of a post without links, handles and hashtags; four collections of German and English ones have 10 to 16."""

IN_PAIR: Final = 0.1
"""Share of the rarer word's occurrences in which it stands beside the other one of a pair."""

PLATFORM_SHARE: Final = 0.02
"""Share of posts that carry a word of a platform or the name of a medium, which the sources of the tables rarely do."""

UNKNOWN_SHARE: Final = 0.03
"""Share of posts that carry a word in languages of which nothing is known: that of a frequent function word."""


class Background:
    """Expected shares of terms in posts of some languages.

    Parameters
    ----------
    languages
        Number of posts by language.
    terms
        Number of posts by term. Where most of their words are not listed, the posts are in languages that no table has.

    Examples
    --------
    >>> german = Background({"de": 50}, {"filiale": 3, "leute": 2})
    >>> [round(german.share(term), 5) for term in ("leute", "filiale", "#filiale", "neue leute", "nordtel")]
    [0.00358, 7e-05, 7e-05, 0.00036, 4e-05]
    """

    def __init__(self, languages: Mapping[str, int], terms: Mapping[str, int]) -> None:
        german, english, other = (1 + languages.get(language, 0) for language in TABLES)
        posts = german + english + other
        self._weights = german / posts, english / posts, other / posts
        words = {term: count for term, count in terms.items() if term.isalpha()}
        listed = sum(count for word, count in words.items() if any(word in table for table in _probabilities()))
        self._unlisted = _share(UNLISTED) if 2 * listed >= sum(words.values()) else UNKNOWN_SHARE

    def share(self, term: str) -> float:
        """Return the expected share of posts that carry a term, which is between 0 and 1."""
        first, _, second = term.partition(" ")
        if second:
            return max(_share(UNLISTED), IN_PAIR * min(self.share(first), self.share(second)))
        word = first.removeprefix("#").replace("’", "'")
        german, english, other = (table.get(word, 0.0) for table in _probabilities())
        weights = self._weights
        # Posts whose language is not known may be in any.
        probability = weights[0] * german + weights[1] * english + weights[2] * max(german, english, other)
        if word in PLATFORM_WORDS:
            return max(PLATFORM_SHARE, _share(probability))
        return max(_share(probability), _share(UNLISTED) if first.startswith("#") else self._unlisted)


def usual_spelling(word: str, language: str) -> str | None:
    """Return how a word in small letters is written in German (``de``) or English (``en``); None if it is not known,
    or not one way.

    Examples
    --------
    >>> [usual_spelling(word, "de") for word in ("störung", "kaufe", "adac", "essen", "netzausfall")]
    ['Störung', 'kaufe', 'ADAC', None, None]
    """
    table = _tables()[TABLES.index(language)]
    if word not in table.probabilities or word in table.ambiguous:
        return None
    return table.spellings.get(word, word)


def _share(probability: float) -> float:
    """Return the share of posts that carry a word of some probability."""
    return 1 - (1 - probability) ** WORDS


class _Table(NamedTuple):
    """Probabilities of words in small letters, the spellings of those with capitals, and the words without a clear
    one."""

    probabilities: dict[str, float]
    spellings: dict[str, str]
    ambiguous: set[str]


@cache
def _probabilities() -> list[dict[str, float]]:
    return [table.probabilities for table in _tables()]


@cache
def _tables() -> list[_Table]:
    """Read the file, which takes 30 ms and 8 MB."""
    return [_read(table) for table in lzma.decompress(FILE.read_bytes()).decode().split("\f")]


def _read(lines: str) -> _Table:
    table = _Table({}, {}, set())
    for level, words in enumerate(lines.split("\n")):
        probability = math.exp(-level / LEVELS_PER_E)
        for spelling in words.split():
            word = spelling.removesuffix(AMBIGUOUS).lower()
            table.probabilities[word] = probability
            if spelling.endswith(AMBIGUOUS):
                table.ambiguous.add(word)
            elif spelling != word:
                table.spellings[word] = spelling
    return table
