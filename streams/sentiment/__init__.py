"""How negative a post is: the interface every model has, and the model that ships."""

from streams.sentiment.linear import LinearModel
from streams.sentiment.model import Probabilities, SentimentModel

__all__ = ["LinearModel", "Probabilities", "SentimentModel"]
