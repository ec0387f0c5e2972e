"""How many requests may be made, by the headers of Reddit or by its rule."""

from __future__ import annotations

import pytest

from streams.sources.live.reddit.quota import REQUESTS, RedditQuota, patience


def headers(left: str, used: str = "900", reset: str = "120") -> dict[str, str]:
    return {"x-ratelimit-remaining": left, "x-ratelimit-used": used, "x-ratelimit-reset": reset}


def test_without_headers_a_thousand_requests_fit_into_ten_minutes() -> None:
    quota = RedditQuota()
    for number in range(REQUESTS):
        assert quota.wait_seconds(number) == 0
        quota.sent(number)
    assert quota.wait_seconds(1_000) == 599
    assert quota.wait_seconds(600_000) == 0
    assert quota.shown == ""


def test_the_headers_decide_until_their_reset() -> None:
    quota = RedditQuota()
    quota.learn(headers("2.0"), 0)
    quota.sent(0)
    assert (quota.wait_seconds(0), quota.shown) == (0, "1 of 902")
    quota.sent(0)
    assert quota.wait_seconds(20_000) == 100
    assert quota.wait_seconds(120_000) == 0


def test_looking_again_leaves_a_fifth_to_what_is_new() -> None:
    quota = RedditQuota()
    quota.learn(headers("200.0", "800"), 0)
    assert quota.has_spare(0)
    quota.sent(0)
    assert not quota.has_spare(0)
    assert quota.has_spare(120_000)


def test_requests_that_are_left_are_spread_over_the_time() -> None:
    quota = RedditQuota()
    quota.learn(headers("10.0", reset="300"), 0)
    assert quota.pace_seconds(0) == 30
    assert RedditQuota().pace_seconds(0) == 0.6


@pytest.mark.parametrize("odd", ["", "-1", "many", "1e5", "NaN", "9" * 30, "0x10"])
def test_headers_that_are_no_numbers_are_ignored(odd: str) -> None:
    quota = RedditQuota()
    quota.learn(headers(odd), 0)
    quota.learn(headers("0.0", reset=odd), 0)
    assert quota.wait_seconds(0) == 0
    assert patience(headers("0.0", reset=odd)) is None


def test_a_refusal_is_waited_for_no_longer_than_an_hour() -> None:
    quota = RedditQuota()
    quota.refused(10_000, 0)
    assert quota.wait_seconds(0) == 3_600
    assert patience({"Retry-After": "7"} | headers("0.0")) == 7
    assert patience(headers("0.4", reset="317")) == 317
    assert patience(headers("5.0")) is None
