"""Read series with labelled windows, and optionally with the labelled moments."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from streams.errors import InputError
from streams.offline.series.benchmark import LabelledWindow
from streams.offline.series.csv_reader import SeriesRow, milliseconds, read_rows

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeVar

    Tree = TypeVar("Tree")

EpochMs = Annotated[int, BeforeValidator(milliseconds)]

_WINDOWS = TypeAdapter(dict[str, list[tuple[EpochMs, EpochMs]]])
_MARKS = TypeAdapter(dict[str, list[EpochMs]])


class LabelledSeries(NamedTuple):
    """A series and its anomalous windows.

    Parameters
    ----------
    name
        Key of the series in the labels.
    rows
        All rows.
    windows
        Windows in order, without overlap.
    marks
        Labelled moment of each window, in milliseconds since the epoch; None where it is not known.
    """

    name: str
    rows: list[SeriesRow]
    windows: list[LabelledWindow]
    marks: list[int | None]


def load(folder: Path, labels_path: Path, marks_path: Path | None = None) -> list[LabelledSeries]:
    """Read each series that has labels.

    Parameters
    ----------
    folder
        Folder that holds the files under the names in the labels, or under these without their folders.
    labels_path
        JSON, ``{file: [[start, end], ...]}``; an empty list for a series without anomaly.
    marks_path
        JSON, ``{file: [moment, ...]}``.

    Raises
    ------
    InputError
        If a file is missing or bad, or a window is not within its series. The message names the file and the place.
    """
    labels = _json(labels_path, _WINDOWS)
    if not labels:
        raise InputError(f"{labels_path}: labels no series")
    marks = _json(marks_path, _MARKS) if marks_path else {}
    return [_series(folder, name, sorted(spans), marks.get(name, []), labels_path) for name, spans in labels.items()]


def _series(
    folder: Path, name: str, spans: list[tuple[int, int]], moments: list[int], labels_path: Path
) -> LabelledSeries:
    paths = [folder / name, folder / PurePosixPath(name).name]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise InputError(f"{labels_path}: {name}: no such file in {folder}")
    rows = list(read_rows(str(path)))
    times = [row.ms for row in rows]
    windows, marks = [], []
    for index, (start, end) in enumerate(spans):
        window = LabelledWindow(bisect_left(times, start), bisect_right(times, end) - 1)
        if window.last <= window.first:
            raise InputError(f"{labels_path}: {name}: window {index + 1} by time holds fewer than two rows of {path}")
        windows.append(window)
        marks.append(next((moment for moment in moments if start <= moment <= end), None))
    if any(later.first <= earlier.last for earlier, later in pairwise(windows)):
        raise InputError(f"{labels_path}: {name}: windows overlap")
    return LabelledSeries(name, rows, windows, marks)


def _json(path: Path, adapter: TypeAdapter[Tree]) -> Tree:
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{part!r}]" for part in first["loc"])
        raise InputError(f"{path}: {place}{': ' if place else ''}{first['msg']}") from None
