"""No more requests are made than an instance allows."""

from __future__ import annotations

import pytest

from streams.sources.live.mastodon.quota import LONGEST_WAIT_MS, RequestQuota, patience, reset_seconds

RESET = "2026-08-01T13:55:00.029100Z"
HEADERS = {"x-ratelimit-limit": "300", "x-ratelimit-reset": RESET}
DATE = {"date": "Sat, 01 Aug 2026 13:51:00 GMT"}
NOW = 1_796_000_000_000


def test_without_headers_there_are_300_requests_in_5_minutes() -> None:
    quota = RequestQuota()
    for number in range(300):
        assert quota.wait_seconds(NOW + number) == 0
        quota.sent(NOW + number)
    assert quota.wait_seconds(NOW + 1_000) == 299
    assert quota.wait_seconds(NOW + 300_000) == 0
    quota.sent(NOW + 300_000)
    assert quota.wait_seconds(NOW + 300_000) == pytest.approx(0.001)


def test_what_the_instance_says_counts_by_its_own_clock() -> None:
    quota = RequestQuota()
    quota.learn({**HEADERS, **DATE, "x-ratelimit-remaining": "2"}, NOW)
    assert quota.shown == "2 of 300"
    for _ in range(2):
        assert quota.wait_seconds(NOW) == 0
        quota.sent(NOW)
    assert quota.wait_seconds(NOW) == pytest.approx(240.029)
    assert quota.wait_seconds(NOW + 240_029) == 0


def test_after_the_reset_the_next_answer_counts() -> None:
    quota = RequestQuota()
    quota.learn({**HEADERS, **DATE, "x-ratelimit-remaining": "0"}, NOW)
    quota.sent(NOW + 300_000)
    assert quota.wait_seconds(NOW + 300_000) == 0


@pytest.mark.parametrize("remaining", ["", "many", "-1", "\u0663", "0" * 5_000])
def test_headers_that_are_none_are_ignored(remaining: str) -> None:
    quota = RequestQuota()
    quota.learn({"x-ratelimit-remaining": remaining, "x-ratelimit-reset": "soon"}, NOW)
    assert quota.wait_seconds(NOW) == 0


def test_a_reset_far_away_is_waited_for_an_hour() -> None:
    quota = RequestQuota()
    far = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2999-01-01T00:00:00Z"}
    quota.learn(far, NOW)
    assert quota.wait_seconds(NOW) == LONGEST_WAIT_MS / 1000
    quota.refused(10**9, NOW)
    assert quota.wait_seconds(NOW) == LONGEST_WAIT_MS / 1000


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7", **HEADERS}, 7.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET, "Date": DATE["date"]}, 240.029),
        ({"X-RateLimit-Reset": RESET, "Date": DATE["date"]}, 240.029),
        ({"x-ratelimit-remaining": "250", **HEADERS, **DATE}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "300"}, None),
        ({}, None),
    ],
)
def test_a_refusal_asks_for_patience_by_either_header(headers: dict[str, str], seconds: float | None) -> None:
    assert patience(headers) == seconds


def test_a_reset_without_a_zone_is_in_utc_and_one_in_the_past_is_no_wait() -> None:
    assert reset_seconds({"x-ratelimit-reset": "2026-08-01T13:55:00", **DATE}) == 240
    assert reset_seconds({"x-ratelimit-reset": "2020-08-01T13:55:00Z", **DATE}) == 0
    assert reset_seconds({"x-ratelimit-reset": "2026-08-01T13:55:00Z"}) is None
