"""The words of a brand itself: they are in most of its mentions, and say nothing about an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.text.brand_terms import SIGILS, text_of
from streams.core.text.variants import ENDINGS, FEWEST_LETTERS, plain_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.text.brand_terms import BrandTerms


class OwnWords:
    """Recognises the name of a brand and its terms among the terms of mentions.

    Parameters
    ----------
    name
        Name of the brand.
    terms
        Its id, and the terms by which its posts are matched.

    Examples
    --------
    >>> from streams.core.text.brand_terms import BrandTerms
    >>> own = OwnWords("Jörg Müller", BrandTerms("mueller", any=("joerg müller", "@mueller_hilft")))
    >>> [own.has(term) for term in ("müllers", "#joergmueller", "herr müller", "#müllerrücktritt", "hilft")]
    [True, True, True, False, False]
    """

    def __init__(self, name: str, terms: BrandTerms) -> None:
        nearby = [term for group in terms.all for alternatives in group.terms for term in alternatives]
        texts = [terms.id, name, *terms.tagged, *map(text_of, [*terms.any, *nearby])]
        self._words = frozenset(word for text in texts for word in _words(text) if len(word) > 1)
        self._beginnings = tuple(self._words)

    def has(self, term: str) -> bool:
        """Return whether a term is a word of the brand, a pair with one, or a hashtag of nothing else."""
        words = plain_words(term)
        return self._divides("".join(words)) if term.startswith("#") else any(map(self._is_own, words))

    def _is_own(self, word: str) -> bool:
        stems = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
        return word in self._words or any(len(stem) >= FEWEST_LETTERS and stem in self._words for stem in stems)

    def _divides(self, letters: str) -> bool:
        """Return whether letters can be divided into words of the brand."""
        if not letters.startswith(self._beginnings):
            return False  # so that most hashtags cost next to nothing
        reached = [True]
        for end in range(1, len(letters) + 1):
            reached.append(any(reached[start] and self._is_own(letters[start:end]) for start in range(end)))
        return reached[-1]


def _words(text: str) -> Iterator[str]:
    """Yield the words of a name or a term. A handle or hashtag is one word: the words that it is made of may be news,
    such as ``hilft`` of ``@nordtel_hilft``."""
    for part in text.split():
        words = plain_words(part)
        yield from ["".join(words)] if part.startswith(SIGILS) else words
