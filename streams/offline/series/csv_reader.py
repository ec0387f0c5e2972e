"""Read CSV with the columns ``timestamp,value``, row by row."""

from __future__ import annotations

import csv
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

STDIN: Final = "-"

_COLUMNS: Final = ("timestamp", "value")
_EPOCH: Final = re.compile(r"-?\d+(\.\d*)?")
_LATEST_SECONDS: Final = 253_402_300_800
"""The year 10000: later epoch times are milliseconds by mistake."""

_LARGEST: Final = 1e15
"""Largest count: beyond it a double can't distinguish neighbouring counts once they are smoothed."""


class SeriesRow(NamedTuple):
    """One row of a series.

    Parameters
    ----------
    timestamp, text
        Cells of the file.
    ms
        The timestamp in milliseconds since the epoch; a time without zone is UTC.
    value
        The count, 0 or more.
    """

    timestamp: str
    text: str
    ms: int
    value: float


def read_rows(source: str) -> Iterator[SeriesRow]:
    """Yield the rows of a file, or of standard input for ``-``, each as soon as its line has been read.

    Bytes that are not UTF-8 are allowed outside of the two columns.

    Raises
    ------
    InputError
        If the file can't be read, lacks a column or has no row, or if a row has no valid time, is not later than the
        row before it, or has no valid count. The message names file and line.
    """
    name = "standard input" if source == STDIN else source
    with _open(source) as file:
        reader = csv.reader(file)
        try:
            yield from _rows(reader, name)
        except csv.Error as error:
            raise InputError(f"{name}:{reader.line_num}: is not CSV ({error})") from error
        except OSError as error:
            raise InputError(f"{name}: can't be read after line {reader.line_num} ({error.strerror})") from error


def milliseconds(timestamp: str | float) -> int:
    """Return an ISO 8601 time (UTC if it has no zone) or seconds since the epoch as milliseconds since the epoch.

    Raises
    ------
    ValueError
        If the text is neither, or not in the years 1970 to 9999.

    Examples
    --------
    >>> milliseconds("2015-02-26 21:42:53"), milliseconds("2015-02-26T22:42:53+01:00"), milliseconds("1424986973")
    (1424986973000, 1424986973000, 1424986973000)
    """
    text = str(timestamp)
    if _EPOCH.fullmatch(text):
        seconds = float(text)
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is neither an ISO 8601 time nor seconds since the epoch") from None
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    if not 0 <= seconds < _LATEST_SECONDS:
        raise ValueError(f"{text} is not in the years 1970 to 9999 (epoch times are in seconds)")
    return round(seconds * 1000)


def _open(source: str) -> TextIO:
    try:
        if source != STDIN:
            return Path(source).open(encoding="utf-8-sig", errors="replace", newline="")
        if sys.stdin is None:
            raise InputError("standard input is closed: name a file")
        return open(sys.stdin.fileno(), encoding="utf-8-sig", errors="replace", newline="", closefd=False)
    except FileNotFoundError:
        raise InputError(f"{source}: no such file") from None
    except OSError as error:
        raise InputError(f"{source}: can't be read ({error.strerror})") from error


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[SeriesRow]:
    header = [cell.strip() for cell in next(reader, [])]
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        found = ",".join(header)[:200]
        raise InputError(f"{name}:1: expected a header with the columns {' and '.join(_COLUMNS)}, found {found!r}")
    time_at, value_at = map(header.index, _COLUMNS)
    before: SeriesRow | None = None
    for cells in reader:
        if not cells:
            continue
        place = f"{name}:{reader.line_num}"  # type: ignore[attr-defined]
        if len(cells) <= max(time_at, value_at):
            raise InputError(f"{place}: has {len(cells)} cells, the header has {len(header)}")
        row = _row(cells[time_at].strip(), cells[value_at].strip(), place)
        if before is not None and row.ms <= before.ms:
            what = "repeats" if row.ms == before.ms else "goes back behind"
            raise InputError(
                f"{place}: timestamp {row.timestamp} {what} {before.timestamp} of the row before it: "
                "sort the rows by time, add up rows of the same time, and write times that jump back (as local time "
                "does in autumn) with their zone"
            )
        yield row
        before = row
    if before is None:
        raise InputError(f"{name}: has no row after the header")


def _row(timestamp: str, text: str, place: str) -> SeriesRow:
    try:
        ms = milliseconds(timestamp)
    except ValueError as error:
        raise InputError(f"{place}: timestamp {error}") from None
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{place}: value {text!r} is not a number") from None
    if not 0 <= value <= _LARGEST:
        raise InputError(f"{place}: value {text} is not a count: expected a number from 0 to {_LARGEST:g}")
    return SeriesRow(timestamp, text, ms, value)
