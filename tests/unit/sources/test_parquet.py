"""Rows of Parquet files become posts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pytest
from pyarrow import parquet

from streams.errors import InputError, MissingPackage
from streams.sources.cursor import CursorFile
from streams.sources.parquet import ParquetSource
from streams.sources.reader import Reading
from streams.sources.registry import open_posts
from tests.support.lines import MAX_BYTES, data_of, lines_of
from tests.support.platforms import COMMENT

if TYPE_CHECKING:
    from pathlib import Path

TIME = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


def write(path: Path, rows: list[dict[str, Any]], **types: Any) -> Path:
    schema = pa.Table.from_pylist(rows).schema
    for name, kind in types.items():
        schema = schema.set(schema.get_field_index(name), pa.field(name, kind))
    parquet.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


def rows(count: int = 3) -> list[dict[str, Any]]:
    return [{"id": n, "created_at": TIME + timedelta(seconds=n), "text": f"Störung {n}"} for n in range(count)]


def test_rows_are_posts_with_their_places(tmp_path: Path) -> None:
    path = write(tmp_path / "posts", rows(2_500))
    with open_posts(str(path), MAX_BYTES) as source:
        lines = lines_of(source)
        assert source.consumed_bytes == source.total_bytes == path.stat().st_size
        assert source.remarks == ["read as Parquet"]
    assert len(lines) == 2_500
    assert orjson.loads(lines[1].data) == {"id": 1, "created_at": "2026-03-02T10:15:01+00:00", "text": "Störung 1"}
    assert (lines[1].place, lines[1].cursor) == ("item 2", 2)


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.timestamp("s", "Europe/Berlin")])
def test_times_are_read_in_all_units_and_zones(kind: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "posts", rows(1), created_at=kind)
    with open_posts(str(path), MAX_BYTES) as source:
        stated = orjson.loads(data_of(source)[0])["created_at"]
    assert datetime.fromisoformat(stated) == TIME


def test_a_cursor_leads_to_the_row_after_it(tmp_path: Path) -> None:
    path = write(tmp_path / "posts", rows(2_500))
    with open_posts(str(path), MAX_BYTES) as source:
        lines = lines_of(source)
        CursorFile(tmp_path / "cursor", source).save(1_700, 1_700)
    with open_posts(str(path), MAX_BYTES) as source:
        assert CursorFile(tmp_path / "cursor", source).resume().cursor == 1_700
        assert lines_of(source) == lines[1_700:]
    write(tmp_path / "posts", rows(2_400))
    with open_posts(str(path), MAX_BYTES) as source, pytest.raises(InputError, match="other posts"):
        CursorFile(tmp_path / "cursor", source).resume()


def test_columns_of_a_platform_are_recognised_and_others_are_named_by_a_map(tmp_path: Path) -> None:
    path = write(tmp_path / "reddit", [COMMENT])
    with open_posts(str(path), MAX_BYTES) as source:
        assert orjson.loads(data_of(source)[0])["id"] == "t1_kx1"
        assert source.remarks == ["read as Parquet, format reddit"]
    path = write(tmp_path / "export", [{"uid": 1, "date": TIME, "post": {"body": "Hallo"}, "raw": b"x"}])
    with pytest.raises(InputError) as refused:
        open_posts(str(path), MAX_BYTES)
    assert str(refused.value) == (
        f"{path}: is a table that has no column id and no created_at and no text; it has uid, date, post, raw. "
        "Name the columns: --map id=...,created_at=...,text=..."
    )
    reading = Reading({"id": "uid", "created_at": "date", "text": "post.body"})
    with open_posts(str(path), MAX_BYTES, reading) as source:
        assert orjson.loads(data_of(source)[0])["text"] == "Hallo"


def test_files_that_can_not_be_read_say_why(tmp_path: Path) -> None:
    whole = write(tmp_path / "posts", rows(2_000)).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut: can't be read as a Parquet file"):
        open_posts(str(tmp_path / "cut"), MAX_BYTES)
    damaged = bytearray(whole)
    damaged[100:4_000] = bytes(3_900)
    (tmp_path / "damaged").write_bytes(damaged)
    with pytest.raises(InputError, match="damaged: can't be read as a Parquet file"):
        list(chain.from_iterable(open_posts(str(tmp_path / "damaged"), MAX_BYTES).chunks()))
    write(tmp_path / "empty", rows(1))
    parquet.write_table(parquet.read_table(tmp_path / "empty").slice(1), tmp_path / "empty")
    with pytest.raises(InputError, match="empty: holds no posts"):
        open_posts(str(tmp_path / "empty"), MAX_BYTES)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "posts", rows(1))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackage, match=r"a Parquet file needs pyarrow.*install 'firewatch\[parquet\]'"):
        ParquetSource(path, MAX_BYTES)
