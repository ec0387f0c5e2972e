"""Which records of a partition count as repeats."""

from __future__ import annotations

from streams.core.score.deduplication import Deduplicator
from streams.records import Deletion, Post


def post(id: str, source: str = "forum", text: str = "text") -> Post:
    return Post(id, source, 0, text)


def test_a_post_is_a_repeat_whatever_else_it_says() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    assert not deduplicator.is_repeat(post("a"))
    assert deduplicator.is_repeat(post("a", text="edited"))


def test_the_same_id_in_another_source_is_another_post() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    assert not deduplicator.is_repeat(post("a", "forum"))
    assert not deduplicator.is_repeat(post("a", "news"))


def test_a_colon_in_a_source_does_not_make_two_posts_one() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    assert not deduplicator.is_repeat(post("15", "rss:daily"))
    assert not deduplicator.is_repeat(post("daily:15", "rss"))


def test_repeats_unusable_records_and_deletions_count_as_records() -> None:
    deduplicator = Deduplicator(recent_ids=3)
    deduplicator.is_repeat(post("a"))
    deduplicator.is_repeat(None)
    deduplicator.is_repeat(post("b"))
    assert deduplicator.is_repeat(post("a"))
    deduplicator.is_repeat(None)
    deduplicator.is_repeat(Deletion("c", "forum"))
    deduplicator.is_repeat(None)
    assert not deduplicator.is_repeat(post("a"))


def test_a_post_after_its_deletion_is_a_repeat() -> None:
    deduplicator = Deduplicator(recent_ids=3)
    deduplicator.is_repeat(Deletion("a", "forum"))
    assert deduplicator.is_repeat(post("a"))


def test_without_recent_ids_nothing_is_a_repeat() -> None:
    deduplicator = Deduplicator(recent_ids=0)
    assert [deduplicator.is_repeat(post("a")) for _ in range(3)] == [False, False, False]
