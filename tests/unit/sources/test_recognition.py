"""What a file is follows from its beginning, and what is not read is refused by name, with a way out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.errors import InputError
from streams.sources.conversion import Conversion
from streams.sources.recognition import is_enough, recognise
from tests.support.platforms import BLUESKY, COMMENT, JETSTREAM, NATIVE, RECORDS, STATUS, TWEET_V1, TWEET_V2

if TYPE_CHECKING:
    from streams.config import FieldMapping

POST = json.dumps(NATIVE)
TABLE = "id,created_at,text\n1,2026-03-02T10:15:00Z,Hallo\n2,2026-03-02T10:15:01Z,Hallo\n"


def read(text: str, mapping: FieldMapping | None = None) -> tuple[tuple[str, ...], list[Any], str]:
    """Return the names of the format of a text, the decoded records, and the hint."""
    found = recognise(text.encode(), "posts", Conversion.of(mapping) if mapping else None)
    splitter = found.splitter(10_000)
    lines = splitter.feed(text.encode()) + splitter.rest()
    if found.conversion:
        lines = [line for each in lines if (line := found.conversion.line(each)) is not None]
    return found.names, [orjson.loads(line.data) for line in lines], found.hint


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{POST}\n{POST}\n", ()),
        (f"[{POST},{POST}]", ("a JSON array",)),
        (json.dumps([NATIVE, NATIVE], indent=2), ("a JSON array",)),
        (f"\ufeff \n[\n{POST},\n{POST}\n]\n", ("a JSON array",)),
        (f"[{POST}]\n[{POST}]\n", ("a JSON array a line",)),
        (f"{json.dumps(NATIVE, indent=2)}\n{json.dumps(NATIVE, indent=2)}\n", ("JSON over several lines",)),
        (json.dumps({"posts": [NATIVE, NATIVE]}), ("pages, one a line with the posts in 'posts'",)),
        (json.dumps({"n": 2, "posts": [NATIVE, NATIVE]}, indent=2), ("a JSON object with the posts in 'posts'",)),
        (json.dumps([{"posts": [NATIVE]}, {"posts": [NATIVE]}]), ("a JSON array with the posts in 'posts'",)),
        (
            json.dumps({"hits": {"hits": [{"_source": NATIVE}] * 2}}),
            ("pages, one a line with the posts in 'hits.hits'", "format wrapped"),
        ),
    ],
)  # fmt: skip
def test_posts_are_found_in_lines_arrays_objects_and_pages(text: str, names: tuple[str, ...]) -> None:
    assert read(text) == (names, [NATIVE, NATIVE], "")


@pytest.mark.parametrize("name", RECORDS)
def test_formats_are_recognised_in_lines_arrays_and_pages(name: Any) -> None:
    record = RECORDS[name]
    for text in (json.dumps(record), json.dumps([record], indent=1), json.dumps({"data": [record], "meta": {}})):
        names, posts, _ = read(text + "\n")
        assert names[-1] == f"format {name}"
        assert len(posts) == 1


def test_pages_of_twarc_are_read_tweet_by_tweet() -> None:
    page = {"data": [TWEET_V2, TWEET_V2], "includes": {"users": [{"id": "77"}]}, "__twarc": {"version": "2"}}
    names, posts, _ = read(f"{json.dumps(page)}\n{json.dumps(page)}\n")
    assert names == ("pages, one a line with the posts in 'data'", "format twitter_v2")
    assert [post["id"] for post in posts] == [TWEET_V2["id"]] * 4


def test_the_archive_of_an_account_is_a_script_with_an_array() -> None:
    tweet = {name: value for name, value in TWEET_V1.items() if name != "user"}
    names, posts, _ = read(f"window.YTD.tweets.part0 = {json.dumps([{'tweet': tweet}])}")
    assert names == ("a JSON array", "format twitter_v1")
    assert len(posts) == 1


def test_a_listing_and_a_feed_are_read_post_by_post() -> None:
    listing = {"kind": "Listing", "data": {"after": None, "children": [{"kind": "t1", "data": COMMENT}]}}
    assert read(json.dumps(listing))[0] == ("pages, one a line with the posts in 'data.children'", "format reddit")
    assert read(json.dumps({"feed": [{"post": BLUESKY}]}))[0] == (
        "pages, one a line with the posts in 'feed'", "format bluesky",
    )  # fmt: skip


def test_a_page_that_is_longer_than_what_is_looked_at_is_recognised() -> None:
    head = json.dumps({"data": [TWEET_V2] * 500})[:60_000].encode()
    assert recognise(head, "posts", None).names == ("pages, one a line with the posts in 'data'", "format twitter_v2")


@pytest.mark.parametrize("cut", range(1, 140))
def test_an_array_is_recognised_wherever_the_beginning_ends(cut: int) -> None:
    head = json.dumps([NATIVE | {"text": "Störung 😡 \\ ", "likes": 1234567890.5, "x": [True, None]}] * 2).encode()
    assert recognise(head[: len(head) - cut], "posts", None).names == ("a JSON array",)


def test_the_first_events_of_a_stream_may_be_no_posts() -> None:
    other = JETSTREAM | {"kind": "identity", "commit": None}
    names, posts, _ = read(f"{json.dumps(other)}\n{json.dumps(JETSTREAM)}\n")
    assert (names, len(posts)) == (("format jetstream",), 1)


@pytest.mark.parametrize("first", ["{", "[", "nonsense", '{"id": ', "\x00\x00", "[1, 2]", '{"error": "over quota"}'])
def test_a_broken_first_line_does_not_hide_that_the_others_are_json_lines(first: str) -> None:
    found = recognise(f"{first}\n{POST}\n{POST}\n".encode(), "posts", None)
    assert (found.names, found.conversion) == ((), None)
    lines = found.splitter(10_000).feed(f"{first}\n{POST}\n{POST}\n".encode())
    assert [line.data for line in lines] == [first.encode(), POST.encode(), POST.encode()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_recognised_by_its_columns(delimiter: str) -> None:
    names, posts, _ = read("\ufeff" + TABLE.replace(",", delimiter))
    assert names == ("a table",)
    assert posts[0] == {"id": "1", "created_at": "2026-03-02T10:15:00Z", "text": "Hallo"}


def test_a_table_in_the_columns_of_a_platform_is_read() -> None:
    names, posts, _ = read("id,author,created_utc,body,score\nx,kim,1518653586,Hallo,3\n")
    assert names == ("a table", "format reddit")
    assert posts[0]["id"] == "t1_x"


@pytest.mark.parametrize(
    "table",
    [
        TABLE.replace("\n", "\r\n"),
        "sep=,\n" + TABLE,
        TABLE.replace("id,created_at,text", "ID,Created_At,TEXT"),
        ",id,created_at,text\n0,1,2026-03-02T10:15:00Z,Hallo\n1,2,2026-03-02T10:15:01Z,Hallo\n",
    ],
)
def test_tables_of_spreadsheets_and_data_frames_are_read(table: str) -> None:
    names, posts, _ = read(table)
    assert names == ("a table",)
    assert [post["id"] for post in posts] == ["1", "2"]
    assert set(posts[0]) == {"id", "created_at", "text"}


def test_columns_are_named_by_a_map() -> None:
    table = "Tweet ID;Date;Text\n7;2026-03-02T10:15:00Z;Hallo\n"
    names, posts, _ = read(table, {"id": "Tweet ID", "created_at": "Date", "text": "Text"})
    assert names == ("a table",)
    assert posts == [{"id": "7", "created_at": "2026-03-02T10:15:00Z", "text": "Hallo"}]


def test_a_table_without_a_needed_column_is_refused_with_those_that_it_has() -> None:
    rows = "7,2026-03-02,Hallo\n" * 5
    with pytest.raises(InputError) as refused:
        read("id,date,tweet\n" + rows)
    assert str(refused.value) == (
        "posts: is a table that has no column created_at and no text; it has date, tweet. Name the columns: --map "
        "created_at=...,text=..."
    )
    with pytest.raises(InputError, match="has no column created_at"):
        read("id,date,tweet\n" + rows, {"text": "tweet"})


def test_a_table_without_names_of_columns_is_refused() -> None:
    with pytest.raises(InputError, match="does not name the columns; put such a line before it: id,created_at,text"):
        read("1,2026-03-02T10:15:00Z,Hallo\n" * 5)


def test_records_of_an_unknown_format_get_a_hint_with_their_fields() -> None:
    names, posts, hint = read('{"uid": 1, "body": "Hallo", "ts": 5}\n')
    assert (names, len(posts)) == ((), 1)
    assert hint == (
        "has no field id and no created_at and no text; it has uid, body, ts. Name the fields: --map "
        "id=...,created_at=...,text=..."
    )


def test_the_hint_for_a_page_names_the_fields_of_its_items() -> None:
    page = {"name": "chat", "messages": [{"id": 1, "date": 1772446500, "text": "Hallo"}] * 2}
    assert read(json.dumps(page))[2] == "has no field created_at; it has date. Name the fields: --map created_at=..."
    assert len(read(json.dumps(page), {"created_at": "date"})[1]) == 2


def test_empty_arrays_and_commas_behind_the_last_item_are_no_broken_lines() -> None:
    assert read("[]")[:2] == (("a JSON array",), [])
    assert read(f"[\n{POST},\n{POST},\n]\n")[:2] == (("a JSON array",), [NATIVE, NATIVE])


def test_lines_of_json_that_are_no_objects_are_no_table() -> None:
    assert read(f"{json.dumps(POST)}\n" * 5)[:2] == ((), [POST] * 5)


def test_server_sent_events_are_refused_with_a_way_out() -> None:
    with pytest.raises(InputError, match=r"posts: is a stream of server-sent events; .*sed -n"):
        read(f"event: update\ndata: {POST}\n\nevent: update\ndata: {POST}\n\n")


def test_a_run_of_byte_order_marks_hides_nothing() -> None:
    assert recognise(f"{chr(0xFEFF) * 20_000}[{POST}]".encode(), "posts", None).names == ("a JSON array",)
    names, posts, _ = read(f"{chr(0xFEFF) * 3}{TABLE}")
    assert (names, len(posts)) == (("a table",), 2)


def test_names_of_fields_in_a_hint_are_few_short_and_without_escapes() -> None:
    record = {"a\x1b[31m": 1, "b" * 5_000: 2} | {f"field {number}": number for number in range(100)}
    hint = read(json.dumps(record))[2]
    assert len(hint) < 600
    assert hint.isprintable()


def test_a_named_format_that_does_not_fit_gets_a_hint_too() -> None:
    assert "has no field text" in read(json.dumps(STATUS), "reddit")[2]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04\x14\0", "a zip archive"),
        (b"7z\xbc\xaf\x27\x1c\0", "a 7z archive"),
        (b"Rar!\x1a\x07", "a rar archive"),
        (b"\x04\x22\x4d\x18\x64", "compressed by lz4"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"  \n<?xml version='1.0'?>", "XML"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"posts.jsonl" + bytes(246) + b"ustar\0", "a tar archive"),
    ],
)
def test_other_kinds_of_files_are_refused_by_name_with_a_way_out(head: bytes, kind: str) -> None:
    with pytest.raises(InputError, match=rf"posts: is {kind}.*which is not read; \w+"):
        recognise(head, "posts", None)


@pytest.mark.parametrize(
    ("head", "enough"),
    [
        (f"{POST}\n", True),
        ("nonsense\n", True),
        (f'{{"id": \n{POST}\n', True),
        (POST[:20], False),
        (f"{{\n{POST[1:]}", False),
        (f"[{POST}", False),
        ("\n\n", False),
    ],
)
def test_a_stream_is_looked_at_until_its_first_record_is_complete(head: str, enough: bool) -> None:
    assert is_enough(head.encode(), pauses=False) is enough


def test_a_pause_is_enough_if_something_can_be_recognised() -> None:
    assert is_enough(json.dumps(NATIVE, indent=1).encode(), pauses=True)
    assert is_enough(f"[{POST}".encode(), pauses=True)
    assert not is_enough(b"[", pauses=True)
