"""What a position has of the listings, and what is remembered."""

from __future__ import annotations

import random
from typing import Any

from streams.config.sources.reddit import RedditSettings
from streams.sources.live.base import Found, Skipped
from streams.sources.live.reddit.progress import MAX_KNOWN, MAX_ODD, POSTS, SAVED, ListingProgress, RedditProgress
from streams.sources.live.reddit.things import Known, Odd, Thing

NOW_MS = 1_796_000_000_000
DAY_MS = 86_400_000


def post(number: int, at_ms: int, **known: Any) -> Thing:
    name = f"t3_{number}"
    return Thing(name, Known(at_ms, **known), Found({"id": name}, b""))


def test_a_position_knows_again_all_that_it_has() -> None:
    progress = ListingProgress(POSTS, None, 24)
    for number in range(5):
        progress.take(post(number, NOW_MS + number, edited_ms=number * 1000), NOW_MS)
    progress.take(post(9, NOW_MS, state="anonymous"), NOW_MS)
    again = ListingProgress(POSTS, progress.as_json(), 24)
    assert (again.newest, again.newest_ms) == ("t3_4", NOW_MS + 4)
    for number in range(5):
        assert again.take(post(number, NOW_MS + number, edited_ms=number * 1000), NOW_MS) is None
    assert again.take(post(9, NOW_MS, state="anonymous"), NOW_MS) is None
    assert again.as_json() == progress.as_json()


def test_posts_that_were_forgotten_do_not_count_again() -> None:
    progress = ListingProgress(POSTS, None, reread_hours=0)
    for number in range(SAVED + 50):
        progress.take(post(number, NOW_MS + number), NOW_MS)
    saved = progress.as_json()
    progress.forget(NOW_MS + 10_000)
    for each in (progress, ListingProgress(POSTS, saved, 0)):
        assert len(each.known) == SAVED
        assert each.take(post(3, NOW_MS + 3), NOW_MS) == Skipped("backdated")
        assert isinstance(each.take(post(4, NOW_MS + 4), NOW_MS, any_age=True), Found)


def test_no_more_is_remembered_than_its_bounds() -> None:
    progress = ListingProgress(POSTS, None, reread_hours=720)
    for number in range(MAX_KNOWN + 500):
        progress.take(post(number, NOW_MS + number), NOW_MS)
        progress.take_odd(Odd(f"{number}", Skipped("no_post")))
        progress.forget(NOW_MS)
    assert len(progress.known) == MAX_KNOWN
    assert len(progress._odd) == MAX_ODD
    assert len(progress.as_json()["seen"].split()) == SAVED


def test_the_first_reading_begins_with_its_posts_or_else_with_the_present() -> None:
    progress, empty = ListingProgress(POSTS, None, 24), ListingProgress(POSTS, None, 24)
    things = [post(2, NOW_MS - DAY_MS), post(1, NOW_MS - 2 * DAY_MS)]
    progress.begin(things, NOW_MS)
    for each in things:
        progress.take(each, NOW_MS)
    empty.begin([], NOW_MS)
    assert (progress.newest_ms, progress.floor_ms) == (NOW_MS - DAY_MS, NOW_MS - 2 * DAY_MS)
    assert (empty.newest_ms, empty.floor_ms) == (NOW_MS, 0)


def test_a_time_far_ahead_does_not_become_the_newest() -> None:
    progress = ListingProgress(POSTS, None, 24)
    progress.take(post(1, NOW_MS + 2 * DAY_MS), NOW_MS)
    assert progress.newest_ms == 0


def test_a_position_of_another_kind_or_a_broken_one_is_a_new_beginning() -> None:
    settings = RedditSettings.model_validate({"id": "r", "kind": "reddit", "subreddits": ["nordtel"]})
    chance = random.Random(1)
    values: list[Any] = [None, 7, "x", [], {}, {"newest": 7, "newest_ms": "9", "seen": 4}, {"seen": "a~b - ~ ~~9"}]
    for _ in range(200):
        saved = {name: chance.choice(values) for name in ("new", "comments", "unreadable", "seq")}
        progress = RedditProgress(settings, saved)
        assert [each.newest_ms for each in progress.listings] == [0, 0]
        progress.as_position()


def test_a_subreddit_that_is_not_configured_any_more_is_left_out() -> None:
    settings = RedditSettings.model_validate({"id": "r", "kind": "reddit", "subreddits": ["nordtel"]})
    position = {"unreadable": {"nordtel": 5, "acme": 6}}
    assert RedditProgress(settings, position).as_position()["unreadable"] == {"nordtel": 5}
