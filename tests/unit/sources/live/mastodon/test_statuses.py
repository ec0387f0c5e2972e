"""Statuses become posts, edits, deletions, or are left out for a reason; no input makes them fail otherwise."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from streams.config import Config
from streams.config.sources.mastodon import MastodonSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import Post
from streams.sources.live.base import Deleted, Found, Skipped
from streams.sources.live.mastodon.statuses import StatusReader, is_bridged
from tests.support.mastodon_server import MastodonServer

NOW = 1_796_000_000_000
SERVER = MastodonServer(now_ms=lambda: NOW)


def reader_of(instances: int = 1, streams: tuple[str, ...] = ("public",), **changes: Any) -> StatusReader:
    entries = [{"host": f"i{number}.example", "anonymous": True, "streams": streams} for number in range(instances)]
    settings = MastodonSettings.model_validate({"id": "fediverse", "kind": "mastodon", "instances": entries} | changes)
    return StatusReader(settings, "i0.example")


def update(reader: StatusReader, status: dict[str, Any], event: str = "update") -> Found | Deleted | Skipped:
    return reader.streamed(event, orjson.dumps(status), "here")[0]


def post_of(found: Found | Deleted | Skipped) -> Post:
    assert isinstance(found, Found)
    record = Normaliser(Config.model_validate({"brands": [BRAND]}).ingest, "fediverse").record_of(found.fields, NOW)
    assert isinstance(record, Post)
    return record


BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}


def test_a_status_becomes_a_post_with_its_warning_and_the_whole_name_of_its_author() -> None:
    status = SERVER.status("Nordtel &amp; Co", spoiler_text="Netz", favourites_count=2, reblogs_count=1)
    post = post_of(update(reader_of(), status))
    assert post == Post(
        id=f"i0.example/{status['id']}",
        source="fediverse",
        ts_ms=NOW,
        text="Netz\nNordtel & Co" if "\n" in post.text else "Netz Nordtel & Co",
        author="kim@i0.example",
        lang="de",
        url=status["url"],
        engagement=3,
    )


def test_of_a_quote_only_the_outer_status_counts() -> None:
    quoted = SERVER.status("Nordtel ist weg")
    found = update(reader_of(), SERVER.status("seht", quote={"state": "accepted", "quoted_status": quoted}))
    assert post_of(found).text == "seht"


@pytest.mark.parametrize(
    ("changes", "settings", "reason"),
    [
        ({"reblog": {"id": "1", "content": "x"}}, {}, "repost"),
        ({"visibility": "unlisted"}, {}, "filtered"),
        ({"visibility": "private"}, {}, "filtered"),
        ({"visibility": "direct"}, {}, "filtered"),
        ({"visibility": ["public"]}, {}, "filtered"),
        ({"account": {"acct": "news", "bot": True}}, {"bots": False}, "filtered"),
        ({"account": {"acct": "kim.bsky.social@bsky.brid.gy"}}, {}, "bridged"),
        ({"reblog": None}, {}, None),
        ({"visibility": None}, {}, None),
        ({"account": {"acct": "news", "bot": True}}, {}, None),
        ({"account": {"acct": "kim.bsky.social@bsky.brid.gy"}}, {"bridged": True}, None),
        ({"account": None, "language": None, "url": None, "spoiler_text": None}, {}, None),
        ({"created_at": "2020-01-01T00:00:00Z"}, {}, None),
        ({"created_at": "2999-01-01T00:00:00Z"}, {}, None),
    ],
)
def test_what_is_left_out_says_why(changes: dict[str, Any], settings: dict[str, Any], reason: str | None) -> None:
    item = update(reader_of(**settings), SERVER.status("x", **changes))
    assert (item == Skipped(reason)) if reason else isinstance(item, Found)  # type: ignore[arg-type]


def test_fields_that_other_servers_lack_are_no_defect() -> None:
    record = {
        "id": "01HX2Z3K4M5N6P7Q8R9S",
        "created_at": datetime.fromtimestamp(NOW / 1000, UTC).isoformat(),
        "content": "x",
    }
    post = post_of(update(reader_of(), record))
    assert (post.id, post.author, post.lang) == ("i0.example/01HX2Z3K4M5N6P7Q8R9S", None, None)


def test_an_image_without_words_has_no_text_and_is_no_defect() -> None:
    found = update(reader_of(), SERVER.status("", content="", media_attachments=[{"type": "image"}]))
    assert isinstance(found, Found)
    normaliser = Normaliser(Config.model_validate({"brands": [BRAND]}).ingest, "fediverse")
    assert normaliser.record_of(found.fields, NOW) is None


def test_an_update_is_an_edit_only_if_its_time_of_edit_is_new() -> None:
    reader = reader_of()
    status = SERVER.status("x")
    first, second = status | {"edited_at": "2026-11-30T20:00:00Z"}, status | {"edited_at": "2026-11-30T20:00:01Z"}
    items = [update(reader, each, "status.update") for each in (status, first, first, second, second)]
    assert [isinstance(item, Found) and item.edited for item in items] == [False, True, False, True, False]
    assert items.count(Skipped("no_post")) == 3


def test_an_update_of_a_server_that_states_no_time_of_edit_is_an_edit() -> None:
    status = SERVER.status("x")
    del status["edited_at"]
    item = update(reader_of(), status, "status.update")
    assert isinstance(item, Found)
    assert item.edited


@pytest.mark.parametrize(("is_repeat", "witnessed_ms"), [(False, NOW), (True, None)])
def test_a_status_that_a_timeline_shows_for_the_first_time_was_there_since_it_was_written(
    is_repeat: bool, witnessed_ms: int | None
) -> None:
    status = SERVER.status("x")
    item = reader_of().listed(status, orjson.dumps(status), "page 1", is_repeat=is_repeat)
    streamed = update(reader_of(), status)
    assert isinstance(item, Found)
    assert isinstance(streamed, Found)
    assert (item.witnessed_ms, streamed.witnessed_ms) == (witnessed_ms, None)


def test_an_old_post_may_be_edited() -> None:
    old = SERVER.status("x", created_at="2020-01-01T00:00:00Z", edited_at="2026-11-30T20:00:00Z")
    assert isinstance(update(reader_of(), old, "status.update"), Found)


@pytest.mark.parametrize("payload", [b"17", b'"17"', b" 17\n"])
def test_a_deletion_names_the_id_on_the_instance(payload: bytes) -> None:
    assert reader_of().streamed("delete", payload, "")[0] == Deleted("i0.example/17")


def test_posts_of_several_instances_are_named_by_their_uri_however_long_it_is() -> None:
    reader = reader_of(2)
    status = SERVER.status("x", uri="https://social.example/" + "x" * 300)
    post = post_of(update(reader, status))
    assert post.id.startswith("sha256:")
    assert reader.streamed("delete", status["id"].encode(), "")[0] == Deleted(post.id)
    assert reader.streamed("delete", b"17", "")[0] == Skipped("no_post")
    with pytest.raises(RecordError, match="needs 'uri'"):
        update(reader, SERVER.status("x", uri=None))


def test_own_posts_of_several_instances_keep_the_ids_of_their_instance() -> None:
    status = SERVER.status("x")
    assert post_of(update(reader_of(5, streams=("public:local",)), status)).id == f"i0.example/{status['id']}"


def test_what_is_remembered_stays_bounded_over_a_day_of_a_busy_instance() -> None:
    reader = reader_of(100)
    for number in range(20_000):
        status = SERVER.status("x", id=str(number), edited_at=f"{number}")
        update(reader, status, "status.update")
    assert reader.remembered <= 4_000


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("kim@bsky.brid.gy", True),
        ("kim@WEB.BRID.GY.", True),
        ("kim@brid.gy", True),
        ("kim@nobrid.gy", False),
        ("", False),
    ],
)
def test_copies_by_bridgy_fed_are_recognised(author: str, expected: bool) -> None:
    assert is_bridged(author) is expected


ODD: list[Any] = [
    None, True, False, 0, -1, 2**63, 2**80, 1.5, 1e300, "", " ", "x", "\x00", "\ud83d", "🔥" * 300, "<p>x</p>",
    "public", [], [[]], {}, {"acct": 7}, {"acct": "a@b@c"}, {"id": "1"}, "9999-99-99T99:99:99Z", "0001-01-01T00:00:00Z",
    "2026-03-02T10:15:00", "javascript:alert(1)", "1" * 400,
]  # fmt: skip


@pytest.mark.parametrize("instances", [1, 2])
def test_of_10_000_odd_statuses_each_is_a_post_left_out_or_bad_with_a_reason(instances: int) -> None:
    chance = random.Random(17)
    reader = reader_of(instances, bots=False)
    normaliser = Normaliser(Config.model_validate({"brands": [BRAND]}).ingest, "fediverse")
    outcomes = {"post": 0, "skipped": 0, "deleted": 0, "bad": 0}
    for number in range(5_000):
        status = SERVER.status("Nordtel", is_local=chance.random() < 0.5)
        for _ in range(chance.randrange(5)):
            name = chance.choice(list(status))
            match chance.randrange(3):
                case 0:
                    status[name] = chance.choice(ODD)
                case 1:
                    del status[name]
                case _ if isinstance(status[name], dict):
                    status[name] = status[name] | {chance.choice(list(status[name]) or ["acct"]): chance.choice(ODD)}
        data = json.dumps(status).encode() if number % 7 else repr(status).encode(errors="replace")
        if chance.random() < 0.1:
            cut = chance.randrange(len(data))
            data = data[:cut] + bytes(chance.randrange(256) for _ in range(3)) + data[cut:]
        event = chance.choice(["update", "update", "update", "status.update", "delete", "notification"])
        data = status["id"].encode() if event == "delete" and isinstance(status.get("id"), str) else data
        try:
            item, _ = reader.streamed(event, data, "")
            if isinstance(item, Found):
                record = normaliser.record_of(item.fields, NOW)
                outcomes["post" if record is not None else "skipped"] += 1
            else:
                outcomes["deleted" if isinstance(item, Deleted) else "skipped"] += 1
        except RecordError as error:
            outcomes["bad"] += bool(error.reason)
    assert sum(outcomes.values()) == 5_000
    assert min(outcomes["post"], outcomes["skipped"], outcomes["bad"]) > 300
