"""Buckets become columns in order of time, whatever the order in which windows arrive."""

from __future__ import annotations

import random

import numpy as np
import pytest

from streams.records import SHARE
from tests.support.charts import BUCKET, DAY, series_of, window


def test_columns_are_in_order_whatever_the_order_of_arrival_and_has_no_repeats() -> None:
    windows = [window(index, count=index) for index in range(50)]
    shuffled = random.Random(1).sample(windows, 50) + windows[:10]
    series = series_of(*shuffled)
    assert len(series) == 50
    assert series.mentions == sum(range(50))
    assert series.peak == 49
    assert series.column("count").tolist() == list(range(50))  # type: ignore[union-attr]
    assert series.days() == pytest.approx([DAY + index * BUCKET for index in range(50)])


@pytest.mark.parametrize("hours", [1, 3])
def test_shares_and_means_are_those_of_the_hours_up_to_each_bucket(hours: int) -> None:
    dice = random.Random(2)
    windows = [window(i, count=(n := dice.randrange(4)), negative=dice.randrange(n + 1)) for i in range(60)]
    series = series_of(*windows)
    for index, (share, mean) in enumerate(zip(series.negative_share(hours), series.mean_count(hours), strict=True)):
        span = windows[max(0, index + 1 - 12 * hours) : index + 1]
        count = sum(each.count for each in span)
        expected = sum(each.negative for each in span) / SHARE / count if count else np.nan
        assert share == pytest.approx(expected, nan_ok=True)
        assert mean == pytest.approx(count / len(span))


@pytest.mark.parametrize(("count", "hours"), [(2, 1), (1, 3), (0, 24)])
def test_the_fewer_mentions_the_longer_the_time_of_a_share(count: int, hours: int) -> None:
    assert series_of(*(window(i, count=count) for i in range(48))).tone_hours == hours


def test_no_line_is_drawn_across_missing_buckets() -> None:
    series = series_of(window(0), window(1), window(5), window(6))
    count = series.column("count")
    assert count is not None
    assert np.isnan(count).tolist() == [False, False, True, False, False]
    assert series.days()[2] == pytest.approx(DAY + 2 * BUCKET)
    assert series.without_data() == [pytest.approx((DAY + 2 * BUCKET, DAY + 5 * BUCKET))]


def test_a_detector_that_comes_later_leaves_the_time_before_it_empty() -> None:
    series = series_of(window(0, scores={}), window(1), window(2, scores={}))
    assert series.detectors == ["tone", "volume"]
    values = series.column("volume", "value")
    assert values is not None
    assert np.isnan(values).tolist() == [True, False, True]
