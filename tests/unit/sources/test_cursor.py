"""How far a source was ingested survives a restart."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson
import pytest

from streams.config import IngestSettings
from streams.errors import InputError
from streams.sources.base import ReadPosition
from streams.sources.cursor import CursorFile
from streams.sources.ordered_file import OrderedFile
from streams.sources.registry import open_posts
from streams.sources.stdin import StdinSource
from tests.support.lines import MAX_BYTES, data_of, lines_of, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_cursor_file_remembers(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n{"id":2}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        cursor = CursorFile(tmp_path / "cursor", source)
        assert not cursor.resume().begun
        cursor.save(1, 9)
    with path.open("ab") as file:
        file.write(b'{"id":3}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        assert CursorFile(tmp_path / "cursor", source).resume() == ReadPosition(9)
        assert data_of(source) == [b'{"id":2}', b'{"id":3}']
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cursor", "posts.jsonl"]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"nonsense", b'{"cursor":1}', b'{"cursor":1,"fingerprint":"","sorted":{"x":1}}']
)
def test_a_damaged_cursor_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    (tmp_path / "cursor").write_bytes(content)
    with open_posts(str(path), MAX_BYTES) as source, pytest.raises(InputError, match=r"cursor.*delete it"):
        CursorFile(tmp_path / "cursor", source).resume()


def test_a_cursor_is_not_used_on_other_posts(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", b'{"id":1}\n'), write(tmp_path / "b.jsonl", b'{"id":2}\n')
    with open_posts(str(first), MAX_BYTES) as source:
        CursorFile(tmp_path / "cursor", source).save(1, 9)
    with open_posts(str(second), MAX_BYTES) as source, pytest.raises(InputError, match="other posts"):
        CursorFile(tmp_path / "cursor", source).resume()


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_half_a_last_line_is_read_by_the_next_run(tmp_path: Path, name: str) -> None:
    """A writer is in the middle of a line whenever ingest looks: half of it was a dead letter, the rest was lost."""
    path = tmp_path / name
    found = []
    for content in (b'{"id":1}\n{"id', b'{"id":1}\n{"id":2}\n{"id":3}'):
        write(path, content)
        with open_posts(str(path), MAX_BYTES) as source:
            cursor = CursorFile(tmp_path / "cursor", source)
            cursor.resume()
            lines = lines_of(source)
            cursor.save(len(lines), lines[-1].cursor)
        found += [(line.number, line.data) for line in lines]
    assert found == [(1, b'{"id":1}'), (2, b'{"id":2}'), (3, b'{"id":3}')]


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_a_file_that_was_truncated_or_replaced_is_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b'{"id":1}\n' * 1_000)
    with open_posts(str(path), MAX_BYTES) as source:
        CursorFile(tmp_path / "cursor", source).save(1_000, 9_000)
    write(path, b'{"id":1}\n' * 600)
    with open_posts(str(path), MAX_BYTES) as source:
        assert CursorFile(tmp_path / "cursor", source).resume() == ReadPosition(9_000)
        with pytest.raises(InputError, match="truncated or replaced"):
            data_of(source)
    write(path, b'{"id":1}\n')
    with open_posts(str(path), MAX_BYTES) as source, pytest.raises(InputError, match=r"other posts.*was replaced"):
        CursorFile(tmp_path / "cursor", source).resume()


def test_cursor_files_of_earlier_versions_are_used(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl.gz", b'{"id":1}\n{"id":2}\n')
    fingerprint = hashlib.blake2b(b'{"id":1}\n', digest_size=16).hexdigest()
    (tmp_path / "cursor").write_bytes(b'{"cursor":9,"fingerprint":"%s"}' % fingerprint.encode())
    with open_posts(str(path), MAX_BYTES) as source:
        assert CursorFile(tmp_path / "cursor", source).resume() == ReadPosition(9)
        assert data_of(source) == [b'{"id":2}']


def test_standard_input_takes_no_cursor_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be resumed"):
        CursorFile(tmp_path / "cursor", StdinSource(MAX_BYTES))


def test_a_cursor_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """As it was written before posts were sorted."""
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n{"id":2}\n')
    with open_posts(str(path), MAX_BYTES) as file, OrderedFile(file, IngestSettings(), 0) as source:  # type: ignore[arg-type]
        (tmp_path / "cursor").write_bytes(b'{"cursor":9,"fingerprint":"%s"}' % source.fingerprint(9).encode())
        assert CursorFile(tmp_path / "cursor", source).resume() == ReadPosition(9)
        assert data_of(source) == [b'{"id":2}']


def test_a_position_in_sorted_posts_is_refused_where_the_order_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n{"id":2}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        fields = {"cursor": 0, "fingerprint": source.fingerprint(18), "sorted": {"sorted_end": 18, "sorted_lines": 1}}  # type: ignore[attr-defined]
        (tmp_path / "cursor").write_bytes(orjson.dumps(fields))
        with pytest.raises(InputError, match=r"cursor: .*without --keep-order"):
            CursorFile(tmp_path / "cursor", source).resume()
