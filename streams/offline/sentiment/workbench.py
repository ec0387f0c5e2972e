"""Train weights and evaluate them on a stream, for ``firewatch sentiment``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from streams.core.sentiment import snapshot
from streams.core.sentiment.learner import OnlineSentiment
from streams.errors import FirewatchError, InputError, RecordError
from streams.offline.sentiment import prequential
from streams.offline.sentiment.training import train as fit
from streams.runtime.files import ensure_distinct_paths, open_output
from streams.sources.labelled_posts import read_gold
from streams.sources.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.config import QualityName


def train(files: Sequence[Path], out: Path, weights: Path | None, *, cold: bool, quality: QualityName = "fast") -> str:
    """Learn weights from labelled files, write them, and return a line about the result.

    Parameters
    ----------
    files
        Files of labelled posts, as `streams.sources.labelled_posts.read_gold` reads them.
    out
        File for the weights; it may be `weights`.
    weights
        File of the initial weights; None for the shipped ones.
    cold
        Start without initial weights instead.
    quality
        Quality of the weights.
    """
    ensure_distinct_paths(files, [out])
    sets = [read_gold(path) for path in files]
    start = None if cold else snapshot.decode(_checked(weights, quality), quality)
    content = snapshot.encode(fit(sets, start, quality))
    try:
        out.write_bytes(content)
    except OSError as error:
        raise FirewatchError(f"{out}: can't be written ({error.strerror})") from error
    return f"{out}: {len(content):,} bytes, learned from {sum(map(len, sets)):,} posts"


def evaluate(
    file: Path,
    weights: Path | None,
    predictions: Path | None,
    *,
    labels: float,
    seed: int,
    active: bool,
    cold: bool,
    quality: QualityName = "fast",
) -> str:
    """Evaluate weights prequentially on a labelled file, and return the figures as text."""
    ensure_distinct_paths([file, weights], [predictions])
    posts = read_gold(file)
    if cold:
        model = OnlineSentiment(quality=quality)
    else:
        model = OnlineSentiment.from_snapshot(_checked(weights, quality), quality)
    chooser = prequential.BySmallestMargin(labels) if active else prequential.AtRandom(labels, seed)
    with ExitStack() as opened:
        out = opened.enter_context(open_output(predictions)) if predictions else None
        result = prequential.run(model, posts, chooser, out)
    return prequential.rendered(result, len(posts))


def _checked(weights: Path | None, quality: QualityName) -> bytes:
    content = read_weights(weights, quality)
    try:
        snapshot.decode(content, quality)
    except RecordError as error:
        raise InputError(f"{weights or 'shipped weights'}: {error}") from error
    return content
