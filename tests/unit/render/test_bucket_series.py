"""Buckets become columns in order of time, whatever the order in which windows arrive."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from streams.records import SHARE, WindowScore
from tests.support.charts import BUCKET, DAY, series_of, window

if TYPE_CHECKING:
    from streams.records import Window


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


def test_steps_end_where_buckets_are_missing() -> None:
    series = series_of(window(0, count=3), window(1, count=4), window(5, count=5), window(6, count=6))
    count = series.column("count")
    assert count is not None
    days, steps = series.outline(count)
    assert days == pytest.approx([DAY + index * BUCKET for index in (0, 1, 2, 2, 5, 6, 7, 7)])
    assert steps.tolist() == pytest.approx([3, 4, 4, np.nan, 5, 6, 6, np.nan], nan_ok=True)
    assert series.without_data() == [pytest.approx((DAY + 2 * BUCKET, DAY + 5 * BUCKET))]


def test_a_part_has_the_buckets_that_begin_in_it() -> None:
    series = series_of(*(window(index, count=index) for index in (4, 3, 2, 1, 0)))
    part = series.between(DAY + BUCKET, DAY + 4 * BUCKET)
    assert part.column("count").tolist() == [1, 2, 3]  # type: ignore[union-attr]
    assert (part.begin, part.end) == pytest.approx((DAY + BUCKET, DAY + 4 * BUCKET))
    assert len(series.between(DAY + 9, DAY + 10)) == series.between(DAY + 9, DAY + 10).peak == 0


def volume(index: int, value: float, count: int, upper: float) -> Window:
    return window(index, count=count, scores={"volume": WindowScore(value, count, 8, 2, upper, None)})


def test_the_band_has_no_hole_while_scores_stay_high_after_a_storm() -> None:
    # the detector moves the bound of the third and fourth bucket down to their mentions, as their scores are over 1
    storm = series_of(
        volume(0, 0.5, 10, 20), volume(1, 2.0, 90, 22), volume(2, 1.8, 15, 15), volume(3, 1.4, 9, 9),
        volume(4, 0.8, 7, 28),
    )  # fmt: skip
    band = storm.band("volume")
    assert band is not None
    assert band.upper.tolist() == [20, 22, 24, 26, 28]
    assert band.lower.tolist() == [2] * 5
    assert storm.band("nobody") is None


def test_a_band_that_is_moved_everywhere_is_shown_as_it_is() -> None:
    band = series_of(volume(0, 2.0, 9, 9), volume(1, 2.0, 10, 10)).band("volume")
    assert band is not None
    assert band.upper.tolist() == [9, 10]


def test_stretches_leave_out_what_is_before_the_first_mention_between_and_after_the_last() -> None:
    hours = 12
    counted = [*range(100 * hours, 200 * hours), *range(900 * hours, 1000 * hours)]
    series = series_of(*(window(i, count=int(i in set(counted))) for i in range(2000 * hours)))
    begins, ends = zip(*series.stretches(), strict=True)
    assert [round((edge - DAY) * 24) for edge in begins] == [94, 894]
    assert [round((edge - DAY) * 24) for edge in ends] == [206, 1006]


def test_a_brand_without_mentions_has_all_of_its_time() -> None:
    assert series_of(*(window(i, count=0) for i in range(5))).stretches() == [pytest.approx((DAY, DAY + 5 * BUCKET))]


def test_a_detector_that_comes_later_leaves_the_time_before_it_empty() -> None:
    series = series_of(window(0, scores={}), window(1), window(2, scores={}))
    assert series.detectors == ["tone", "volume"]
    values = series.column("volume", "value")
    assert values is not None
    assert np.isnan(values).tolist() == [True, False, True]
