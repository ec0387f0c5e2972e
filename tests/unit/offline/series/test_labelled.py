from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.offline.series.labelled import load

if TYPE_CHECKING:
    from pathlib import Path

SERIES = "timestamp,value\n" + "".join(f"{number * 300},{number}\n" for number in range(20))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text(SERIES)
    return tmp_path


def labels(folder: Path, tree: object) -> Path:
    path = folder / "labels.json"
    path.write_text(tree if isinstance(tree, str) else json.dumps(tree))
    return path


def test_windows_become_rows_also_between_them_and_marks_go_to_their_window(folder: Path) -> None:
    path = labels(folder, {"tweets/a.csv": [[4_000, 5_000], ["1970-01-01 00:05:00", "1970-01-01T01:10:00+01:00"]]})
    marks = folder / "marks.json"
    marks.write_text('{"tweets/a.csv": [4500]}')
    (series,) = load(folder, path, marks)
    assert series.windows == [(1, 2), (14, 16)]
    assert series.marks == [None, 4_500_000]
    assert len(series.rows) == 20


def test_a_series_may_have_no_window(folder: Path) -> None:
    (series,) = load(folder, labels(folder, {"a.csv": []}))
    assert series.windows == []
    assert series.marks == []


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ("{", r"labels\.json: Invalid JSON"),
        ({}, r"labels\.json: labels no series"),
        ([1], r"labels\.json: Input should be an object"),
        ({"a.csv": [[0]]}, r"labels\.json: \['a.csv'\]\[0\]\[1\]: Field required"),
        ({"a.csv": [["soon", 600]]}, r"labels\.json: \['a.csv'\]\[0\]\[0\]: .*'soon' is neither"),
        ({"b.csv": [[0, 600]]}, r"labels\.json: b\.csv: no such file in"),
        ({"a.csv": [[600, 0]]}, r"a\.csv: window 1 by time holds fewer than two rows"),
        ({"a.csv": [[0, 600], [90_000, 99_000]]}, r"a\.csv: window 2 by time holds fewer than two rows"),
        ({"a.csv": [[0, 600], [600, 900]]}, r"a\.csv: windows overlap"),
    ],
)
def test_bad_labels_are_named(tree: object, message: str, folder: Path) -> None:
    with pytest.raises(InputError, match=message):
        load(folder, labels(folder, tree))


def test_a_missing_file_of_labels_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match=r"labels\.json: no such file"):
        load(folder, folder / "labels.json")
    with pytest.raises(InputError, match="can't be read"):
        load(folder, folder)
