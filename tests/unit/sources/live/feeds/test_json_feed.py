"""JSON Feed of both versions is read, and items that are none become dead letters alone."""

from __future__ import annotations

import orjson
import pytest

from streams.errors import RecordError
from streams.sources.live.feeds.entry import BadEntry, FeedEntry, text_of
from streams.sources.live.feeds.json_feed import read_json_feed

VERSION = "https://jsonfeed.org/version/1.1"


def read(*items: object, **more: object) -> list[FeedEntry | BadEntry]:
    body = orjson.dumps({"version": VERSION, "items": items, **more})
    document = read_json_feed(body, "https://news.example/feed.json")
    assert document is not None
    return document.entries


def test_an_item_has_its_parts() -> None:
    item = {
        "id": "7", "url": "/7", "title": "A < B", "content_html": "<p>Text</p>", "content_text": "Text",
        "date_published": "2026-11-30T11:00:00Z", "date_modified": "2026-11-30T11:30:00Z",
        "authors": [{"name": "Ina"}], "language": "de",
    }  # fmt: skip
    [entry] = read(item)
    assert isinstance(entry, FeedEntry)
    assert (entry.guid, entry.link, entry.author, entry.language) == ("7", "https://news.example/7", "Ina", "de")
    assert text_of(entry) == "A < B. Text"
    assert [date.text[11:16] for date in entry.dates] == ["11:00", "11:30"]


def test_version_1_has_one_author_and_ids_may_be_numbers() -> None:
    [entry] = read({"id": 7, "content_text": "a <b>"}, author={"name": "Redaktion"})
    assert isinstance(entry, FeedEntry)
    assert (entry.guid, entry.author, text_of(entry)) == ("7", "Redaktion", "a <b>")


@pytest.mark.parametrize(
    "item",
    [{}, {"id": None}, {"id": {"x": 1}}, {"title": 7, "authors": "Ina"}, {"authors": []}, {"authors": [7], "author": 7},
     {"date_published": 1.5, "id": True}, {"url": "http://[", "id": "7"}],
)  # fmt: skip
def test_parts_of_another_type_are_left_out(item: dict[str, object]) -> None:
    try:
        [entry] = read(item)
    except ValueError:
        pytest.fail("an item must not end the reading")
    assert isinstance(entry, FeedEntry)


@pytest.mark.parametrize("item", [None, 7, "text", [], [1], True])
def test_what_is_no_object_is_a_dead_letter_and_the_others_are_read(item: object) -> None:
    bad, entry = read(item, {"id": "7", "content_text": "T"})
    assert isinstance(bad, BadEntry)
    assert bad.error.reason == "wrong_type"
    assert isinstance(entry, FeedEntry)


def test_an_item_that_is_nested_more_deeply_than_is_written_becomes_a_dead_letter_alone() -> None:
    items = b"[" * 300 + b"]" * 300 + b',{"id":"7","content_text":"Text"}'
    document = read_json_feed(b'{"version":"%b","items":[%b]}' % (VERSION.encode(), items), "https://news.example")
    assert document is not None
    bad, entry = document.entries
    assert isinstance(bad, BadEntry)
    assert bad.error.reason == "wrong_type"
    assert isinstance(entry, FeedEntry)


@pytest.mark.parametrize(
    "body", [[], [1], {}, {"version": VERSION}, {"version": VERSION, "items": 7}, {"items": []}, {"version": 7}]
)
def test_other_json_is_no_feed(body: object) -> None:
    assert read_json_feed(orjson.dumps(body), "https://news.example/") is None


@pytest.mark.parametrize("body", [b"{", b"[" * 5_000, b'{"a": '])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(RecordError):
        read_json_feed(body, "https://news.example/")
