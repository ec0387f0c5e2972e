"""Define the interface of sentiment models for the rest of the pipeline."""

from __future__ import annotations

import math
from typing import Final, Protocol

Probabilities = tuple[float, float, float]
"""Probabilities of negative, neutral and positive, in this order; they sum to 1."""

LABELS: Final = ("negative", "neutral", "positive")
"""Labels in the order of `Probabilities`."""


class SentimentModel(Protocol):
    """Model that scores one text at a time, the same text always the same while `version` does not change."""

    @property
    def version(self) -> str:
        """Return the version that identifies the model and its weights; every mention has it."""

    def predict(self, text: str, lang: str) -> Probabilities:
        """Return the probabilities that a person would label the text negative, neutral or positive.

        Parameters
        ----------
        text
            Normalised text of a post (`streams.core.text.clean.normalise`).
        lang
            Language ``de``, ``en`` or ``und`` (`streams.core.text.language.detect`).
        """


def softmax(negative: float, positive: float) -> Probabilities:
    """Return the probabilities for the log-odds of negative and of positive against neutral.

    >>> [round(p, 2) for p in softmax(2.0, -1.0)]
    [0.84, 0.11, 0.04]
    """
    top = max(negative, positive, 0.0)
    exp_negative, exp_neutral, exp_positive = math.exp(negative - top), math.exp(-top), math.exp(positive - top)
    total = exp_negative + exp_neutral + exp_positive
    return exp_negative / total, exp_neutral / total, exp_positive / total
