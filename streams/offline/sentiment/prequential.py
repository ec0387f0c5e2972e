"""Evaluate a model prequentially: it first predicts each post of a stream, and then learns a share of the labels."""

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
"""Number of latest posts with which a margin is compared."""


class Chooser(Protocol):
    """A rule that decides which labels are revealed, without knowing them."""

    def reveals(self, chances: Probabilities) -> bool:
        """Return whether to reveal the label of a post with these predicted probabilities."""


class AtRandom:
    """A rule that reveals a share of the labels at random.

    Parameters
    ----------
    share
        Share of the labels, 0..1.
    seed
        Seed of the choice.
    """

    def __init__(self, share: float, seed: int) -> None:
        self._share = share
        self._random = random.Random(seed)

    def reveals(self, chances: Probabilities) -> bool:  # noqa: ARG002
        """Return whether to reveal the label; the probabilities do not matter."""
        return self._random.random() < self._share


class BySmallestMargin:
    """A rule that reveals the labels of the posts about which the model is least certain (uncertainty sampling).

    A post is compared with the latest ones only, as later ones are not known yet. The margin is that between the two
    likeliest labels (Scheffer, Decomain & Wrobel, *Active Hidden Markov Models for
    Information Extraction*, IDA 2001).

    Parameters
    ----------
    share
        Share of the labels, 0..1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._latest: deque[float] = deque()
        self._sorted: list[float] = []
        self._seen = self._revealed = 0

    def reveals(self, chances: Probabilities) -> bool:
        """Return whether the margin is within the lowest `share` of the latest ones, and the budget allows it."""
        _, second, first = sorted(chances)
        margin = first - second
        if len(self._latest) == MARGINS:
            del self._sorted[bisect_left(self._sorted, self._latest.popleft())]
        self._latest.append(margin)
        insort(self._sorted, margin)
        self._seen += 1
        rank = bisect_left(self._sorted, margin)
        reveals = rank < self._share * len(self._sorted) and self._revealed < self._share * self._seen
        self._revealed += reveals
        return reveals


class PrequentialResult(NamedTuple):
    """The result of a prequential evaluation.

    Parameters
    ----------
    second_half
        Quality of the predictions for the second half of the posts.
    revealed
        Number of labels that the model learned.
    posts_per_second
        Posts per second of wall-clock time, prediction and learning included.
    """

    second_half: Quality
    revealed: int
    posts_per_second: float


def run(
    model: OnlineSentiment, posts: Sequence[GoldPost], chooser: Chooser, predictions: IO[bytes] | None = None
) -> PrequentialResult:
    """Predict each post, then learn its label if it is revealed.

    Parameters
    ----------
    model
        Model to evaluate, which learns further.
    posts
        Labelled posts in order, at least one.
    chooser
        Rule that decides which labels are revealed.
    predictions
        File that gets a JSON line for each post before its label is used.
    """
    write: Callable[[bytes], object] = predictions.write if predictions else len
    chances: list[Probabilities] = []
    revealed = 0
    started = time.perf_counter()
    for post in posts:
        x: dict[FeatureName, Any] = {"text": post.text, "lang": post.lang}
        predicted = model.predict_proba_one(x)
        chance = (predicted["negative"], predicted["neutral"], predicted["positive"])
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


def rendered(result: PrequentialResult, posts: int) -> str:
    """Format the figures as text."""
    measured = result.second_half
    lines = [
        f"{posts:,} posts, {result.revealed:,} labels revealed, {result.posts_per_second:,.0f} posts/s; second half:",
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
