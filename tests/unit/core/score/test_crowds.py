"""Which authors are not one person."""

from __future__ import annotations

import random

import pytest

from streams.core.score.crowds import BLOCK_RECORDS, Crowds
from streams.records import Post

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_760_000_400_000


def stream(days: float, share: float, author: str = "Reader", every_ms: int = 3 * MINUTE) -> list[Post]:
    """Return posts of two sources, of which one author wrote a share of those in the first."""
    chance = random.Random(1)
    posts = []
    for number in range(round(days * DAY / every_ms)):
        source = "news" if number % 2 else "forum"
        written_by = author if source == "news" and chance.random() < share else f"user{number}"
        posts.append(Post(str(number), source, START + number * every_ms, "text", written_by))
    return posts


def read(posts: list[Post], recent: int = 50_000) -> Crowds:
    crowds = Crowds(recent)
    for offset, post in enumerate(posts):
        crowds.add(offset, post)
    return crowds


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3])
def test_who_writes_much_of_a_source_day_and_night_is_not_one_person(share: float) -> None:
    crowds = read(stream(3, share))
    assert crowds.is_crowd("news", "Reader")
    assert not crowds.is_crowd("forum", "Reader")
    assert not crowds.is_crowd("news", "user1")
    assert not crowds.is_crowd("news", None)


@pytest.mark.parametrize(("days", "share"), [(3, 0.1), (1, 1.0), (0.1, 1.0)])
def test_who_writes_little_or_not_for_long_is_one_person(days: float, share: float) -> None:
    assert not read(stream(days, share)).is_crowd("news", "Reader")


@pytest.mark.parametrize("dated_back", [0, 2 * DAY])
def test_a_flood_by_one_account_takes_no_time_however_many_posts_it_has(dated_back: int) -> None:
    calm = stream(3, 0)
    end = calm[-1].ts_ms
    flood = [
        Post(f"f{number}", "news", end + number * 1_000 - dated_back * number // 20_000, "text", "Flooder")
        for number in range(20_000)
    ]
    assert not read([*calm, *flood]).is_crowd("news", "Flooder")


def test_an_account_that_wrote_for_long_and_has_stopped_is_forgotten() -> None:
    posts = [*stream(3, 1.0), *(post._replace(ts_ms=post.ts_ms + 3 * DAY) for post in stream(4, 0))]
    assert not read(posts).is_crowd("news", "Reader")


def test_a_post_with_a_wrong_date_makes_nobody_a_crowd() -> None:
    posts = stream(0.9, 1.0)
    posts[300] = posts[300]._replace(ts_ms=START + 300 * DAY)
    assert not read(posts).is_crowd("news", "Reader")


@pytest.mark.parametrize("recent", [0, BLOCK_RECORDS - 1])
def test_without_enough_records_nobody_is_one(recent: int) -> None:
    assert not read(stream(3, 1.0), recent).is_crowd("news", "Reader")


def test_one_that_begins_a_block_more_before_its_position_decides_the_same() -> None:
    posts = [*stream(2, 0.6), *(post._replace(ts_ms=post.ts_ms + 2 * DAY) for post in stream(2, 0.1, "Other"))]
    recent = 7 * BLOCK_RECORDS + 17
    whole = read([], recent)
    decided = []
    for offset, post in enumerate(posts):
        whole.add(offset, post)
        decided.append(whole.is_crowd("news", "Reader"))
    assert set(decided) == {True, False}
    for cut in range(recent, len(posts), 61):
        begun = Crowds(recent)
        for offset in range(max(0, cut - recent - BLOCK_RECORDS), cut):
            begun.add(offset, posts[offset])
        for offset in range(cut, min(cut + 2 * BLOCK_RECORDS, len(posts))):
            begun.add(offset, posts[offset])
            assert begun.is_crowd("news", "Reader") == decided[offset]


def test_what_is_remembered_is_bounded() -> None:
    crowds = Crowds(recent=4 * BLOCK_RECORDS)
    for offset in range(100 * BLOCK_RECORDS):
        crowds.add(offset, Post(str(offset), f"s{offset}", START + offset, "text", f"a{offset}"))
    assert len(crowds._blocks) <= 4
    assert not any(block for _, block in crowds._blocks)
