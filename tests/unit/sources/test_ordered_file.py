"""A sorted file that is read in several runs: every line once, whenever each run ends."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config import IngestSettings
from streams.errors import InputError
from streams.records import utc
from streams.sources.base import Line, ReadPosition
from streams.sources.cursor import CursorFile
from streams.sources.files import FileSource
from streams.sources.ordered import OrderedPosts
from streams.sources.ordered_file import OrderedFile, to_ingest
from streams.sources.stdin import StdinSource
from tests.support.lines import MAX_BYTES, lines_of

if TYPE_CHECKING:
    from pathlib import Path

START = 1_770_000_000_000
NOW = START + 10**10


def post(number: int) -> bytes:
    created_at = utc(START + number * 1_000).isoformat()
    return orjson.dumps({"id": number, "created_at": created_at, "text": "Nordtel"}) + b"\n"


def ids(lines: list[Line]) -> list[int]:
    return [orjson.loads(line.data)["id"] for line in lines]


def run(path: Path, limit: int | None = None, now_ms: int = NOW, **ingest: float) -> list[Line]:
    """Read from the saved position on, save the one after each line, and end after `limit` lines."""
    found: list[Line] = []
    with OrderedFile(FileSource(path, MAX_BYTES), IngestSettings(**ingest), now_ms) as source:
        cursor = CursorFile(path.with_suffix(".cursor"), source)
        cursor.resume()
        for chunk in source.chunks():
            for line in chunk:
                if len(found) == limit:
                    return found
                found.append(line)
                cursor.save(len(found), line.cursor)
    return found


def test_runs_that_end_anywhere_read_every_line_once_in_order(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in random.Random(1).sample(range(3_000), 3_000)))
    found = [number for limit in (1, 999, 1_000, 1, 400, None, None) for number in ids(run(path, limit))]
    assert found == list(range(3_000))


def test_lines_that_are_appended_are_read_after_the_part_that_was_begun(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in (5, 4, 3)))
    assert ids(run(path, 1)) == [3]
    with path.open("ab") as file:
        file.write(post(2) + post(1))
    assert ids(run(path, 3)) == [4, 5, 1]
    with path.open("ab") as file:
        file.write(post(8) + post(7))
    assert ids(run(path)) == [2, 7, 8]
    with path.open("ab") as file:
        file.write(post(9))
    assert ids(run(path)) == [9]
    assert ids(run(path)) == []


def test_half_a_last_line_waits_for_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(post(5) + post(4) + post(3)[:20])
    assert ids(run(path)) == [4, 5]
    path.write_bytes(post(5) + post(4) + post(3) + post(2).rstrip())
    assert ids(run(path)) == [2, 3]


def test_without_a_cursor_a_last_line_needs_no_line_end(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(post(5) + post(4)[:20])
    with OrderedFile(FileSource(path, MAX_BYTES), IngestSettings(), NOW) as source:
        assert len(lines_of(source)) == 2


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=8), st.integers(0, 10)), min_size=1, max_size=6))
def test_a_growing_file_is_read_exactly_once_whatever_is_appended(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[int], int]]
) -> None:
    path = tmp_path_factory.mktemp("growing") / "posts.jsonl"
    path.write_bytes(post(0))
    found, written = [], [0]
    for appended, limit in [*steps, ([], 1_000)]:
        written += appended
        with path.open("ab") as file:
            file.write(b"".join(map(post, appended)))
        found += run(path, limit)
    assert sorted(line.number for line in found) == list(range(1, len(written) + 1))
    assert [written[line.number - 1] for line in found] == ids(found)


def test_the_time_of_the_first_run_decides_which_dates_lie_ahead(tmp_path: Path) -> None:
    """A day later more dates are accepted, but the sorted part must not change."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in (2, 1, 200_000, 3)))
    now_ms = START + 10_000
    first = run(path, 2, now_ms)
    rest = run(path, None, now_ms + 10**9)
    assert ids(first + rest) == [1, 200_000, 2, 3]


def test_a_file_that_has_changed_where_it_was_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in (5_000, 4_000, 3_000, 2_000) * 100))
    run(path, 150)
    path.write_bytes(path.read_bytes()[:5_000] + b"".join(post(number) for number in (1_000,) * 350))
    with pytest.raises(InputError, match=r"not sorted as they were.*delete the cursor"):
        run(path)


def test_a_config_that_sorts_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in range(300, 0, -1)))
    run(path, 150)
    with pytest.raises(InputError, match="section ingest of the config has changed"):
        run(path, oldest_year=2027)


def test_what_was_read_is_counted_in_order_of_the_part_it_is_in(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in (2, 1, 0)))
    size = len(post(0))
    with OrderedFile(FileSource(path, MAX_BYTES), IngestSettings(), NOW) as source:
        lines_of(source)
        assert source.position(1, 3 * size) == ReadPosition(0, 3 * size, 1, 3 * size, NOW)
        assert source.position(3, size) == ReadPosition(3 * size)


def test_a_file_in_order_has_plain_positions(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in (0, 1, 2)))
    with OrderedFile(FileSource(path, MAX_BYTES), IngestSettings(), NOW) as source:
        assert [source.position(place, line.cursor).cursor for place, line in enumerate(lines_of(source), 1)] == [
            len(post(0)) * place for place in (1, 2, 3)
        ]
        assert list(source.remarks) == []


def test_it_can_be_read_again_as_measuring_a_recording_does(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post(number) for number in (2, 1, 0)))
    with OrderedFile(FileSource(path, MAX_BYTES), IngestSettings(), NOW) as source:
        assert ids(lines_of(source)) == ids(lines_of(source)) == [0, 1, 2]
        assert len(source.remarks) == 1


def test_a_file_is_sorted_to_be_ingested_and_standard_input_comes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(post(1))
    with to_ingest(FileSource(path, MAX_BYTES), IngestSettings(), NOW) as source:
        assert isinstance(source, OrderedFile)
    with to_ingest(FileSource(path, MAX_BYTES), IngestSettings(), NOW, keep_order=True) as source:
        assert isinstance(source, FileSource)
    live = StdinSource(MAX_BYTES)
    assert to_ingest(live, IngestSettings(), NOW) is live
    archive = StdinSource(MAX_BYTES)
    archive.total_bytes = 1
    assert isinstance(to_ingest(archive, IngestSettings(), NOW), OrderedPosts)
