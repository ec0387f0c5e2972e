"""A file is cleared away once its posts are acknowledged, and not if it has changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.sources.live.files.finished import FinishedFiles
from streams.sources.live.files.scan import FoundFile, scan

if TYPE_CHECKING:
    from pathlib import Path


def found(path: Path) -> FoundFile:
    (file,) = scan([str(path)]).files
    return file


def test_a_file_is_deleted_only_when_it_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("a")
    finished = FinishedFiles("delete", None)
    settle = finished.after(found(path))
    assert settle is not None
    finished.clear_away()
    settle(None)  # the broker did not take it
    finished.clear_away()
    assert path.exists()
    settle([])
    finished.clear_away()
    assert not path.exists()
    settle([])
    finished.clear_away()


def test_a_file_that_has_grown_since_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("a")
    finished = FinishedFiles("move", tmp_path / "done")
    settle = finished.after(found(path))
    assert settle is not None
    settle([])
    path.write_text("ab")
    finished.clear_away()
    assert path.read_text() == "ab"


def test_files_that_are_kept_or_could_not_be_read_are_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("a")
    assert FinishedFiles("keep", None).after(found(path)) is None
    assert FinishedFiles("delete", None).after(found(path), failed=True) is None
