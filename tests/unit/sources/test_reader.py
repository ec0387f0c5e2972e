"""Every kind of input yields the same posts, can be resumed at each of them, and may still be growing."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.errors import InputError, TruncatedInput
from streams.sources.reader import Reading, RecordReader
from tests.support.lines import MAX_BYTES
from tests.support.packing import PACK, zstd_packed
from tests.support.platforms import JETSTREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.sources.base import Line

POSTS: Final[list[dict[str, Any]]] = [
    {"id": str(number), "created_at": f"2026-03-02T10:15:{number % 60:02}Z", "text": f"Störung in Köln, „Nr. {number}“"}
    for number in range(40)
]
LINES: Final = "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in POSTS)
TABLE: Final = "id;created_at;text\n" + "".join(
    f'{post["id"]};{post["created_at"]};"{post["text"]}\n""zwei"""\n' for post in POSTS
)
REDDIT: Final = "".join(
    json.dumps({"name": post["id"], "created_utc": 1772446500, "author": "kim", "body": post["text"]}) + "\n"
    for post in POSTS
)

INPUTS: Final[dict[str, bytes]] = {
    "lines": LINES.encode(),
    "lines with a byte order mark": LINES.encode("utf-8-sig"),
    "UTF-16": LINES.encode("utf-16"),
    "UTF-16 without a byte order mark": LINES.encode("utf-16-be"),
    "Windows-1252": LINES.encode("cp1252"),
    "an array": json.dumps(POSTS).encode(),
    "an array over several lines": json.dumps(POSTS, indent=2).encode(),
    "an array in UTF-16": json.dumps(POSTS, ensure_ascii=False).encode("utf-16-le"),
    "values over several lines": "\n".join(json.dumps(post, indent=1) for post in POSTS).encode(),
    "pages": (json.dumps({"data": POSTS[:20]}) + "\n" + json.dumps({"data": POSTS[20:]}) + "\n").encode(),
    "a table": TABLE.encode(),
    "a table in Windows-1252": TABLE.encode("cp1252"),
    "a table in UTF-16": TABLE.encode("utf-16"),
    "Reddit": REDDIT.encode(),
}
GROWING: Final = sorted(set(INPUTS) - {"values over several lines"})


def pack(kind: str, data: bytes) -> bytes:
    return data if kind == "plain" else PACK[kind](data)


def blocks_of(data: bytes, size: int = 1_000) -> Iterator[bytes]:
    return (data[begin : begin + size] for begin in range(0, len(data), size))


def lines_of(
    data: bytes, start: int = 0, *, grows: bool = False, size: int = 1_000, reading: Reading | None = None
) -> list[Line]:
    reader = RecordReader("posts", MAX_BYTES, reading or Reading())
    return list(chain.from_iterable(reader.lines(blocks_of(data, size), start=start, grows=grows)))


def remarks_of(data: bytes, *, grows: bool = False, reading: Reading | None = None) -> list[str]:
    reader = RecordReader("posts", MAX_BYTES, reading or Reading())
    for _ in reader.lines(blocks_of(data), grows=grows):
        pass
    return reader.remarks


def ids_of(lines: list[Line]) -> list[str]:
    return [str(orjson.loads(line.data.removeprefix(b"\xef\xbb\xbf"))["id"]) for line in lines]


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("packed", ["plain", *PACK])
@pytest.mark.parametrize("size", [7, 262_144])
def test_every_kind_of_input_yields_the_same_posts(kind: str, packed: str, size: int) -> None:
    lines = lines_of(pack(packed, INPUTS[kind]), size=size)
    posts = [orjson.loads(line.data.removeprefix(b"\xef\xbb\xbf")) for line in lines]
    assert [post["id"] for post in posts] == [post["id"] for post in POSTS]
    assert [post["text"].partition("\n")[0] for post in posts] == [post["text"] for post in POSTS]


