"""Files are found by their paths, by folders and by patterns, each once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from streams.sources.live.files.scan import scan

if TYPE_CHECKING:
    from pathlib import Path


def names(*paths: object) -> list[str]:
    return [os.path.basename(file.path) for file in scan([str(path) for path in paths]).files]  # noqa: PTH119


def written(path: Path, changed: int = 1_700_000_000) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(path.name)
    os.utime(path, (changed, changed))
    return path


def test_a_file_that_several_paths_lead_to_is_found_once(tmp_path: Path) -> None:
    file = written(tmp_path / "in" / "a.jsonl")
    (tmp_path / "link.jsonl").symlink_to(file)
    assert names(file, tmp_path / "in", tmp_path / "in" / "*.jsonl", tmp_path / "link.jsonl") == ["a.jsonl"]


def test_the_file_that_was_changed_first_comes_first(tmp_path: Path) -> None:
    written(tmp_path / "b", 1_700_000_002)
    written(tmp_path / "c", 1_700_000_001)
    written(tmp_path / "a", 1_700_000_002)
    assert names(tmp_path) == ["c", "a", "b"]


def test_hidden_and_incomplete_files_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    for name in ("a.jsonl", ".a", "a.tmp", "a.PART", "a.partial", "a.crdownload", "a.swp", "a~"):
        written(tmp_path / name)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["a.jsonl"]
    assert names(tmp_path / "*") == ["a.jsonl"]
    assert names(tmp_path / "a.tmp") == ["a.tmp"]


def test_two_stars_lead_into_folders_within_folders(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl")
    (tmp_path / "x" / "y").mkdir(parents=True)
    written(tmp_path / "x" / "y" / "b.jsonl")
    assert sorted(names(tmp_path / "**" / "*.jsonl")) == ["a.jsonl", "b.jsonl"]
    assert names(tmp_path) == ["a.jsonl"]


def test_a_path_in_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path / "a.jsonl")
    assert names("~/a.jsonl", "~/*.jsonl") == ["a.jsonl"]


def test_what_is_missing_is_named_and_so_is_a_missing_folder(tmp_path: Path) -> None:
    found = scan([str(tmp_path / "none"), str(tmp_path / "away" / "none"), str(tmp_path / "*.none")])
    assert found.missing == [str(tmp_path / "none"), str(tmp_path / "away" / "none")]
    assert found.without_folder == [str(tmp_path / "away" / "none")]
    assert not found.files


@pytest.mark.skipif(os.getuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    assert "Permission denied" in scan([str(tmp_path / "locked")]).failed[0]
