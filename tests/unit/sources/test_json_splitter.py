"""Records inside of JSON are found, each with its bytes and its place."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.json_splitter import ITEMS, JsonSplitter

if TYPE_CHECKING:
    from streams.sources.base import Line

MAX_BYTES: Final = 10_000

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
records = st.lists(st.dictionaries(st.text(), values, min_size=1, max_size=4), max_size=6)


def split(
    data: bytes,
    path: tuple[str, ...],
    cuts: list[int] | None = None,
    max_bytes: int = MAX_BYTES,
    *,
    by_line: bool = False,
) -> tuple[list[Line], JsonSplitter]:
    splitter = JsonSplitter(max_bytes, path, by_line=by_line)
    lines: list[Line] = []
    for begin, end in zip([0, *(cuts or [])], [*(cuts or []), len(data)], strict=True):
        lines += splitter.feed(data[begin:end])
    return lines, splitter


def embedded(found: list[Any], path: tuple[str, ...]) -> Any:
    """Return a value that has records at a path, and others around it."""
    if not path:
        return found
    step, *rest = path
    if not rest:
        return found
    if step == ITEMS:
        return [embedded(found, tuple(rest))]
    return {"before": [{"id": 0}], step: embedded(found, tuple(rest)), "after": {step: [1, {"x": "]"}]}}


@given(
    records,
    st.sampled_from([(ITEMS,), ("data", ITEMS), ("data", "children", ITEMS), (ITEMS, "data", ITEMS)]),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.data(),
)
def test_records_come_out_as_they_are_wherever_they_are_and_however_the_blocks_are_cut(
    found: list[Any], path: tuple[str, ...], indent: int | None, escaped: bool, data: st.DataObject
) -> None:
    whole = json.dumps(embedded(found, path), indent=indent, ensure_ascii=escaped).encode(errors="surrogatepass")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    lines, splitter = split(whole, path, cuts)
    assert [json.loads(line.data.decode(errors="surrogatepass")) for line in lines] == found
    assert [line.item for line in lines] == list(range(1, len(found) + 1))
    assert all(whole[: line.cursor].endswith(line.data) for line in lines)
    assert [line.number for line in lines] == [
        whole.count(b"\n", 0, line.cursor - len(line.data)) + 1 for line in lines
    ]
    assert splitter.rest() == []
    assert not splitter.is_open


@given(records, st.data())
def test_values_that_follow_one_another_over_several_lines_are_split(found: list[Any], data: st.DataObject) -> None:
    whole = "\n".join(json.dumps(record, indent=1) for record in found).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    lines, _ = split(whole, (), cuts)
    assert [json.loads(line.data) for line in lines] == found


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5), st.booleans())
def test_any_bytes_do_no_harm(noise: bytes, cuts: list[int], by_line: bool) -> None:
    cuts = sorted(min(cut, len(noise)) for cut in cuts)
    for path in ((), (ITEMS,), ("data", ITEMS)):
        lines, splitter = split(noise, path, cuts, 20, by_line=by_line)
        assert all(len(line.data) <= 21 for line in lines + splitter.rest())


def test_a_long_record_is_cut_and_the_next_is_whole() -> None:
    whole = b'[{"id":"' + b"x" * 3_000_000 + b'"}, {"id":2}]'
    lines, _ = split(whole, (ITEMS,), list(range(100, len(whole), 5_000)))
    assert [len(line.data) for line in lines] == [MAX_BYTES + 1, 8]


def test_a_deeply_nested_record_is_found() -> None:
    deep = b'{"x":' * 500 + b"1" + b"}" * 500
    assert [line.data for line in split(b"[" + deep + b",{}]", (ITEMS,))[0]] == [deep, b"{}"]


def test_items_that_are_no_objects_come_out_too() -> None:
    """They are rejected later; a splitter that left them out would lose them without a word."""
    lines, _ = split(b'["a, [b\\"", 1, tru, {"id":1}, null, [2]]', (ITEMS,))
    assert [line.data for line in lines] == [b'"a, [b\\""', b"1", b"tru", b'{"id":1}', b"null", b"[2]"]


def test_an_array_that_is_cut_short_is_open_and_its_last_record_incomplete() -> None:
    lines, splitter = split(b'[{"id":1},{"id"', (ITEMS,))
    assert [line.data for line in lines] == [b'{"id":1}']
    assert [line.data for line in splitter.rest()] == [b'{"id"']
    assert splitter.is_open


def test_a_broken_line_of_pages_does_not_affect_the_next() -> None:
    pages = b'{"data":[{"id":1},{"id":"\n{"data":[{"id":2}]}\n{"meta":{"count":0}}\n'
    lines, splitter = split(pages, ("data", ITEMS), by_line=True)
    assert [(line.number, line.item, line.data) for line in lines] == [
        (1, 1, b'{"id":1}'),
        (1, 2, b'{"id":"\n'),
        (2, 1, b'{"id":2}'),
    ]
    assert (splitter.pages, splitter.empty_pages) == (3, 1)


def test_the_script_of_an_archive_is_split_like_the_array_in_it() -> None:
    lines, _ = split(b'window.YTD.tweets.part0 = [ {"tweet":{"id":"1"}}, {"tweet":{"id":"2"}} ]', (ITEMS,))
    assert [line.data for line in lines] == [b'{"tweet":{"id":"1"}}', b'{"tweet":{"id":"2"}}']


@pytest.mark.parametrize("size", [1, 3, 64])
def test_memory_is_bounded_within_a_string_that_never_ends(size: int) -> None:
    splitter = JsonSplitter(100, (ITEMS,))
    splitter.feed(b'[{"text":"')
    noise = random.Random(1).choices(rb"ab\{[", k=5_000)
    for begin in range(0, len(noise), size):
        splitter.feed(bytes(noise[begin : begin + size]))
    assert all(len(line.data) <= 101 for line in splitter.rest())
