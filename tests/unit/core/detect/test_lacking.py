"""The number of mentions that a detector lacked is the least with which it fires."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Bucket
from detectors.registry import build
from streams.core.detect.lacking import lacking

BUCKET_MS = 300_000


@pytest.mark.parametrize("kind", ["volume", "sentiment_shift", "composite"])
@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 60), share=st.floats(0, 0.5), days=st.integers(1, 3))
def test_with_so_many_mentions_it_is_anomalous_and_with_one_less_it_is_not(
    kind: str, count: int, share: float, days: int
) -> None:
    detector = build(kind, {}, usual_posts_per_day=1_440)
    for index in range(days * 288):
        detector.learn_one(Bucket(index * BUCKET_MS, BUCKET_MS, 3 + index % 5, negative=1.0, authors=3))
    bucket = Bucket(days * 288 * BUCKET_MS, BUCKET_MS, count, negative=share * count, authors=count)
    more = lacking(detector, bucket)
    assert more is not None

    def value(extra: int) -> float:
        negative = bucket.negative + (0 if kind == "volume" else extra)
        with_them = replace(bucket, count=count + extra, negative=negative, authors=count + extra)
        return detector.score_one(with_them).value

    assert more == 0 or count == 0 or value(more - 1) < 1
    assert value(more) >= 1 or count == 0


def test_nothing_is_lacking_where_the_score_is_high_enough() -> None:
    assert lacking(build("volume", {}, usual_posts_per_day=24), Bucket(0, BUCKET_MS, 500)) == 0


def test_mentions_are_not_what_an_open_bucket_lacks_for_a_detector_of_closed_ones() -> None:
    assert lacking(build("river", {}), Bucket(0, BUCKET_MS, 5, elapsed_ms=1_000)) is None
