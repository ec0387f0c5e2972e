from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.offline.series.csv_reader import SeriesRow, milliseconds, read_rows

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, content: bytes) -> list[SeriesRow]:
    path.write_bytes(content)
    return list(read_rows(str(path)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-02-26 21:42:53", 1_424_986_973_000),
        ("2015-02-26T21:42:53.250000", 1_424_986_973_250),
        ("2015-02-26T21:42:53Z", 1_424_986_973_000),
        ("2015-02-26T16:42:53-05:00", 1_424_986_973_000),
        ("1424986973", 1_424_986_973_000),
        ("1424986973.25", 1_424_986_973_250),
        ("2015-02-26", 1_424_908_800_000),
    ],
)
def test_times(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2015-02-30", "1424986973000", "-1", "1969-12-31", "nan", "1e9"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither an ISO 8601 time|not in the years 1970 to 9999"):
        milliseconds(text)


def test_columns_in_any_order_among_others_with_a_byte_order_mark(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfnote, value ,timestamp\r\n"a,\xff b",1,0\r\n\r\nc, 2.5 ,"300"\r\n'
    assert read(tmp_path / "a.csv", content) == [SeriesRow("0", "1", 0, 1.0), SeriesRow("300", "2.5", 300_000, 2.5)]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", r":1: expected a header with the columns timestamp and value, found ''"),
        (b"2020-01-01,3\n", r":1: expected a header .* found '2020-01-01,3'"),
        (b"timestamp,count\n2020-01-01,3\n", r":1: expected a header .* found 'timestamp,count'"),
        (b"timestamp,value\n", r": has no row after the header"),
        (b"timestamp,value\n0,1\nsoon,2\n", r":3: timestamp 'soon' is neither"),
        (b"timestamp,value\n0,1\n300,\n", r":3: value '' is not a number"),
        (b"timestamp,value\n0,1\n300,many\n", r":3: value 'many' is not a number"),
        (b"timestamp,value\n0,-1\n", r":2: value -1 is not a count"),
        (b"timestamp,value\n0,nan\n", r":2: value nan is not a count"),
        (b"timestamp,value\n0,inf\n", r":2: value inf is not a count"),
        (b"timestamp,value\n0,1e16\n", r":2: value 1e16 is not a count"),
        (b"timestamp,value\n0,1\n\n300\n", r":4: has 1 cells, the header has 2"),
        (b"timestamp,value\n300,1\n300,1\n", r":3: timestamp 300 repeats 300 of the row before it: sort"),
        (b"timestamp,value\n300,1\n0,1\n", r":3: timestamp 0 goes back behind 300 of the row before it: sort"),
        (b"timestamp,value,note\n0,1," + b"x" * 200_000 + b"\n", r":2: is not CSV \(field larger"),
    ],
)
def test_bad_input_is_named_with_file_and_line(content: bytes, place: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"bad\.csv{place}"):
        read(tmp_path / "bad.csv", content)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        next(read_rows(str(tmp_path / "none.csv")))
    with pytest.raises(InputError, match="Is a directory"):
        next(read_rows(str(tmp_path)))


def test_good_rows_come_before_a_bad_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("timestamp,value\n0,1\n300,x\n")
    rows = read_rows(str(path))
    assert next(rows).ms == 0
    with pytest.raises(InputError, match=r"a\.csv:3"):
        next(rows)
