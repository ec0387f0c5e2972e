"""What a text is to the linear model: numbered slots of one weight table, and how much of each the text has.

Words, negated words, word pairs and the character n-grams inside words are hashed into the same fixed number of slots
(Weinberger et al., *Feature Hashing for Large Scale Multitask Learning*, ICML 2009), so that no vocabulary grows. What
the lexicon knows of a word is a feature of its own, whose worth is learned like any other's. All that a token brings
in is the same wherever it stands; `streams.core.sentiment.linear` relies on that to sum it once.
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
macro-F1, twice as many bring nothing."""

PAIR: Final = 0.7
"""Value of a pair of neighbouring tokens, where a token itself is 1: that of its n-grams together."""

GRAMS: Final = 0.7
"""Length (Euclidean) of all n-grams of a word together. At 1, words of corpora say too much about another domain; at
0.5, a stream in German learns more slowly."""

GRAM_LENGTHS: Final = (3, 4, 5)
"""Characters: what tells German compounds and inflections apart (``netzausfall``, ``ausfaelle``)."""

MAX_WORD_CHARS: Final = 40
"""Part of a word that is cut into n-grams: nearly all of any German
compound, and a bound on the work for what is no word."""

LONG: Final = 20
"""Tokens from which on evidence counts less than in proportion: n tokens weigh as much as sqrt(LONG * n). A tweet has
about 20; without it, any article of a few thousand words would be certainly something."""

LEXICON_SLOTS: Final = tuple(crc32(f"lexicon {channel}".encode()) % SLOTS for channel in CHANNELS)

LANGUAGE_SLOTS: Final = {lang: crc32(f"language {lang}".encode()) % SLOTS for lang in ("de", "en")}
"""A feature of value 1, whatever the length of the text: how the labels are spread differs by language."""

LINK_SLOT: Final = crc32(b"link") % SLOTS
"""A feature of value 1 where a link stands: such posts are mostly news. How much it says differs by the way posts were
collected, so that files teach nothing about it: learned from SB10k it costs PotTS a point of macro-F1, and from early
SemEval late SemEval 0.3 of average recall; learned from the stream's own labels SB10k gains one and nothing loses."""

Features = tuple[list[int], list[float]]
"""Slots and values, side by side."""


class FeatureExtractor:
    """Features of tokens, by way of a lexicon.

    Attributes
    ----------
    fingerprint
        Names lexicon and numbering of the features: weights mean nothing under another.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        settings = (SLOTS, PAIR, GRAMS, GRAM_LENGTHS, MAX_WORD_CHARS, LONG, CHANNELS, LINK_SLOT)
        self.fingerprint = crc32(repr((settings, lexicon.content())).encode())

    def of_token(self, token: str, lang: str) -> Features:
        """All that one token brings in; `token` is one of `streams.core.sentiment.tokens.tokens`."""
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
    """The one of this process."""
    return FeatureExtractor(Lexicon())


def token_slot(token: str) -> int:
    """Slot of a token, the same in every process."""
    return crc32(token.encode(errors="surrogatepass")) % SLOTS


def pair_slots(token_slots: Sequence[int]) -> list[int]:
    """Slot of each pair of neighbours, given the slots of the tokens in order."""
    return [(3 * first + second) % SLOTS for first, second in pairwise(token_slots)]


def scale(tokens: int) -> float:
    """Factor on all features of a text of so many tokens, see `LONG`."""
    return math.sqrt(LONG / tokens) if tokens > LONG else 1.0


def _grams(word: str) -> Iterator[bytes]:
    """N-grams of a word between its edges, but not all of it at once: that is the token itself."""
    marked = f"<{word}>".encode()
    for length in GRAM_LENGTHS:
        if length < len(marked):
            for start in range(len(marked) - length + 1):
                yield marked[start : start + length]
