"""When a result is warned of: from one late mention, or post, in a hundred."""

from __future__ import annotations

import pytest

from streams.core.ingest.time_order import TimeOrder
from streams.offline.lateness import late_mentions, late_posts
from streams.sources.base import Line


@pytest.mark.parametrize(("counted", "late", "loud"), [(0, 0, False), (99, 1, False), (98, 2, True), (0, 1, True)])
def test_more_than_one_late_mention_in_a_hundred_is_loud(counted: int, late: int, loud: bool) -> None:
    assert bool(list(late_mentions(counted, late))) == loud


def order_of(*times: int) -> TimeOrder[Line]:
    order = TimeOrder[Line](lateness_ms=120_000)
    for number, ts_ms in enumerate(times, start=1):
        order.add(ts_ms, Line(b"", 0, number=number))
    return order


def test_late_posts_are_described_by_place_and_times() -> None:
    (remark,) = late_posts(order_of(1_700_000_000_000, 1_600_000_000_000), 120)
    assert "1 of 2 posts" in remark
    assert "line 2 (2020-09-13T12:26:40Z) after line 1 (2023-11-14T22:13:20Z)" in remark
    assert "windows.lateness_seconds=120" in remark


def test_posts_within_the_lateness_and_a_few_beyond_are_not_remarked() -> None:
    within = [1_700_000_000_000, 1_700_000_000_000 - 120_000]
    assert not list(late_posts(order_of(*within), 120))
    assert not list(late_posts(order_of(*range(10**12, 10**12 + 200), 10**11), 120))
