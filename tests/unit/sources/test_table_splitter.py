"""Rows of tables become JSON objects."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.table_splitter import DELIMITERS, TableSplitter, columns_of

if TYPE_CHECKING:
    from streams.sources.base import Line

COLUMNS: Final = ["id", "created_at", "text"]
HEADER: Final = b"id,created_at,text\n"

fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1)


def split(data: bytes, *, cuts: list[int] | None = None, max_bytes: int = 10_000, delimiter: str = ",") -> list[Line]:
    splitter = TableSplitter(max_bytes, delimiter, COLUMNS)
    lines: list[Line] = []
    for begin, end in zip([0, *(cuts or [])], [*(cuts or []), len(data)], strict=True):
        lines += splitter.feed(data[begin:end])
    return lines + splitter.rest()


@given(
    st.lists(st.tuples(fields, fields, fields), max_size=6),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
    st.data(),
)
def test_rows_come_out_as_a_spreadsheet_wrote_them(
    rows: list[tuple[str, str, str]], delimiter: str, line_end: str, data: st.DataObject
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([COLUMNS, *rows])
    whole = file.getvalue().encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    lines = split(whole, cuts=cuts, delimiter=delimiter)
    assert [tuple(orjson.loads(line.data).values()) for line in lines] == rows
    ends = [line.cursor for line in lines]
    assert ends == sorted(ends)
    assert all(line.original in whole[: line.cursor] for line in lines)


def test_each_record_has_the_line_on_which_it_begins() -> None:
    lines = split(HEADER + b'1,x,"a\nb"\n\n2,x,c\n3,x,"d ""e"""')
    assert [(line.number, orjson.loads(line.data)["text"]) for line in lines] == [(2, "a\nb"), (5, "c"), (6, 'd "e"')]


def test_empty_fields_are_absent_and_a_short_row_lacks_its_last_ones() -> None:
    assert [line.data for line in split(HEADER + b"1,,a\n2\n")] == [b'{"id":"1","text":"a"}', b'{"id":"2"}']


def test_a_row_with_more_fields_than_columns_is_no_object_because_nobody_knows_what_they_are() -> None:
    splitter = TableSplitter(100, ",", COLUMNS)
    lines = splitter.feed(HEADER + b"1,x,first, second\n")
    assert [line.data for line in lines] == [b'["1","x","first"," second"]']
    assert splitter.uneven == 1


def test_a_quotation_mark_that_is_never_closed_costs_its_row_and_no_other() -> None:
    rows = b"".join(b"%d,x,text\n" % number for number in range(2, 500))
    lines = split(HEADER + b'1,x,"open\n' + rows, max_bytes=200)
    assert [orjson.loads(line.data)["id"] for line in lines] == [str(number) for number in range(1, 500)]


def test_a_quotation_mark_inside_of_a_field_is_part_of_it() -> None:
    lines = split(HEADER + b'1,x,a 27" screen\n2,x,next\n')
    assert [orjson.loads(line.data)["text"] for line in lines] == ['a 27" screen', "next"]


def test_a_long_row_is_cut_and_the_next_is_whole() -> None:
    lines = split(HEADER + b"1,x," + b"y" * 50_000 + b"\n2,x,z\n", max_bytes=1_000, cuts=list(range(100, 50_000, 700)))
    assert len(lines[0].data) == 1_001
    assert orjson.loads(lines[1].data)["id"] == "2"


def test_rows_in_windows_1252_are_read() -> None:
    assert orjson.loads(split(HEADER + "1,x,Störung".encode("cp1252"))[0].data)["text"] == "Störung"


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_do_no_harm(noise: bytes, max_bytes: int) -> None:
    assert all(len(line.original or line.data) <= max_bytes + 1 for line in split(HEADER + noise, max_bytes=max_bytes))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"\xef\xbb\xbfid,text\r", (",", ["id", "text"])),
        (b"id;created_at;text, cleaned", (";", ["id", "created_at", "text, cleaned"])),
        (b"id\ttext", ("\t", ["id", "text"])),
        (b'"id","the text"', (",", ["id", "the text"])),
        (b",id,text", (",", ["", "id", "text"])),
        (b"id,ID", (",", ["id", "ID"])),
        (b"id,,text", None),
        (b"10000,2026-03-02,17", None),
        (b"id,id", None),
        (b"id", None),
        (b"", None),
    ],
)
def test_the_first_line_of_a_table_names_its_columns(line: bytes, found: tuple[str, list[str]] | None) -> None:
    assert columns_of(line) == found
