"""Extract the features of a text: numbered slots of one weight table, and a value for each.

Words, negated words, word pairs and the character n-grams inside words are hashed into the same fixed number of slots
(Weinberger et al., *Feature Hashing for Large Scale Multitask Learning*, ICML 2009), so that no vocabulary grows. The
lexicon's entries for a word are features of their own, whose weights are learned like any other's. The features of a
token are the same wherever it occurs; `streams.core.sentiment.linear` relies on that to sum their weights once.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zlib import crc32

from streams.core.sentiment.lexicon import CHANNELS, Lexicon
from streams.core.sentiment.tokens import NEGATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SLOTS: Final = 1 << 18
"""Rows of the weight table. The three shipped corpora fill 0.7 of them; half as many make no measurable difference to
macro-F1, twice as many gain nothing."""

PAIR: Final = 0.7
"""Value of a pair of neighbouring tokens, where a token itself is 1: the same as its n-grams together."""

GRAMS: Final = 0.7
"""Length (Euclidean) of all n-grams of a word together. At 1, the weights of words in a corpus are too large for
another domain; at 0.5, a stream in German learns more slowly."""

GRAM_LENGTHS: Final = (3, 4, 5)
"""Lengths in characters, which distinguish German compounds and inflections (``netzausfall``, ``ausfaelle``)."""

MAX_WORD_CHARS: Final = 40
"""Characters of a word that are cut into n-grams: nearly all of any German compound, and a bound on the work for
strings that are no words."""

LONG: Final = 20
"""Number of tokens from which evidence counts less than in proportion: n tokens weigh as much as sqrt(LONG * n). A
tweet has about 20; without this bound, the model would be certain about any article of a few thousand words."""

LEXICON_SLOTS: Final = tuple(crc32(f"lexicon {channel}".encode()) % SLOTS for channel in CHANNELS)

LANGUAGE_SLOTS: Final = {lang: crc32(f"language {lang}".encode()) % SLOTS for lang in ("de", "en")}
"""A feature of value 1, whatever the length of the text: the distribution of labels differs by language."""

LINK_SLOT: Final = crc32(b"link") % SLOTS
"""A feature of value 1 for a text with a link: such posts are mostly news. Its weight depends on the way in which posts
were collected, so it is not learned from files: learned from SB10k it costs PotTS a point of macro-F1, and learned from
early SemEval it costs late SemEval 0.3 of average recall; learned from the stream's own labels SB10k gains a point and
no corpus loses."""

Features = tuple[list[int], list[float]]
"""Slots and their values, in two lists of equal length."""


class FeatureExtractor:
    """Extract the features of tokens.

    Parameters
    ----------
    lexicon
        Words known to carry sentiment.

    Attributes
    ----------
    fingerprint
        Identifies the lexicon and the numbering of the features; weights are meaningless with another.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        settings = (SLOTS, PAIR, GRAMS, GRAM_LENGTHS, MAX_WORD_CHARS, LONG, CHANNELS, LINK_SLOT)
        self.fingerprint = crc32(repr((settings, lexicon.content())).encode())

    def of_token(self, token: str, lang: str) -> Features:
        """Return all features of a token, which is one of `streams.core.sentiment.tokens.tokens`."""
        slots, values = [token_slot(token)], [1.0]
        word = token.removeprefix(NEGATED)
        if word[0].isalpha():
            mark = b"#" if word == token else b"!"
            grams = {crc32(mark + gram) % SLOTS for gram in _grams(word[:MAX_WORD_CHARS])}
            if grams:
                slots += sorted(grams)
                values += [GRAMS / math.sqrt(len(grams))] * len(grams)
        strengths = self._lexicon.evidence(token, lang)
        if strengths:
            for slot, strength in zip(LEXICON_SLOTS, strengths, strict=True):
                if strength:
                    slots.append(slot)
                    values.append(strength)
        return slots, values


@cache
def extractor() -> FeatureExtractor:
    """Return the extractor of this process."""
    return FeatureExtractor(Lexicon())


def token_slot(token: str) -> int:
    """Return the slot of a token, which is the same in every process."""
    return crc32(token.encode(errors="surrogatepass")) % SLOTS


def pair_slots(token_slots: Sequence[int]) -> list[int]:
    """Return the slot of each pair of neighbours, given the slots of the tokens in order."""
    return [(3 * first + second) % SLOTS for first, second in pairwise(token_slots)]


def scale(tokens: int) -> float:
    """Return the factor on all features of a text with a number of tokens, see `LONG`."""
    return math.sqrt(LONG / tokens) if tokens > LONG else 1.0


def _grams(word: str) -> Iterator[bytes]:
    """Yield the n-grams of a word with marks at its ends, except the whole word, which is the token itself."""
    marked = f"<{word}>".encode()
    for length in GRAM_LENGTHS:
        if length < len(marked):
            for start in range(len(marked) - length + 1):
                yield marked[start : start + length]
