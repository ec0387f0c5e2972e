"""Events are posts, edits, deletions, or skipped with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from streams.config.sources.jetstream import JetstreamSettings
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, Item, Skipped
from streams.sources.live.jetstream.frames import JetstreamEvent
from streams.sources.live.jetstream.items import EventItems

NOW_US = 1_772_446_500_000_000


def commit(record: Any = None, **fields: Any) -> JetstreamEvent:
    body = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "3kabc", "record": record} | fields
    return JetstreamEvent(1, NOW_US, "commit", "did:plc:kim", body)


def account(status: str, *, active: bool = False) -> JetstreamEvent:
    return JetstreamEvent(1, NOW_US, "account", "did:plc:kim", {"active": active, "status": status})


def items_of(*events: JetstreamEvent, **settings: Any) -> list[Item]:
    converter = EventItems(JetstreamSettings.model_validate({"id": "bluesky", "kind": "jetstream"} | settings))
    items: list[Item] = []
    for event in events:
        converter.add(event, b"raw", items)
    return [*items, *converter.skipped()]


def test_a_post_has_the_claimed_time_and_the_witnessed_one() -> None:
    (found,) = items_of(commit({"text": "Hallo", "createdAt": "2026-03-02T10:14:00Z"}))
    assert isinstance(found, Found)
    assert (found.fields["created_at"], found.witnessed_ms) == ("2026-03-02T10:14:00Z", NOW_US // 1000)


@pytest.mark.parametrize("claim", [None, "", "soon", "2026-03-02", "2026-03-02T10:14:60Z", 10**30, {"at": 7}, []])
def test_a_claim_that_is_no_time_counts_as_none(claim: Any) -> None:
    (found,) = items_of(commit({"text": "Hallo", "createdAt": claim}))
    assert isinstance(found, Found)
    assert found.fields["created_at"] == NOW_US // 1000


def test_a_changed_record_is_an_edit() -> None:
    (found,) = items_of(commit({"text": "Hallo"}, operation="update"))
    assert isinstance(found, Found)
    assert found.edited


@pytest.mark.parametrize(
    ("event", "item"),
    [
        (commit(operation="delete"), Deleted("at://did:plc:kim/app.bsky.feed.post/3kabc")),
        (account("deleted"), AuthorDeleted("did:plc:kim")),
        (account("takendown"), Skipped("no_post")),
        (account("deactivated"), Skipped("no_post")),
        (account("deleted", active=True), Skipped("no_post")),
        (commit({"text": " "}), Skipped("no_text")),
        (commit({}), Skipped("no_text")),
        (commit({"text": "", "embed": {"$type": "app.bsky.embed.record", "record": {}}}), Skipped("repost")),
        (commit({"text": "x"}, collection="app.bsky.feed.like"), Skipped("no_post")),
        (commit({"text": "x"}, operation="later"), Skipped("no_post")),
        (JetstreamEvent(1, NOW_US, "sync", "did:plc:kim", {}), Skipped("no_post")),
    ],
)
def test_other_events_are_deletions_or_skipped(event: JetstreamEvent, item: Item) -> None:
    assert items_of(event) == [item]


@pytest.mark.parametrize("event", [commit(None), commit("text"), commit({"text": "x"}, rkey=7)])
def test_a_commit_that_is_none_is_a_defect(event: JetstreamEvent) -> None:
    (bad,) = items_of(event)
    assert isinstance(bad, Bad)


def test_only_languages_that_are_asked_for_are_read_and_posts_that_claim_none() -> None:
    tags = [["de-AT"], ["en", "de"], ["en"], [], [7]]
    items = items_of(*(commit({"text": f"{each}", "langs": each}) for each in tags), languages=["DE"])
    assert [item.fields["text"] for item in items if isinstance(item, Found)] == [
        "['de-AT']",
        "['en', 'de']",
        "[]",
        "[7]",
    ]
    assert items[-1] == Skipped("filtered")


def test_bridged_posts_are_skipped_if_asked_for() -> None:
    handle = JetstreamEvent(1, NOW_US, "identity", "did:plc:kim", {"handle": "kim.example.ap.brid.gy"})
    marked = commit({"text": "x", "bridgyOriginalUrl": "https://social.example/1"})._replace(did="did:plc:lee")
    events = (handle, commit({"text": "x"}), marked)
    assert items_of(*events, skip_bridged=True) == [Skipped("no_post"), Skipped("bridged", 2)]
    assert len([item for item in items_of(*events) if isinstance(item, Found)]) == 2
