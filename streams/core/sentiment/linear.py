"""Score texts with a snapshot compiled into a table of tokens: a look-up for each token and one softmax for each text.

The n-grams and lexicon entries of a token are always the same: their weights are summed when the token first occurs. A
complex number holds both log-odds, negative as its real part and positive as its imaginary part, so that one addition
adds both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zlib import crc32

from streams.core.sentiment import sentences, snapshot
from streams.core.sentiment.features import (
    LANGUAGE_SLOTS,
    LINK_SLOT,
    MAX_WORD_CHARS,
    PAIR,
    SLOTS,
    extractor,
    pair_slots,
    scale,
    token_slot,
)
from streams.core.sentiment.model import softmax
from streams.core.sentiment.tokens import tokens
from streams.core.text.clean import has_url

if TYPE_CHECKING:
    from streams.config import QualityName
    from streams.core.sentiment.model import Probabilities


VERSIONS: Final[dict[QualityName, str]] = {"fast": "linear", "best": "sentences"}
"""Prefix of the version of a model, by which a mention shows the quality of the model that scored it."""

CACHED_TEXTS: Final = 8192
MAX_CACHED_CHARS: Final = 1000
"""Number and length of texts whose predictions are cached, since reposts and spam repeat texts; about 10 MB."""

CACHED_TOKENS: Final = 1 << 16
"""Tokens cached for each language, about 280 bytes each. A day of tweets has about as many; a full table is cleared, so
that junk words can't keep real ones out."""

_Entry = tuple[complex, int]
"""Log-odds of a token, and its slot."""


class _TokenTable(dict[str, _Entry]):
    """Entries of one language, each computed when its token first occurs."""

    def __init__(self, table: list[complex], lang: str) -> None:
        super().__init__()
        self._table, self._lang, self._features = table, lang, extractor()

    def __missing__(self, token: str) -> _Entry:
        slots, values = self._features.of_token(token, self._lang)
        odds = sum([self._table[slot] * value for slot, value in zip(slots, values, strict=True)], 0j)
        entry = (odds, token_slot(token))
        if len(token) <= MAX_WORD_CHARS:
            if len(self) >= CACHED_TOKENS:
                self.clear()
            self[token] = entry
        return entry


class _Compiled:
    """The weights of a snapshot as a function.

    It is separate from `LinearModel`, so that the model's cache does not form a reference cycle and the ten megabytes
    are freed with the last reference.
    """

    def __init__(self, weights: snapshot.Weights) -> None:
        words, self._sentence = weights.table[:SLOTS], weights.table[SLOTS:].copy()
        self._table: list[complex] = (words[:, 0] + 1j * words[:, 1].astype(complex)).tolist()
        bias = complex(*weights.bias)
        self._biases = {lang: bias + self._table[slot] for lang, slot in LANGUAGE_SLOTS.items()} | {"und": bias}
        self._tokens = {lang: _TokenTable(self._table, lang) for lang in self._biases}

    def predict(self, text: str, lang: str) -> Probabilities:
        """Predict as `LinearModel.predict`, without its cache."""
        lang = lang if lang in self._tokens else "und"
        table = self._tokens[lang]
        seen = [table[token] for token in tokens(text, lang)]
        weights = self._table
        pairs = sum([weights[slot] for slot in pair_slots([slot for _, slot in seen])], 0j)
        odds = (sum([own for own, _ in seen], 0j) + PAIR * pairs) * scale(len(seen)) + self._biases[lang]
        if has_url(text):
            odds += weights[LINK_SLOT]
        if len(self._sentence):
            odds += complex(*(sentences.embedding(text) @ self._sentence).tolist())
        return softmax(odds.real, odds.imag)


class LinearModel:
    """Softmax over the summed weights of a text's features; immutable except for bounded caches.

    Parameters
    ----------
    weights
        Learned weights.
    version
        Version of the model in mentions.

    Examples
    --------
    >>> from streams.sources.weights import load_model
    >>> model = load_model()
    >>> [round(p) for p in model.predict("Kein Netz, niemand geht ran. Frechheit!", "de")]
    [1, 0, 0]
    """

    def __init__(self, weights: snapshot.Weights, version: str) -> None:
        self.version = version
        self.quality = weights.quality
        self._compiled = _Compiled(weights)
        self._remembered = lru_cache(CACHED_TEXTS)(self._compiled.predict)

    def predict(self, text: str, lang: str) -> Probabilities:
        """Return the probabilities of negative, neutral and positive."""
        if len(text) > MAX_CACHED_CHARS:
            return self._compiled.predict(text, lang)
        return self._remembered(text, lang)

    def remembered(self) -> tuple[int, int]:
        """Return the numbers of predictions from the cache, and of those that were computed."""
        hits, misses, *_ = self._remembered.cache_info()
        return hits, misses

    @classmethod
    def from_snapshot(cls, content: bytes, quality: QualityName = "fast") -> LinearModel:
        """Compile a snapshot; two scorers that load the same one predict the same bits.

        Raises
        ------
        RecordError
            If the snapshot is damaged, of another quality or made for other features, see
            `streams.core.sentiment.snapshot.decode`.
        """
        return cls(snapshot.decode(content, quality), version=f"{VERSIONS[quality]}-{crc32(content):08x}")
