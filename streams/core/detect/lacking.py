"""How many more mentions a bucket lacked for a detector to fire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from detectors.base import Bucket, Detector

_MOST: Final = 1_000_000
"""Number of mentions beyond which a bucket lacks something else."""


def lacking(detector: Detector, bucket: Bucket) -> int | None:
    """Return the least number of further mentions in a bucket with which its score would be 1 or more.

    For tone and crises they are entirely negative; each is by an author of its own. The detector itself scores the
    bucket with them, so the number can't contradict its decision.

    Returns
    -------
    int or None
        0 if the score is 1 or more already; None if mentions alone would not do it.

    Examples
    --------
    >>> from detectors.base import Bucket
    >>> from detectors.registry import build
    >>> volume, calm = build("volume", {}, usual_posts_per_day=240), Bucket(0, 300_000, count=1)
    >>> lacking(volume, calm), volume.score_one(Bucket(0, 300_000, count=1 + lacking(volume, calm))).value >= 1
    (35, True)
    """

    def fires(more: int) -> bool:
        return detector.score_one(_with(bucket, more, is_negative=detector.aspect != "attention")).value >= 1

    if fires(0):
        return 0
    too_few, enough = 0, 1
    while not fires(enough):
        too_few, enough = enough, 2 * enough
        if enough > _MOST:
            return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if fires(middle) else (middle, enough)
    return enough


def _with(bucket: Bucket, more: int, *, is_negative: bool) -> Bucket:
    """Return a bucket with further mentions, which come from its sources in the present mix."""
    if not more:
        return bucket
    count = bucket.count + more
    kept = bucket.count / count
    largest = max(bucket.sources, key=lambda source: bucket.sources[source], default=None)
    sources = dict(bucket.sources) | ({largest: bucket.sources[largest] + more} if largest is not None else {})
    return replace(
        bucket,
        count=count,
        negative=bucket.negative + (more if is_negative else 0),
        authors=bucket.authors + more,
        top_author_share=bucket.top_author_share * kept if bucket.count else 1 / count,
        duplicate_share=bucket.duplicate_share * kept,
        sources=sources,
    )
