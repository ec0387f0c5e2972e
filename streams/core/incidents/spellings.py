"""How the terms of an incident are written: counted in its mentions, and known from German and English texts.

The mentions know how hashtags, names and new compounds are written. What is common is known better from other texts: in
a handful of posts, capitals are those of the beginning of a sentence, or of anger, and German nouns often have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from streams.core.text.frequencies import usual_spelling

if TYPE_CHECKING:
    from collections.abc import Mapping


class Spellings:
    """The terms of an incident in small letters, and the most frequent spelling of each.

    Parameters
    ----------
    written
        Mentions of each term as it is written.
    language
        Language in which words are written that both German and English have.

    Attributes
    ----------
    counts
        Mentions of each term in small letters. A mention has each term once, in the spelling in which it occurs first.

    Examples
    --------
    >>> terms = Spellings({"Netzausfall": 5, "netzausfall": 2, "#NordtelDown": 2, "störung": 3, "WARUM": 1}, "de")
    >>> terms.counts
    {'netzausfall': 7, '#nordteldown': 2, 'störung': 3, 'warum': 1}
    """

    def __init__(self, written: Mapping[str, int], language: Literal["de", "en"]) -> None:
        self.counts: dict[str, int] = {}
        self._language = language
        self._most: dict[str, tuple[int, str]] = {}
        for spelling, count in written.items():
            term = spelling.lower()
            self.counts[term] = self.counts.get(term, 0) + count
            self._most[term] = max(self._most.get(term, (0, "")), (count, spelling))

    def of(self, term: str) -> str:
        """Return the spelling of a term; that of a pair is that of its words."""
        return " ".join(map(self._of_word, term.split(" ")))

    def _of_word(self, word: str) -> str:
        _, counted = self._most.get(word, (0, word))
        usual = usual_spelling(word, self._language)
        has_plain_case = counted in {word, word.upper(), word[:1].upper() + word[1:]}
        return usual if usual is not None and has_plain_case else counted
