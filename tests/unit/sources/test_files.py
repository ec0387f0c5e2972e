"""Files as sources: what they yield, where they resume, and what is said of those that can't be read."""

from __future__ import annotations

import gzip
import os
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.files import FileSource
from streams.sources.reader import Reading
from streams.sources.registry import open_posts
from tests.support.lines import MAX_BYTES, data_of, lines_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from streams.sources.base import Line


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as refused, open_posts(str(path), MAX_BYTES) as source:
        lines_of(source)
    assert str(path) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_a_file_is_read_line_by_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b'{"a":1}\n\n  \n{"b":2}\r\n{"c":3}')
    with open_posts(str(path), MAX_BYTES) as source:
        assert data_of(source) == [b'{"a":1}', b'{"b":2}\r', b'{"c":3}']
        assert source.consumed_bytes == source.total_bytes == path.stat().st_size


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_every_cursor_leads_to_the_line_after_it(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b"".join(b'{"id":%d}\n' % number for number in range(50_000)))
    with open_posts(str(path), MAX_BYTES) as source:
        lines = lines_of(source)
    assert len(lines) == 50_000
    for index in (0, 1, 25_000, 49_998):
        with open_posts(str(path), MAX_BYTES) as source:
            assert isinstance(source, FileSource)
            source.resume(lines[index].cursor)
            assert next(chain.from_iterable(source.chunks())) == lines[index + 1]


def test_a_long_line_is_cut_and_the_next_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b"x" * 3_000_000 + b"\n{}\n")
    with open_posts(str(path), MAX_BYTES) as source:
        first, second = lines_of(source)
    assert len(first.data) == MAX_BYTES + 1
    assert second.data == b"{}"


def test_files_that_can_not_be_read_say_why(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.jsonl")
    assert "is a directory" in refusal(tmp_path)
    assert "is empty" in refusal(write(tmp_path / "empty.jsonl", b""))
    assert "is empty" in refusal(write(tmp_path / "empty.jsonl.gz", b""))
    (tmp_path / "posts.zip").write_bytes(b"PK\x03\x04")
    assert "is a zip archive" in refusal(tmp_path / "posts.zip")


def test_what_a_file_is_follows_from_its_content_and_not_from_its_name(tmp_path: Path) -> None:
    for name, content in (("plain.gz", b'{"id":1}\n'), ("packed.jsonl", gzip.compress(b'{"id":1}\n'))):
        (tmp_path / name).write_bytes(content)
        with open_posts(str(tmp_path / name), MAX_BYTES) as source:
            assert data_of(source) == [b'{"id":1}']


def test_a_reading_is_passed_to_the_reader(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", '{"uid":1,"text":"да"}\n'.encode("cp1251"))
    with open_posts(str(path), MAX_BYTES, Reading({"id": "uid"}, "cp1251")) as source:
        assert data_of(source) == ['{"text":"да","id":1}'.encode()]
        assert source.remarks == ["read as CP1251"]


def test_a_fingerprint_is_the_same_after_a_short_file_has_grown_while_it_was_read(tmp_path: Path) -> None:
    """Fingerprints of the first 4 KiB were taken of what was there when the file was opened."""
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    with open_posts(str(path), MAX_BYTES) as source, path.open("ab") as file:
        assert isinstance(source, FileSource)
        file.write(b'{"id":2}\n' * 1_000)
        file.flush()
        cursor = lines_of(source)[-1].cursor
        saved = source.fingerprint(cursor)
    with open_posts(str(path), MAX_BYTES) as source:
        assert isinstance(source, FileSource)
        assert source.fingerprint(cursor) == saved


def test_offsets_in_different_encodings_are_not_taken_for_one_another(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    fingerprints = set()
    for encoding in (None, "cp1251", "cp1252"):
        with FileSource(path, MAX_BYTES, Reading(encoding=encoding)) as source:
            fingerprints.add(source.fingerprint(9))
    assert len(fingerprints) == 3


def test_a_gzip_stream_that_is_cut_short_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    content = b"".join(b'{"id":%d,"salt":"%s"}\n' % (number, os.urandom(20).hex().encode()) for number in range(20_000))
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(content)[:300_000])
    seen: list[Line] = []
    with open_posts(str(path), MAX_BYTES) as source, pytest.raises(InputError, match="cut short") as refused:
        seen.extend(line for chunk in source.chunks() for line in chunk)
    assert str(path) in str(refused.value)
    assert len(seen) > 1_000
    assert content.startswith(b"\n".join(line.data for line in seen))


def test_damage_inside_a_gzip_stream_is_named(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(b'{"id":%d}\n' % number for number in range(50_000))))
    packed[len(packed) // 2 : len(packed) // 2 + 50] = bytes(50)
    (tmp_path / "damaged.jsonl.gz").write_bytes(packed)
    assert "can't be decompressed" in refusal(tmp_path / "damaged.jsonl.gz")
