"""Entries of listings, recorded ones and 10,000 that somebody has broken: each is a post, skipped, or a defect."""

from __future__ import annotations

import copy
import random
from typing import Any, Final

import orjson
import pytest

from streams.config import IngestSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import Post
from streams.sources.live.base import Bad, Deleted, Found, Skipped
from streams.sources.live.reddit.progress import COMMENTS, POSTS, ListingProgress
from streams.sources.live.reddit.things import MAX_RAW_BYTES, Known, Thing, change, read_thing
from tests.support.paths import ROOT

ENTRIES: Final = 10_000
NOW_MS: Final = 1_796_000_000_000
FIXTURES: Final = ROOT.parent / "shared" / "sources" / "fixtures" / "reddit"

POST: Final[dict[str, Any]] = {
    "kind": "t3",
    "data": {
        "id": "abc1", "name": "t3_abc1", "title": "Nordtel", "selftext": "Kein Netz", "author": "kim",
        "created_utc": NOW_MS / 1000 - 60, "edited": False, "permalink": "/r/nordtel/comments/abc1/", "score": 3,
        "num_comments": 1, "removed_by_category": None, "crosspost_parent": None, "crosspost_parent_list": [],
    },
}  # fmt: skip
COMMENT: Final[dict[str, Any]] = {
    "kind": "t1",
    "data": {
        "id": "xyz9", "name": "t1_xyz9", "body": "Nordtel, bei mir auch", "author": "sam", "parent_id": "t3_abc1",
        "created_utc": NOW_MS / 1000 - 30, "edited": NOW_MS / 1000 - 10, "score": 1,
    },
}  # fmt: skip
VALUES: Final[list[Any]] = [
    None, True, False, 0, -1, 2**53, 2**63, 1e308, 0.5, "", " ", "\u0000", "NaN", "x" * 300, [], {}, [[]], [None],
    {"id": 1}, {"a": {"b": []}}, "[removed]", "[deleted]", "t3_abc1", "t1_ABC", "t3_" + "z" * 40, "9" * 40, "🔥", -1e18,
]  # fmt: skip


def thing(entry: dict[str, Any], **fields: Any) -> Any:
    changed = copy.deepcopy(entry)
    changed["data"] |= fields
    return read_thing(changed, include_reposts=False)


def test_a_comment_answers_what_it_is_below() -> None:
    item = thing(COMMENT).item
    assert isinstance(item, Found)
    assert (item.fields["id"], item.fields["reply_to"], item.edited) == ("t1_xyz9", "t3_abc1", False)


@pytest.mark.parametrize(
    "fields",
    [{"selftext": "[removed]"}, {"selftext": "[deleted]"}, {"removed_by_category": "author"},
     {"title": "[deleted by user]"}, {"removed_by_category": "reddit", "selftext": ""}],
)  # fmt: skip
def test_a_removed_post_is_skipped_or_a_deletion_and_may_come_back(fields: dict[str, Any]) -> None:
    removed, there = thing(POST, **fields), thing(POST)
    assert change(removed, None) == Skipped("no_text")
    assert change(removed, there.known) == Deleted("t3_abc1")
    assert change(removed, removed.known) is None
    back = change(there, removed.known)
    assert isinstance(back, Found)
    assert (back.edited, back.witnessed_ms) == (True, None)


def test_an_edit_is_reported_when_its_time_is_new() -> None:
    edited = thing(POST, edited=NOW_MS / 1000)
    first = change(thing(POST), None)
    assert isinstance(first, Found)
    assert first.witnessed_ms == round(1000 * POST["data"]["created_utc"]), "Reddit itself dates posts"
    assert change(edited, Known(NOW_MS, NOW_MS)) is None
    assert isinstance(change(edited, Known(NOW_MS, 0)), Found)
    assert change(thing(POST, edited=True), Known(NOW_MS, 1)) is None


def test_an_entry_may_be_nested_more_deeply_than_is_written() -> None:
    deep = orjson.loads(b"[" * 1_020 + b"]" * 1_020)
    found = thing(POST, media=deep).item
    assert isinstance(found, Found)
    assert found.fields["text"] == "Nordtel\nKein Netz"
    assert isinstance(read_thing({"kind": "t3", "data": deep}, include_reposts=False).item, Bad)


@pytest.mark.parametrize("kind", ["t5", "more", None, 7, []])
def test_entries_of_other_kinds_are_no_posts(kind: Any) -> None:
    assert read_thing(POST | {"kind": kind}, include_reposts=False).item == Skipped("no_post")


@pytest.mark.parametrize("file", ["TestSubredditListings.test_new.json", "TestSubredditListings.test_comments.json"])
def test_recorded_listings_are_posts(file: str) -> None:
    if not (FIXTURES / file).exists():
        pytest.skip("the recordings are not here")
    recorded = orjson.loads((FIXTURES / file).read_bytes())["interactions"][1]["response"]
    children = orjson.loads(recorded["body"]["string"])["data"]["children"]
    normaliser = Normaliser(IngestSettings(), "reddit")
    things = [read_thing(child, include_reposts=False) for child in children]
    found = [each.item for each in things if isinstance(each, Thing) and isinstance(each.item, Found)]
    posts = [normaliser.record_of(item.fields, NOW_MS) for item in found]
    assert len(posts) == len({post.id for post in posts if isinstance(post, Post)}) == len(children) == 100


def broken(value: Any, chance: random.Random) -> Any:
    """Return a value with something in it changed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice([*value, "name", "body", "title"])
        if chance.random() < 0.2:
            return {key: each for key, each in value.items() if key != name}
        return value | {name: broken(value.get(name), chance)}
    return chance.choice(VALUES)


def test_10_000_broken_entries_are_posts_skipped_or_defects_with_their_reason() -> None:
    chance = random.Random(17)
    normaliser = Normaliser(IngestSettings(), "reddit")
    outcomes: dict[str, int] = {}
    listings = [ListingProgress(part, None, 24) for part in (POSTS, COMMENTS)]
    for number in range(ENTRIES):
        entry: Any = copy.deepcopy(chance.choice([POST, COMMENT]))
        for _ in range(chance.choice([0, 1, 1, 2, 4])):
            entry = broken(entry, chance)
        each = read_thing(entry, include_reposts=bool(number % 2))
        listing = listings[number % 2]
        item = listing.take(each, NOW_MS) if isinstance(each, Thing) else listing.take_odd(each)
        outcome = type(item).__name__
        if isinstance(item, Found):
            assert len(item.raw) <= MAX_RAW_BYTES
            try:
                record = normaliser.record_of(item.fields, NOW_MS)
                outcome = type(record).__name__
            except RecordError as error:
                outcome = error.reason
        elif isinstance(item, Bad):
            outcome = item.error.reason
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        listing.forget(NOW_MS)
    orjson.dumps([listing.as_json() for listing in listings])
    assert {"Post", "Skipped", "Deleted", "missing_field", "bad_id", "bad_timestamp"} <= set(outcomes)
    assert set(outcomes) <= {
        "Post", "Skipped", "Deleted", "NoneType", "missing_field", "bad_id", "bad_timestamp", "wrong_type",
        "timestamp_too_old", "timestamp_in_future",
    }  # fmt: skip
