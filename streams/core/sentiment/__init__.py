"""Sentiment of posts: the interface of all models, the model that scores, and the model that learns.

`OnlineSentiment` (`streams.core.sentiment.learner`) is not imported here, so that a scorer does not load river.
"""

from streams.core.sentiment.linear import LinearModel
from streams.core.sentiment.model import LABELS, Probabilities, SentimentModel

__all__ = ["LABELS", "LinearModel", "Probabilities", "SentimentModel"]
