"""Test, then train: a stream of labelled posts in order, of which only a share of the labels is ever revealed."""

from __future__ import annotations

import random
import time
from bisect import bisect_left, insort
from collections import deque
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from streams.core.sentiment.f1 import Quality, quality
from streams.core.sentiment.model import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from river.base.typing import FeatureName

    from streams.core.sentiment.learner import OnlineSentiment
    from streams.core.sentiment.model import Probabilities
    from streams.sources.labelled_posts import GoldPost

MARGINS: Final = 500
"""Latest posts among which a margin must be small to be asked about."""


class Chooser(Protocol):
    """Decides whose label is revealed, without knowing it."""

    def reveals(self, chances: Probabilities) -> bool:
        """Whether to reveal the label of a post judged so."""


class AtRandom:
    """Reveal a share of the labels, each with the same chance.

    Parameters
    ----------
    share
        In 0..1.
    seed
        Of the choice.
    """

    def __init__(self, share: float, seed: int) -> None:
        self._share = share
        self._random = random.Random(seed)

    def reveals(self, chances: Probabilities) -> bool:  # noqa: ARG002
        """Whether to reveal the label, whatever the model thinks."""
        return self._random.random() < self._share


class BySmallestMargin:
    """Reveal the share of labels that the model is least sure of, as far as can be told while the stream goes by.

    The margin is that of the two likeliest labels (Scheffer, Decomain & Wrobel, *Active Hidden Markov Models for
    Information Extraction*, IDA 2001).

    Parameters
    ----------
    share
        In 0..1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._latest: deque[float] = deque()
        self._sorted: list[float] = []
        self._seen = self._revealed = 0

    def reveals(self, chances: Probabilities) -> bool:
        """Whether the margin is within the lowest `share` of the latest ones, and the budget allows it."""
        _, second, first = sorted(chances)
        margin = first - second
        if len(self._latest) == MARGINS:
            del self._sorted[bisect_left(self._sorted, self._latest.popleft())]
        self._latest.append(margin)
        insort(self._sorted, margin)
        self._seen += 1
        rank = bisect_left(self._sorted, margin)
        asked = rank < self._share * len(self._sorted) and self._revealed < self._share * self._seen
        self._revealed += asked
        return asked


class PrequentialResult(NamedTuple):
    """What came of a stream.

    Parameters
    ----------
    second_half
        Quality on the posts of the second half.
    revealed
        Labels the model was given.
    posts_per_second
        Judged and, where revealed, learned; wall clock.
    """

    second_half: Quality
    revealed: int
    posts_per_second: float


def run(
    model: OnlineSentiment, posts: Sequence[GoldPost], chooser: Chooser, predictions: IO[bytes] | None = None
) -> PrequentialResult:
    """Let `model` judge each post and then learn its label, if `chooser` reveals it.

    Parameters
    ----------
    model
        Goes on learning.
    posts
        In order, at least one.
    chooser
        Decides on each label before anybody has seen it.
    predictions
        Gets a JSON line for each post before its label is looked at.
    """
    write: Callable[[bytes], object] = predictions.write if predictions else len
    chances: list[Probabilities] = []
    revealed = 0
    started = time.perf_counter()
    for post in posts:
        x: dict[FeatureName, Any] = {"text": post.text, "lang": post.lang}
        answer = model.predict_proba_one(x)
        chance = (answer["negative"], answer["neutral"], answer["positive"])
        chances.append(chance)
        reveals = chooser.reveals(chance)
        write(_line(post.id, chance, reveals=reveals))
        if reveals:
            model.learn_one(x, post.label)
            revealed += 1
    seconds = time.perf_counter() - started
    half = len(posts) // 2
    return PrequentialResult(
        quality([post.label for post in posts[half:]], chances[half:]), revealed, len(posts) / seconds
    )


def _line(post_id: str, chance: Probabilities, *, reveals: bool) -> bytes:
    named = {f"p_{label}": p for label, p in zip(LABELS, chance, strict=True)}
    return orjson.dumps({"id": post_id, **named, "label_revealed": reveals}, option=orjson.OPT_APPEND_NEWLINE)


def rendered(outcome: PrequentialResult, posts: int) -> str:
    """The figures as text."""
    measured = outcome.second_half
    lines = [
        f"{posts:,} posts, {outcome.revealed:,} labels revealed, {outcome.posts_per_second:,.0f} posts/s; second half:",
        f"  macro-F1             {measured.macro_f1:.3f}",
        f"  negative vs. rest F1 {measured.negative_rest_f1:.3f}  (mean of the two)",
        f"  average recall       {measured.average_recall:.3f}",
        f"  calibration error    {measured.calibration_error:.3f}",
        f"  mean p(negative)     {measured.mean_negative:.3f}",
        f"  {'label':<12} precision  recall     F1   posts",
    ]
    for label, found in zip(LABELS, measured.by_label, strict=True):
        lines.append(f"  {label:<12} {found.precision:9.3f} {found.recall:7.3f} {found.f1:6.3f} {found.posts:7,}")
    return "\n".join(lines)
