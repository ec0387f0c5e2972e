"""Each record is converted by the format that it is of."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from streams.sources.base import Line
from streams.sources.conversion import WRAPPERS, Conversion
from tests.support.platforms import COMMENT, JETSTREAM, NATIVE, RECORDS, STATUS, TWEET_V2


def line_of(record: Any) -> Line:
    return Line(json.dumps(record).encode(), 100, 7, 3)


def converted(conversion: Conversion, record: Any) -> Any:
    line = conversion.line(line_of(record))
    assert line is not None
    return orjson.loads(line.data)


@pytest.mark.parametrize("name", RECORDS)
def test_known_formats_are_recognised_one_record_after_the_other(name: Any) -> None:
    conversion = Conversion.of_known_formats()
    assert conversion.name_of(RECORDS[name]) == name
    line = conversion.line(line_of(RECORDS[name]))
    assert line is not None
    assert set(orjson.loads(line.data)) >= {"id", "created_at", "text", "source"}
    assert (line.cursor, line.number, line.item) == (100, 7, 3)
    assert line.original == line_of(RECORDS[name]).data


def test_posts_and_what_is_none_stay_as_they_are() -> None:
    conversion = Conversion.of_known_formats()
    for data in (json.dumps(NATIVE).encode(), b'{"id":1}', b"{", b"[1]", b'{"delete":true,"id":1}'):
        line = Line(data, 9)
        assert conversion.line(line) is line


def test_a_record_that_is_nested_more_deeply_than_is_written_stays_as_it_is() -> None:
    line = Line(b'{"id": "x", "created_utc": 1518653586, "body": ' + b"[" * 300 + b"]" * 300 + b"}", 100)
    assert Conversion.of("reddit").line(line) == line


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_record_may_be_a_member_of_another(wrapper: str) -> None:
    conversion = Conversion.of_known_formats()
    assert converted(conversion, {wrapper: TWEET_V2, "more": 1})["source"] == "twitter"
    assert converted(conversion, {wrapper: NATIVE}) == NATIVE


def test_a_record_that_holds_no_post_is_skipped_and_counted() -> None:
    conversion = Conversion.of_known_formats()
    assert conversion.line(line_of(JETSTREAM | {"commit": {"collection": "app.bsky.feed.like"}})) is None
    assert conversion.skipped == 1


def test_a_format_that_is_named_is_the_only_one() -> None:
    conversion = Conversion.of("reddit")
    assert converted(conversion, COMMENT)["source"] == "reddit"
    assert converted(conversion, STATUS) == STATUS


def test_paths_that_are_named_are_used_for_each_record_with_a_text() -> None:
    conversion = Conversion.of({"id": "post.uid", "text": "post.body", "created_at": "post.ts"})
    post = {"uid": "17", "body": "Hallo", "ts": 1_700_000_000}
    assert converted(conversion, {"post": post}) == {"id": "17", "text": "Hallo", "created_at": 1_700_000_000}
    assert converted(conversion, {"post": {"uid": "17"}}) == {"post": {"uid": "17"}}
    assert conversion.missing({"post": {"uid": "17", "body": "Hallo"}}) == ["created_at"]


def test_the_fields_of_a_live_source_have_no_source_of_their_own() -> None:
    live = Conversion.of_live(None, lambda: 0)
    assert live.fields(TWEET_V2) == {
        name: value for name, value in converted(live, TWEET_V2).items() if name != "source"
    }
    assert live.fields(NATIVE | {"source": "forum", "url": None}) == NATIVE
    assert live.fields(JETSTREAM | {"commit": {"collection": "app.bsky.feed.like"}}) is None


def test_a_record_that_a_map_does_not_fit_keeps_what_the_map_finds() -> None:
    live = Conversion.of_live({"id": "uid", "text": "body"}, lambda: 0)
    assert live.fields({"uid": "17", "likes": 3}) == {"id": "17", "likes": 3}
