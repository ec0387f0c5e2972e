"""The spending limit holds over restarts and within a day of UTC."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.sources.x import XSettings
from streams.sources.live.x.spending import Spending

DAY_MS = 86_400_000


def settings(**options: Any) -> XSettings:
    own = {"id": "x", "kind": "x", "spend_limit_usd_per_day": 1.0, "usd_per_post": 0.005}
    return XSettings.model_validate(own | options)


def test_a_limit_of_nothing_reads_nothing() -> None:
    assert Spending(settings(spend_limit_usd_per_day=0), None).pace(0) == "stop"


def test_without_sampling_all_is_read_until_the_limit() -> None:
    spending = Spending(settings(at_limit="stop"), None)
    spending.add(199, 0)
    assert spending.pace(0) == "all"
    spending.add(1, 0)
    assert spending.pace(0) == "stop"


def test_what_was_spent_before_a_restart_counts() -> None:
    before = Spending(settings(), None)
    before.add(150, 5 * DAY_MS)
    after = Spending(settings(), before.as_json())
    assert (after.pace(5 * DAY_MS + 1), after.left(5 * DAY_MS + 1)) == ("sample", 50)
    assert after.pace(6 * DAY_MS) == "all"


def test_a_clock_that_is_set_back_frees_no_money() -> None:
    spending = Spending(settings(), None)
    spending.add(200, 5 * DAY_MS)
    assert spending.pace(4 * DAY_MS) == "stop"


def test_a_damaged_position_counts_as_none() -> None:
    assert Spending(settings(), {"day": "x", "posts": -1}).left(0) == 200


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 3 * DAY_MS)), max_size=30))
def test_what_is_left_and_what_was_spent_make_the_limit(steps: list[tuple[int, int]]) -> None:
    spending = Spending(settings(), None)
    now = 0
    for posts, later in steps:
        now += later
        spending.add(posts, now)
        spent = spending.usd(now)
        assert spending.left(now) == max(0, round((1.0 - spent) / 0.005))
        assert (spending.left(now) == 0) == (spending.pace(now) == "stop")
