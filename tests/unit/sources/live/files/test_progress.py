"""A file is known by its beginning, whatever it is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.sources.live.base import MAX_POSITION_BYTES
from streams.sources.live.files import progress as module
from streams.sources.live.files.progress import FORGET_MS, MAX_GONE, FileProgress, Files
from streams.sources.live.files.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_772_446_800_000
LONG = b"x" * 100


def matched(files: Files, folder: Path, now_ms: int = NOW) -> dict[str, FileProgress]:
    found = scan([str(folder)]).files
    progress = {file.path: files.match(file, found, now_ms) for file in found}
    return {path[len(str(folder)) + 1 :]: each for path, each in progress.items() if each is not None}


def read(progress: FileProgress) -> FileProgress:
    progress.cursor = progress.read_size = progress.size
    return progress


def test_a_file_stays_itself_while_it_grows_and_over_a_restart(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    files = Files()
    first = read(matched(files, tmp_path)["a"])
    (tmp_path / "a").write_bytes(b"xyz" * 5_000)
    assert matched(files, tmp_path)["a"] is first
    assert (first.head_bytes, first.size, first.is_read) == (4_096, 15_000, False)
    restarted = Files(files.saved())
    assert matched(restarted, tmp_path)["a"] == first


def test_a_renamed_file_is_the_same_and_a_new_one_of_its_name_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LONG)
    files = Files()
    first = read(matched(files, tmp_path)["a"])
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "a").write_bytes(b"y" * 100)
    for each in (files, Files(files.saved())):
        found = matched(each, tmp_path)
        assert (found["b"].cursor, found["a"].cursor) == (100, 0)
    assert matched(files, tmp_path)["b"] is first


def test_a_copy_is_another_file_while_the_first_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LONG)
    files = Files()
    first = read(matched(files, tmp_path)["a"])
    (tmp_path / "b").write_bytes(LONG)
    for each in (files, Files(files.saved())):
        found = matched(each, tmp_path)
        assert (found["a"].cursor, found["b"].cursor) == (100, 0)
    assert matched(files, tmp_path)["a"] is first


def test_a_short_beginning_belongs_to_no_file_of_another_number(tmp_path: Path) -> None:
    """Two tables have the same names of columns."""
    (tmp_path / "a").write_bytes(b"id;text\n")
    files = Files()
    read(matched(files, tmp_path)["a"])
    (tmp_path / "b").write_bytes(b"id;text\n")
    (tmp_path / "a").unlink()
    assert matched(files, tmp_path)["b"].cursor == 0


def test_a_file_that_was_made_shorter_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 9_000)
    files = Files()
    first = read(matched(files, tmp_path)["a"])
    (tmp_path / "a").write_bytes(b"x" * 5_000)
    again = matched(files, tmp_path)["a"]
    assert again is not first
    assert again.cursor == 0


def test_a_name_that_has_passed_to_another_file_since_the_look_is_not_read_as_the_first(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LONG)
    files, found = Files(), scan([str(tmp_path)]).files
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "a").write_bytes(b"y" * 100)
    assert files.match(found[0], found, NOW) is None
    assert files.all == []


def test_of_many_files_each_is_hashed_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []
    original = module._hash

    def counted(head: bytes) -> str:
        hashed.append(head)
        return original(head)

    monkeypatch.setattr(module, "_hash", counted)
    for number in range(200):
        (tmp_path / f"{number}").write_bytes(b"%03d" % number + LONG)
    files = Files()
    assert len(matched(files, tmp_path)) == 200
    assert len(hashed) <= 3 * 200
    hashed.clear()
    assert len(matched(Files(files.saved()), tmp_path)) == 200
    assert len(hashed) <= 3 * 200


def test_an_empty_file_is_none_yet(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert matched(Files(), tmp_path) == {}


def test_a_file_that_is_gone_is_forgotten_after_a_day_and_reported_once_if_it_was_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LONG)
    (tmp_path / "b").write_bytes(b"y" * 100)
    files = Files()
    found = matched(files, tmp_path)
    read(found["a"])
    assert files.mark_gone(found.values(), NOW) == []
    assert files.mark_gone([], NOW) == []  # it may have been renamed while its folder was looked at
    assert files.mark_gone([], NOW + 5_000) == [found["b"]]
    assert files.mark_gone([], NOW + FORGET_MS - 1) == []
    assert len(files.all) == 2
    assert files.mark_gone([], NOW + FORGET_MS) == []
    assert files.all == []


def progress(number: int, **fields: Any) -> FileProgress:
    values: dict[str, Any] = {"cursor": 10**9, "read_size": 10**9, "last_ms": NOW, "path": f"/in/{number}.jsonl"}
    return FileProgress("0" * 16, 4_096, number, 10**9, **values | fields)


def test_of_files_that_are_gone_the_first_are_forgotten_first() -> None:
    files = Files()
    files.all = [progress(number, gone_ms=NOW - 10**7 + number) for number in range(9_000)]
    files.mark_gone([], NOW)
    assert len(files.all) == MAX_GONE
    assert files.all[0].inode == 1_000


def test_files_that_are_there_are_never_forgotten_while_they_are_read_however_many_there_are() -> None:
    files = Files()
    files.all = [progress(number) for number in range(20_000)]
    assert files.mark_gone(files.all, NOW) == []
    assert len(files.all) == 20_000


def test_the_saved_position_has_room_for_eight_thousand_files_and_leaves_out_what_nobody_misses() -> None:
    files = Files()
    files.all = [progress(number) for number in range(8_000)]
    assert len(files.saved()["files"]) == 8_000
    assert files.left_out == 0
    half_read = [progress(number, read_size=-1, path="/in/" + "ä" * 100) for number in range(1_000)]
    not_begun = [progress(2_000 + number, cursor=0, read_size=-1, path="x" * 4_000) for number in range(8_000)]
    gone = [progress(20_000 + number, gone_ms=NOW) for number in range(8_000)]
    read = [progress(40_000 + number) for number in range(8_000)]
    files.all = half_read + not_begun + gone + read
    saved = files.saved()
    size = len(orjson.dumps(saved))
    assert MAX_POSITION_BYTES - 1_000 < size <= MAX_POSITION_BYTES
    inodes = [entry[2] for entry in saved["files"]]
    assert inodes[:1_000] == list(range(1_000))
    assert all(inode >= 40_000 for inode in inodes[1_000:])
    assert inodes[-1] == 47_999  # those that were found last
    assert files.left_out == 9_000 - len(inodes)
    assert {each.inode for each in Files(saved).all} == set(inodes)


def test_a_name_that_is_no_text_can_be_saved() -> None:
    files = Files()
    files.all = [progress(1, read_size=-1, path=os.fsdecode(b"/in/caf\xe9.jsonl"))]
    assert orjson.loads(orjson.dumps(files.saved())) == files.saved()


@pytest.mark.parametrize("saved", [None, {}, {"seq": 7}, {"files": 7}, {"files": [7]}, {"files": [["a"]]}])
def test_the_cursor_of_another_kind_is_no_position(saved: Any) -> None:
    assert Files(saved).all == []
    assert not Files(saved).begun
