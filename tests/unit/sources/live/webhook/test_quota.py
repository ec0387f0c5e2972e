"""The quota of a sender: evenly filled, never more than a minute of it at once."""

from __future__ import annotations

import random

from streams.sources.live.webhook.quota import PostQuota


def test_over_time_no_more_than_the_quota_passes() -> None:
    chance = random.Random(7)
    quota, now_ms, passed = PostQuota(600, now_ms=0), 0, 0
    while now_ms < 3_600_000:
        now_ms += chance.randrange(2_000)
        wanted = chance.randrange(1, 200)
        if quota.wait_seconds(wanted, now_ms) == 0:
            quota.take(wanted, now_ms)
            passed += wanted
    assert 0.95 * 36_000 < passed <= 36_000 + 600


def test_after_the_time_that_is_named_there_is_room() -> None:
    quota = PostQuota(60, now_ms=0)
    quota.take(60, now_ms=0)
    wait = quota.wait_seconds(30, now_ms=0)
    assert wait == 30
    assert quota.wait_seconds(30, now_ms=29_999) > 0
    assert quota.wait_seconds(30, now_ms=30_000) == 0


def test_more_than_a_minute_of_posts_pass_once_and_are_paid_for() -> None:
    quota = PostQuota(60, now_ms=0)
    assert quota.wait_seconds(300, now_ms=0) == 0
    quota.take(300, now_ms=0)
    assert quota.wait_seconds(1, now_ms=0) == 241


def test_what_was_not_taken_in_the_end_is_given_back() -> None:
    quota = PostQuota(60, now_ms=0)
    quota.take(60, now_ms=0)
    quota.give_back(60)
    quota.give_back(60)
    assert quota.wait_seconds(60, now_ms=0) == 0
    quota.take(60, now_ms=0)
    assert quota.wait_seconds(1, now_ms=0) > 0


def test_a_clock_that_is_set_back_neither_fills_nor_empties_it() -> None:
    quota = PostQuota(60, now_ms=100_000)
    quota.take(30, now_ms=100_000)
    assert quota.wait_seconds(30, now_ms=0) == 0
    assert quota.wait_seconds(31, now_ms=0) == 1


def test_without_a_quota_everything_passes() -> None:
    quota = PostQuota(None, now_ms=0)
    quota.take(10**9, now_ms=0)
    assert quota.wait_seconds(10**9, now_ms=0) == 0
