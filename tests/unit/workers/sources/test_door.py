"""What becomes of a post of a live source before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from streams.errors import RecordError
from streams.records import AuthorDeletion, Deletion, Post
from streams.sources.live.base import Found, Skipped
from streams.workers.sources.door import Door
from tests.support.live_config import source_config

NOW_MS = 1_800_000_000_000
MINUTE_MS = 60_000


def door(ingest: dict[str, Any] | None = None, *, claims_language: bool = False, **settings: Any) -> Door:
    config = source_config(ingest, **settings)
    return Door(config, config.sources[0], claims_language=claims_language)


def found(
    text: str = "Nordtel", *, at_ms: int = NOW_MS, witnessed_ms: int | None = None, edited: bool = False, **fields: Any
) -> Found:
    return Found({"id": "7", "created_at": at_ms, "text": text} | fields, b"{}", witnessed_ms, edited)


def admitted(door: Door, found: Found) -> Post:
    post = door.admit(found, NOW_MS)
    assert isinstance(post, Post)
    return post


@pytest.mark.parametrize(
    ("claimed_ms", "witnessed_ms", "expected_ms"),
    [
        (NOW_MS - 5_000, NOW_MS - 1_000, NOW_MS - 5_000),
        (NOW_MS - 1_000, NOW_MS - 5_000, NOW_MS - 5_000),
        (NOW_MS + 60_000, NOW_MS - 1_000, NOW_MS - 1_000),
        (NOW_MS + 60_000, None, NOW_MS),
        (NOW_MS + 60_000, NOW_MS + 30_000, NOW_MS),
        (NOW_MS + 10**12, NOW_MS - 1_000, NOW_MS - 1_000),
    ],
)
def test_the_event_time_is_the_earliest_of_claimed_witnessed_and_now(
    claimed_ms: int, witnessed_ms: int | None, expected_ms: int
) -> None:
    assert admitted(door(), found(at_ms=claimed_ms, witnessed_ms=witnessed_ms)).ts_ms == expected_ms


HOURS_AGO_MS = NOW_MS - 180 * MINUTE_MS


@pytest.mark.parametrize(
    ("claimed_ms", "witnessed_ms", "is_delayed"),
    [
        (HOURS_AGO_MS, HOURS_AGO_MS + 2_000, True),
        (HOURS_AGO_MS, HOURS_AGO_MS + 61 * MINUTE_MS, False),
        (HOURS_AGO_MS, NOW_MS, False),
        (HOURS_AGO_MS, None, False),
        (NOW_MS - MINUTE_MS, NOW_MS - MINUTE_MS, False),
    ],
)
def test_a_post_that_its_platform_received_in_time_is_delayed_and_one_that_is_dated_back_is_not(
    claimed_ms: int, witnessed_ms: int | None, is_delayed: bool
) -> None:
    assert admitted(door(), found(at_ms=claimed_ms, witnessed_ms=witnessed_ms)).delayed is is_delayed


def test_a_post_is_of_its_source_whatever_its_record_says() -> None:
    post = admitted(door(), found(source="elsewhere"))
    assert (post.source, post.key) == ("wire", b"wire:7")


def test_a_post_without_text_is_skipped() -> None:
    assert door().admit(found("  "), NOW_MS) == Skipped("no_text")


def test_a_record_that_is_no_post_is_refused_with_a_reason() -> None:
    with pytest.raises(RecordError) as caught:
        door().admit(Found({"id": "7", "text": "Nordtel"}, b"{}"), NOW_MS)
    assert caught.value.reason == "missing_field"


GERMAN = "Warum ist die Hotline von Nordtel nicht zu erreichen?"
ENGLISH = "Why is the hotline of Nordtel not answering my calls?"


@pytest.mark.parametrize(
    ("text", "tag", "language"),
    [(ENGLISH, "tr", "en"), (GERMAN, "en", "de"), (GERMAN, "de-AT", "de"), ("Nordtel lol", "tr", "tr")],
)
def test_a_claimed_language_gives_way_to_a_text_that_decides(text: str, tag: str, language: str) -> None:
    assert admitted(door(claims_language=True), found(text, lang=tag)).lang == language


def test_a_language_that_the_platform_has_detected_stands() -> None:
    assert admitted(door(), found(ENGLISH, lang="tr")).lang == "tr"


def test_authors_become_keyed_hashes_where_the_config_asks_for_it() -> None:
    plain, hashing = door(), door({"hash_authors": True})
    assert admitted(plain, found(author="anna")).author == "anna"
    hashed = admitted(hashing, found(author="anna")).author
    assert hashed is not None
    assert len(hashed) == 32
    assert hashed == admitted(hashing, found(author="anna")).author
    assert hashed != admitted(hashing, found(author="berta")).author


def test_a_placeholder_for_nobody_is_not_hashed() -> None:
    assert admitted(door({"hash_authors": True}), found(author="[deleted]")).author == "[deleted]"


def test_the_deletion_of_an_author_names_the_author_as_the_posts_do() -> None:
    for each in (door(), door({"hash_authors": True})):
        author = admitted(each, found(author=" anna ")).author
        assert author is not None
        assert each.author_deletion(" anna ") == AuthorDeletion(author, "wire")
    assert door().author_deletion(" ") is None


def test_a_deletion_names_the_post_as_the_post_does() -> None:
    post = admitted(door(), found(id=" a\u200bb "))
    assert door().deletion(" a\u200bb ") == Deletion(post.id, "wire")
    with pytest.raises(RecordError):
        door().deletion("x" * 300)


def test_only_posts_that_name_a_brand_pass_the_filter() -> None:
    filtering = door(brand_filter=True, unmatched_share=0)
    assert isinstance(filtering.admit(found("Nordtel!"), NOW_MS), Post)
    assert filtering.admit(found("a cat"), NOW_MS) == Skipped("filtered")


def test_a_share_of_the_others_passes_and_it_is_the_same_each_time() -> None:
    def passed(share: float) -> set[int]:
        filtering = door(brand_filter=True, unmatched_share=share)
        return {
            number for number in range(2_000) if isinstance(filtering.admit(found("a cat", id=number), NOW_MS), Post)
        }

    assert 150 <= len(passed(0.1)) <= 250
    assert passed(0.1) == passed(0.1) <= passed(0.2)
    assert len(passed(1)) == 2_000


def test_the_filter_follows_the_brands_of_a_changed_config() -> None:
    filtering = door(brand_filter=True, unmatched_share=0)
    config = source_config()
    filtering.use(config.model_copy(update={"brands": [config.brands[1]]}))
    assert filtering.admit(found("Nordtel"), NOW_MS) == Skipped("filtered")
    assert isinstance(filtering.admit(found("Acme"), NOW_MS), Post)


def test_an_edit_counts_unless_the_post_is_so_old_that_it_may_have_been_forgotten() -> None:
    recent = found(at_ms=NOW_MS - 59 * MINUTE_MS, witnessed_ms=NOW_MS, edited=True)
    old = found(at_ms=NOW_MS - 61 * MINUTE_MS, witnessed_ms=NOW_MS, edited=True)
    assert isinstance(door().admit(recent, NOW_MS), Post)
    assert door().admit(old, NOW_MS) == Skipped("backdated")


def test_fields_that_were_converted_are_counted() -> None:
    counting = door()
    counting.admit(found(likes="1.2k"), NOW_MS)
    assert counting.altered == {("likes", "converted"): 1}
