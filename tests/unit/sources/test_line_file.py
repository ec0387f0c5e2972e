"""Lines in a temporary file: they come back as they were, and nothing of the file stays behind."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from streams.errors import OutputError
from streams.sources.base import Line
from streams.sources.line_file import LineFile

if TYPE_CHECKING:
    from pathlib import Path


def test_each_part_comes_back_as_it_was_written() -> None:
    parts = [
        [(number, Line(b"x" * number, number, number=number, item=1, original=b"o", outlier="far")) for number in sizes]
        for sizes in (range(2_000), [70_000, 1], [])
    ]
    file = LineFile()
    places = [file.write(part) for part in parts]
    assert [list(file.read(*place)) for place in reversed(places)] == parts[::-1]
    file.close()


def test_no_name_is_left_in_the_folder_while_it_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So no end of the process, not even kill -9, leaves posts on the disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = LineFile()
    file.write([(1, Line(b"{}", 3))])
    assert list(tmp_path.iterdir()) == []
    file.close()


def test_a_full_disk_names_the_folder_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    file = LineFile()
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OutputError, match=rf"{tempfile.gettempdir()}.*TMPDIR.*No space left"):
        file.write([(1, Line(b"{}", 3))])
    file.close()


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(OutputError, match=r"none.*TMPDIR"):
        LineFile()
