"""What a sentiment model is to the rest of the pipeline."""

from __future__ import annotations

from typing import Protocol

Probabilities = tuple[float, float, float]
"""Of negative, neutral and positive, in this order; they sum to 1."""


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
            Text of a post, normalised (`streams.text.normalise`).
        lang
            ``de``, ``en`` or ``und`` (`streams.language.detect`).
        """
