"""What ``firewatch sentiment`` does once its arguments are parsed: train weights, and measure them on a stream."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from streams.core.sentiment import snapshot
from streams.core.sentiment.learner import OnlineSentiment
from streams.errors import FirewatchError, InputError, RecordError
from streams.offline.sentiment import prequential
from streams.offline.sentiment.training import train as fit
from streams.runtime.files import ensure_distinct_paths
from streams.sources.labelled_posts import read_gold
from streams.sources.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.config import QualityName


def train(files: Sequence[Path], out: Path, weights: Path | None, *, cold: bool, quality: QualityName = "fast") -> str:
    """Learn weights from labelled files, write them, and tell what came of it; `out` may be `weights`.

    Parameters
    ----------
    files
        JSON lines, see `streams.sources.labelled_posts.read_gold`.
    out
        Where the weights go.
    weights
        What to start from; None for the shipped weights.
    cold
        Start from nothing instead.
    quality
        Of the weights.
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
    """Test, then train over a labelled file, and give the figures."""
    ensure_distinct_paths([file, weights], [predictions])
    posts = read_gold(file)
    if cold:
        model = OnlineSentiment(quality=quality)
    else:
        model = OnlineSentiment.from_snapshot(_checked(weights, quality), quality)
    chooser = prequential.BySmallestMargin(labels) if active else prequential.AtRandom(labels, seed)
    with ExitStack() as opened:
        try:
            out = opened.enter_context(predictions.open("wb")) if predictions else None
        except OSError as error:
            raise FirewatchError(f"{predictions}: can't be written ({error.strerror})") from error
        outcome = prequential.run(model, posts, chooser, out)
    return prequential.rendered(outcome, len(posts))


def _checked(weights: Path | None, quality: QualityName) -> bytes:
    content = read_weights(weights, quality)
    try:
        snapshot.decode(content, quality)
    except RecordError as error:
        raise InputError(f"{weights or 'shipped weights'}: {error}") from error
    return content
