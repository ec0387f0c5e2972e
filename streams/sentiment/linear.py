"""A linear model over tokens: one table look-up for each, one softmax for each text."""

from __future__ import annotations

import math
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from zlib import crc32

from streams.errors import InputError
from streams.sentiment.tokens import tokens

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from streams.sentiment.model import Probabilities

SHIPPED_WEIGHTS: Final = "weights/linear.tsv"

BIAS: Final = "<bias>"
ANY_LANGUAGE: Final = "*"
"""Language of tokens that every language shares: emoji, emoticons, punctuation, the bias."""

LANGUAGES: Final = ("de", "en")

LONG: Final = 20
"""Tokens from which on evidence counts less than in proportion: n tokens weigh as much as sqrt(LONG * n). A tweet has
about 20; without it, any article of a few thousand words would be certainly something."""

CACHED_TEXTS: Final = 8192
MAX_CACHED_CHARS: Final = 1000
"""Reposts and spam repeat texts; this bounds what remembering them costs to about 10 MB."""

_MAX_UNKNOWN: Final = 1 << 16
_MIN_STEM: Final = 3
_NOTHING: Final = (0.0, 0.0)

Weights = tuple[float, float]
"""What a token adds to the log-odds of negative and of positive against neutral."""


class _Table(dict[str, Weights]):
    """Weights of each token of one language; those of words it was not given are worked out from their stem and kept.

    Parameters
    ----------
    exact
        Weights by token.
    stems
        Weights by beginning of a word; the longest counts.
    """

    def __init__(self, exact: dict[str, Weights], stems: dict[str, Weights]) -> None:
        super().__init__(exact)
        self._stems = stems
        self._shortest = min(map(len, stems), default=_MIN_STEM)
        self._longest = max(map(len, stems), default=0)
        self._max_size = len(exact) + _MAX_UNKNOWN

    def __missing__(self, token: str) -> Weights:
        weights = self._from_stem(token)
        if len(self) < self._max_size:
            self[token] = weights
        return weights

    def _from_stem(self, token: str) -> Weights:
        for length in range(min(len(token), self._longest), self._shortest - 1, -1):
            weights = self._stems.get(token[:length])
            if weights is not None:
                return weights
        # An elongated word arrives with its letter doubled: soo, haate.
        once = "".join(char for char, following in zip(token, token[1:] + " ", strict=True) if char != following)
        return self.get(once, _NOTHING)


class LinearModel:
    """Softmax over the sums of its tokens' weights.

    Parameters
    ----------
    weights
        By language (`ANY_LANGUAGE` for what all share), then by token; a word that ends in ``*`` is a stem.
    version
        What mentions carry.

    Examples
    --------
    >>> model = LinearModel({"en": {"late": (2.0, -1.0)}, "*": {BIAS: (0.0, 0.0)}}, version="example")
    >>> [round(p, 2) for p in model.predict("Late again", "en")]
    [0.84, 0.11, 0.04]
    """

    def __init__(self, weights: dict[str, dict[str, Weights]], version: str) -> None:
        self.version = version
        shared = weights.get(ANY_LANGUAGE, {})
        self._bias = shared.get(BIAS, _NOTHING)
        by_language = {lang: weights.get(lang, {}) for lang in LANGUAGES}
        self._tables = {lang: _table(shared | own) for lang, own in by_language.items()}
        self._unknown_language = _table(shared | _agreed(*by_language.values()))
        self._remembered = lru_cache(CACHED_TEXTS)(self._predict)

    def predict(self, text: str, lang: str) -> Probabilities:
        """Probabilities of negative, neutral, positive; where the language is unknown, from words of either."""
        if len(text) > MAX_CACHED_CHARS:
            return self._predict(text, lang)
        return self._remembered(text, lang)

    def _predict(self, text: str, lang: str) -> Probabilities:
        table = self._tables.get(lang, self._unknown_language)
        negative = positive = 0.0
        seen = tokens(text, lang)
        for token in seen:
            weights = table[token]
            negative += weights[0]
            positive += weights[1]
        scale = math.sqrt(LONG / len(seen)) if len(seen) > LONG else 1.0
        negative = negative * scale + self._bias[0]
        positive = positive * scale + self._bias[1]
        top = max(negative, positive, 0.0)
        exp_negative, exp_neutral, exp_positive = math.exp(negative - top), math.exp(-top), math.exp(positive - top)
        total = exp_negative + exp_neutral + exp_positive
        return exp_negative / total, exp_neutral / total, exp_positive / total

    @classmethod
    def load(cls, path: Path | None = None) -> LinearModel:
        """Read weights written by `streams.sentiment.learn`.

        Parameters
        ----------
        path
            The file; None for the weights that ship.

        Raises
        ------
        InputError
            If the file can't be read or a line is not ``language TAB token TAB negative TAB positive``.
        """
        file: Path | Traversable = path or files("streams.sentiment").joinpath(SHIPPED_WEIGHTS)
        try:
            content = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: sentiment weights can't be read: {error}") from error
        weights: dict[str, dict[str, Weights]] = {}
        for number, line in enumerate(content.split("\n"), 1):
            if not line or line.startswith("# "):
                continue
            try:
                lang, token, negative, positive = line.split("\t")
                weights.setdefault(lang, {})[token] = (int(negative) / 100, int(positive) / 100)
            except ValueError as error:
                raise InputError(
                    f"{file}:{number}: expected language, token, and two weights in hundredths, separated by tabs"
                ) from error
        if BIAS not in weights.get(ANY_LANGUAGE, {}):
            raise InputError(f"{file}: holds no bias, so it is no complete file of sentiment weights")
        return cls(weights, version=f"linear-{crc32(content.encode()):08x}")


def _table(weights: dict[str, Weights]) -> _Table:
    stems = {token[:-1]: value for token, value in weights.items() if token[-1] == "*" and token[-2:-1].isalpha()}
    return _Table(
        {token: value for token, value in weights.items() if token[:-1] not in stems or token[-1] != "*"}, stems
    )


def _agreed(german: dict[str, Weights], english: dict[str, Weights]) -> dict[str, Weights]:
    """Weights where the language is unknown: those of the language that has the word, the mean where both have it."""
    both = {
        token: ((german[token][0] + english[token][0]) / 2, (german[token][1] + english[token][1]) / 2)
        for token in german.keys() & english.keys()
    }
    return german | english | both
