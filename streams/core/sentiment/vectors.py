"""Return the features of texts as numpy arrays for learning; the features of a token are computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from streams.core.sentiment import sentences
from streams.core.sentiment.features import (
    LANGUAGE_SLOTS,
    LINK_SLOT,
    PAIR,
    SLOTS,
    extractor,
    pair_slots,
    scale,
    token_slot,
)
from streams.core.sentiment.tokens import tokens
from streams.core.text.clean import has_url

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streams.config import QualityName

CACHED_TOKENS: Final = 1 << 15
"""Tokens whose features are cached, about 700 bytes each; a full cache is cleared."""

Vector = tuple["NDArray[np.int32]", "NDArray[np.float32]"]
"""Slots and values of features, in arrays of equal length; a slot may occur twice."""

_SENTENCE: Final = np.arange(SLOTS, SLOTS + sentences.DIMENSIONS, dtype=np.int32)


class Vectors:
    """Convert texts to vectors.

    Parameters
    ----------
    quality
        Quality of the model; with ``best`` the embedding of the sentence follows the words.

    Examples
    --------
    >>> slots, values = Vectors().of("Kein Netz", "de")
    >>> len(slots), round(float(values[0]), 1)
    (23, 1.0)
    """

    def __init__(self, quality: QualityName = "fast") -> None:
        self._sentences = quality == "best"
        self._tokens: dict[tuple[str, str], tuple[int, Vector]] = {}

    def of(self, text: str, lang: str) -> Vector:
        """Return the vector of a text in ``de``, ``en`` or ``und``."""
        parts = [self._token(token, lang) for token in tokens(text, lang)]
        pairs = pair_slots([slot for slot, _ in parts])
        slots = [part[0] for _, part in parts]
        values = [part[1] for _, part in parts]
        slots.append(np.array(pairs, np.int32))
        values.append(np.full(len(pairs), PAIR, np.float32))
        whole = [LANGUAGE_SLOTS[lang]] if lang in LANGUAGE_SLOTS else []
        if has_url(text):
            whole.append(LINK_SLOT)
        slots.append(np.array(whole, np.int32))
        scaled = np.concatenate(values) * np.float32(scale(len(parts)))
        ends = [scaled, np.ones(len(slots[-1]), np.float32)]
        if self._sentences:
            slots.append(_SENTENCE)
            ends.append(sentences.embedding(text))
        return np.concatenate(slots), np.concatenate(ends)

    def _token(self, token: str, lang: str) -> tuple[int, Vector]:
        known = self._tokens.get((token, lang))
        if known is None:
            slots, values = extractor().of_token(token, lang)
            known = (token_slot(token), (np.array(slots, np.int32), np.array(values, np.float32)))
            if len(self._tokens) >= CACHED_TOKENS:
                self._tokens.clear()
            self._tokens[token, lang] = known
        return known
