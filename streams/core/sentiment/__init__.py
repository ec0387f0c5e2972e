"""How negative a post is: the interface every model has, the model that scores, and the one that learns.

`OnlineSentiment` (`streams.core.sentiment.learner`) is not imported here, so that a scorer does without river.
"""

from streams.core.sentiment.linear import LinearModel
from streams.core.sentiment.model import LABELS, Probabilities, SentimentModel

__all__ = ["LABELS", "LinearModel", "Probabilities", "SentimentModel"]
