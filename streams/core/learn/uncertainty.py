"""Which posts are worth a person's answer: those the model is least sure of, each saying something else."""

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
"""Posts with fewer words hardly ever say anything that could be judged."""


class Question(NamedTuple):
    """A post to ask about.

    Parameters
    ----------
    post
        The post.
    lang
        ``de``, ``en`` or ``und``.
    chances
        What the model says.
    """

    post: Post
    lang: str
    chances: Probabilities

    @property
    def margin(self) -> float:
        """Between the two likeliest labels: 0 is a toss-up, 1 certainty."""
        _, second, first = sorted(self.chances)
        return first - second


def questions(posts: Iterable[Post], model: SentimentModel, limit: int) -> list[Question]:
    """The `limit` posts with the smallest margins (Scheffer, Decomain & Wrobel, IDA 2001), least sure first.

    Of near-duplicates (`streams.core.text.clean.signature`) only the first is asked about.

    Examples
    --------
    >>> from streams.records import Post
    >>> from streams.core.sentiment import LinearModel
    >>> texts = ["Kein Netz, das ist eine Frechheit", "Was kostet das im Monat", "was kostet das im Monat??"]
    >>> posts = [Post(str(number), "forum", 0, text) for number, text in enumerate(texts)]
    >>> [question.post.id for question in questions(posts, LinearModel.load(), 2)]
    ['1', '0']
    """
    seen: set[int] = set()
    heap: list[tuple[float, int, Question]] = []
    for number, post in enumerate(posts):
        said = signature(post.text)
        if said in seen or len(post.text.split()) < FEW_WORDS:
            continue
        seen.add(said)
        lang = language.detect(post.text, post.lang)
        question = Question(post, lang, model.predict(post.text, lang))
        entry = (-question.margin, -number, question)
        if len(heap) < limit:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)
    return [question for *_, question in sorted(heap, reverse=True)]
