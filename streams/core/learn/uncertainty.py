"""Uncertainty sampling: choose the posts to label, those of which the model is least certain and no near-duplicates."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.text import language
from streams.core.text.clean import signature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.sentiment import Probabilities, SentimentModel
    from streams.records import Post

FEW_WORDS: Final = 3
"""Posts with fewer words hardly ever have a sentiment that people can label."""


class UncertainPost(NamedTuple):
    """A post that is worth a label.

    Parameters
    ----------
    post
        The post.
    lang
        Language ``de``, ``en`` or ``und``.
    probabilities
        Prediction of the model.
    """

    post: Post
    lang: str
    probabilities: Probabilities

    @property
    def margin(self) -> float:
        """Return the difference between the two likeliest labels: 0 is a toss-up, 1 certainty."""
        _, second, first = sorted(self.probabilities)
        return first - second


def most_uncertain(posts: Iterable[Post], model: SentimentModel, limit: int) -> list[UncertainPost]:
    """Return the `limit` posts with the smallest margins (Scheffer, Decomain & Wrobel, IDA 2001), the smallest first.

    Of near-duplicates (`streams.core.text.clean.signature`) only the first is considered.

    Examples
    --------
    >>> from streams.records import Post
    >>> from streams.core.sentiment import LinearModel
    >>> texts = ["Kein Netz, das ist eine Frechheit", "Was kostet das im Monat", "was kostet das im Monat??"]
    >>> posts = [Post(str(number), "forum", 0, text) for number, text in enumerate(texts)]
    >>> from streams.sources.weights import load_model
    >>> [uncertain.post.id for uncertain in most_uncertain(posts, load_model(), 2)]
    ['1', '0']
    """
    seen: set[int] = set()
    heap: list[tuple[float, int, UncertainPost]] = []
    for number, post in enumerate(posts):
        content = signature(post.text)
        if content in seen or len(post.text.split()) < FEW_WORDS:
            continue
        seen.add(content)
        lang = language.detect(post.text, post.lang)
        uncertain = UncertainPost(post, lang, model.predict(post.text, lang))
        entry = (-uncertain.margin, -number, uncertain)
        if len(heap) < limit:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)
    return [uncertain for *_, uncertain in sorted(heap, reverse=True)]