@pytest.mark.parametrize("kind", INPUTS)
def test_every_cursor_leads_to_the_record_after_it(kind: str) -> None:
    data = INPUTS[kind]
    lines = lines_of(data)
    for index in (0, 1, 20, 38):
        assert lines_of(data, lines[index].cursor, grows=kind in GROWING) == lines[index + 1 :]


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.parametrize("packed", ["plain", "gzip", "zstd"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_an_input_that_ends_anywhere_and_goes_on_later_is_read_once_and_whole(
    kind: str, packed: str, data: st.DataObject
) -> None:
    """A writer is in the middle of a line, of a character or of a compressed block whenever ingest looks."""
    whole = pack(packed, INPUTS[kind])
    if kind.startswith("a table") and not INPUTS[kind].endswith(b"\n"):
        whole += b"\n\0"
    cuts = sorted(data.draw(st.lists(st.integers(min(len(whole), 600), len(whole)), min_size=1, max_size=3)))
    found: list[Line] = []
    for end in (*cuts, len(whole)):
        found += lines_of(whole[:end], found[-1].cursor if found else 0, grows=True)
    assert ids_of(found) == [post["id"] for post in POSTS]


def test_half_a_last_line_waits_and_a_whole_one_without_an_end_does_not() -> None:
    lines = LINES.encode()
    assert ids_of(lines_of(lines[:-1], grows=True)) == ids_of(lines_of(lines))
    assert ids_of(lines_of(lines[:-2], grows=True)) == ids_of(lines_of(lines))[:-1]
    assert remarks_of(lines[:-2], grows=True) == ["line 40 is not complete yet: the next run begins with it"]
    assert len(lines_of(lines[:-2])) == 40  # of an input that does not grow it is a record, and rejected


def test_an_input_that_ends_before_the_cursor_is_refused() -> None:
    cursor = lines_of(LINES.encode())[-1].cursor
    for kind in ("lines", "an array", "a table"):
        with pytest.raises(InputError, match=r"posts: ends before the position .* truncated or replaced"):
            lines_of(INPUTS[kind][:300], cursor)


def test_a_compressed_input_that_is_cut_short_is_an_error_unless_it_grows() -> None:
    packed = gzip.compress(LINES.encode() * 100)[:-20]
    reader = RecordReader("posts", MAX_BYTES)
    seen: list[Line] = []
    with pytest.raises(TruncatedInput, match=r"posts: the gzip stream is cut short.*all before it has been read"):
        seen.extend(line for chunk in reader.lines(blocks_of(packed)) for line in chunk)
    assert len(seen) > 3_000
    assert remarks_of(packed, grows=True)[-2:] == [
        "the gzip stream is cut short, its rest is missing",
        f"line {len(seen) + 1:,} is not complete yet: the next run begins with it",
    ]


def test_what_is_not_usual_is_remarked() -> None:
    assert remarks_of(INPUTS["lines"]) == remarks_of(gzip.compress(INPUTS["lines"])) == []
    assert remarks_of(zstd_packed(REDDIT.encode("utf-16"))) == ["read as zstd, UTF-16, format reddit"]
    assert remarks_of(INPUTS["Windows-1252"]) == [
        "its text is not UTF-8 and was read as Windows-1252; name another encoding by --encoding"
    ]
    assert remarks_of(INPUTS["an array"][:-50]) == [
        "read as a JSON array",
        "ends inside of a JSON value, so its end is missing",
    ]
    assert remarks_of(TABLE.encode() + b"1;2;3;4\n")[1].startswith("1 rows have more fields than there are columns")
    assert remarks_of(b'{"data":[' + LINES.encode().splitlines()[0] + b']}\n{"meta":{}}\n')[1] == (
        "1 of 2 pages hold no posts"
    )
    like = JETSTREAM | {"commit": {"collection": "app.bsky.feed.like"}}
    assert remarks_of(json.dumps(like).encode() + b"\n") == [
        "read as format jetstream", "1 records hold no post and were skipped",
    ]  # fmt: skip
    assert remarks_of(b'{"uid":1}\n')[0].startswith("has no field id and no created_at and no text; it has uid.")


def test_the_first_umlaut_may_be_far_into_the_file() -> None:
    ascii_lines = b'{"id":"0","created_at":1772446500,"text":"all well"}\n' * 5_000
    lines = lines_of(ascii_lines + LINES.encode("cp1252"))
    assert orjson.loads(lines[-1].data)["text"] == POSTS[-1]["text"]


def test_an_encoding_and_paths_that_are_named_are_used() -> None:
    russian = '{"uid":7,"created_at":1772446500,"post":{"body":"Нет связи"}}\n' * 10
    reading = Reading({"id": "uid", "text": "post.body"}, "cp1251")
    lines = lines_of(russian.encode("cp1251"), reading=reading)
    assert orjson.loads(lines[0].data) == {"created_at": 1772446500, "id": 7, "text": "Нет связи"}
    assert remarks_of(russian.encode("cp1251"), reading=reading) == ["read as CP1251"]


def test_a_pause_is_passed_on_before_and_after_the_format_is_known() -> None:
    reader = RecordReader("posts", MAX_BYTES)
    chunks = reader.lines(iter([b"", b'{"id"', b"", b":1}\n", b"", b'{"id":2}\n']))
    assert [[line.data for line in chunk] for chunk in chunks] == [[], [], [b'{"id":1}'], [], [b'{"id":2}'], []]


BEGINNINGS: Final = [
    b"",
    b"\x1f\x8b\x08\0",
    b"\x28\xb5\x2f\xfd",
    b"BZh9",
    b"\xff\xfe",
    b"[",
    b'{"data":[',
    b"id,text\n",
]


@given(st.sampled_from(BEGINNINGS), st.binary(max_size=300), st.integers(1, 100), st.booleans())
def test_noise_is_read_or_refused_and_nothing_else(begin: bytes, noise: bytes, size: int, grows: bool) -> None:
    reader = RecordReader("posts", 50)
    with suppress(InputError):
        for chunk in reader.lines(blocks_of(begin + noise, size), grows=grows):
            assert all(len(line.data) <= 500 for line in chunk)


@given(st.sampled_from(sorted(INPUTS)), st.data())
def test_damage_anywhere_costs_records_and_never_the_reader(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(INPUTS[kind])
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        lines = lines_of(bytes(damaged))
    except InputError:
        return
    numbers = [(line.number, line.item) for line in lines]
    assert numbers == sorted(numbers)
