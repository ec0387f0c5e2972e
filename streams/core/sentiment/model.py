"""What a sentiment model is to the rest of the pipeline."""

from __future__ import annotations

import math
from typing import Final, Protocol

Probabilities = tuple[float, float, float]
"""Of negative, neutral and positive, in this order; they sum to 1."""

LABELS: Final = ("negative", "neutral", "positive")
"""In the order of `Probabilities`."""


class SentimentModel(Protocol):
    """Judges one text at a time, the same text always alike while `version` stays the same."""

    @property
    def version(self) -> str:
        """Names the model and what it has learned; every mention carries it."""

    def predict(self, text: str, lang: str) -> Probabilities:
        """Probabilities that a person would call the text negative, neutral or positive.

        Parameters
        ----------
        text
            Text of a post, normalised (`streams.core.text.clean.normalise`).
        lang
            ``de``, ``en`` or ``und`` (`streams.core.text.language.detect`).
        """


def softmax(negative: float, positive: float) -> Probabilities:
    """Probabilities, given the log-odds of negative and of positive against neutral.

    >>> [round(p, 2) for p in softmax(2.0, -1.0)]
    [0.84, 0.11, 0.04]
    """
    top = max(negative, positive, 0.0)
    exp_negative, exp_neutral, exp_positive = math.exp(negative - top), math.exp(-top), math.exp(positive - top)
    total = exp_negative + exp_neutral + exp_positive
    return exp_negative / total, exp_neutral / total, exp_positive / total
