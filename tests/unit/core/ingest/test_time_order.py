"""How posts follow one another in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.ingest.time_order import Disorder, TimeOrder


def order_of(times: list[int], lateness_ms: int = 10) -> TimeOrder[int]:
    order = TimeOrder[int](lateness_ms)
    for place, ts_ms in enumerate(times):
        order.add(ts_ms, place)
    return order


def test_equal_times_are_in_order() -> None:
    order = order_of([5, 5, 7, 7, 9])
    assert (order.posts, order.behind, order.beyond, order.first_behind) == (5, 0, 0, None)


def test_a_post_is_compared_with_the_latest_one_before_it() -> None:
    order = order_of([100, 300, 200, 295, 90])
    assert (order.behind, order.beyond) == (3, 2)
    assert order.first_behind == order.first_beyond == Disorder(2, 200, 1, 300)


def test_within_the_lateness_a_post_lies_behind_but_not_beyond() -> None:
    order = order_of([100, 90, 89])
    assert (order.behind, order.beyond) == (2, 1)
    assert order.first_beyond == Disorder(2, 89, 0, 100)


@given(st.lists(st.integers(0, 1_000)))
def test_sorted_times_are_in_order_and_only_they_are(times: list[int]) -> None:
    assert (order_of(times).behind == 0) == (times == sorted(times))
