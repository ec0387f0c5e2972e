"""Splits tables (CSV, TSV) into records: each row becomes a JSON object with the names of the first line."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final

import orjson

from streams.config import POST_FIELDS
from streams.sources.base import Line
from streams.sources.encoding import utf8_of

if TYPE_CHECKING:
    from collections.abc import Sequence

DELIMITERS: Final = (",", ";", "\t", "|")

_NAME: Final = re.compile(r"[^{}\ufeff]{1,100}")

# A number or a date, which is no name of a column.
_VALUE: Final = re.compile(r"[\d.,:+\-TZ /]*")

_FIELDS: Final = frozenset(POST_FIELDS)


def columns_of(line: bytes) -> tuple[str, list[str]] | None:
    """Return the delimiter and the names of the columns, if a line can be the first one of a table.

    The first column may have no name, as data frames write it.

    Examples
    --------
    >>> columns_of(b"id;created_at;text"), columns_of(b"hello, world, 17"), columns_of(b"hello")
    ((';', ['id', 'created_at', 'text']), None, None)
    """
    text = utf8_of(line).decode(errors="replace").removeprefix("\ufeff").strip("\r\n")
    rows = [(delimiter, _row(text, delimiter)) for delimiter in DELIMITERS]
    delimiter, row = max(rows, key=lambda found: len(found[1] or ()))
    names = [name.strip() for name in row or ()]
    are_names = all(_NAME.fullmatch(name) and not _VALUE.fullmatch(name) for name in names if name)
    if len(names) < 2 or len(set(names)) < len(names) or "" in names[1:] or not are_names:
        return None
    return delimiter, names


def as_fields(columns: Sequence[str]) -> list[str]:
    """Return the names of columns, those of fields of a post in small letters.

    Examples
    --------
    >>> as_fields(["ID", "Text", "Brand ID"])
    ['id', 'text', 'Brand ID']
    """
    return [name.lower() if name.lower() in _FIELDS - {*columns} else name for name in columns]


def _row(text: str, delimiter: str) -> list[str] | None:
    """Return the fields of a row, None if a field is too long."""
    try:
        return next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    except csv.Error:
        return None


class TableSplitter:
    """Splits blocks of a table into records in bounded memory; a field in quotation marks may span lines.

    Parameters
    ----------
    max_bytes
        Longest row in bytes. A longer one, such as behind a quotation mark that is never closed, ends with its line.
    delimiter
        Character between fields.
    columns
        Names of the columns; an empty one is left out.
    header_rows
        Number of rows before the first record, the names of the columns among them.

    Attributes
    ----------
    uneven
        Number of rows that have more fields than there are columns.

    Examples
    --------
    >>> splitter = TableSplitter(100, ";", ["id", "text"])
    >>> splitter.feed(b'id;text\\n1;"a ""b""\\nc"\\n')[0].data
    b'{"id":"1","text":"a \\\\"b\\\\"\\\\nc"}'
    """

    def __init__(self, max_bytes: int, delimiter: str, columns: Sequence[str], header_rows: int = 1) -> None:
        self._keep = max_bytes
        self._delimiter = delimiter
        self._columns = columns
        self._position = 0
        self._number = 0
        self._begun = b""  # of a line
        self._open = b""  # lines of a row that is not complete
        self._waiting: list[tuple[bytes, int, int]] = []  # these lines, each with its end and its number
        self._header_rows = header_rows
        self.uneven = 0

    @property
    def is_open(self) -> bool:
        """Return whether the input so far ends inside of a row."""
        return bool(self._begun.strip() or self._open)

    def feed(self, block: bytes) -> list[Line]:
        """Return the records that end in `block`."""
        *ended, begun = block.split(b"\n")
        lines: list[Line] = []
        for part in ended:
            self._position += len(part) + 1
            self._number += 1
            line, self._begun = (self._begun + part if self._begun else part)[: self._keep + 1], b""
            self._end_line(line, lines)
        self._position += len(begun)
        if len(self._begun) <= self._keep:
            self._begun = (self._begun + begun)[: self._keep + 1]
        return lines

    def rest(self) -> list[Line]:
        """Return the last record if it has no line end or is not complete."""
        lines: list[Line] = []
        if self._begun:
            self._number += 1
            self._end_line(self._begun, lines)
            self._begun = b""
        while self._waiting:
            self._give_up(lines)
        return lines

    def _end_line(self, line: bytes, lines: list[Line]) -> None:
        can_end = not self._waiting or b'"' in line
        self._waiting.append((line, self._position, self._number))
        self._open = self._open + b"\n" + line if len(self._waiting) > 1 else line
        while self._waiting:
            if len(self._open) > self._keep:
                self._give_up(lines)
            elif can_end and self._is_complete(self._open):
                self._end_record(self._open, self._waiting[0][2], self._position, lines)
                self._waiting, self._open = [], b""
            else:
                return

    def _is_complete(self, record: bytes) -> bool:
        if b'"' not in record:
            return True
        try:
            next(csv.reader([utf8_of(record).decode(errors="replace")], delimiter=self._delimiter, strict=True), None)
        except csv.Error as error:
            return "unexpected end" not in str(error)
        return True

    def _give_up(self, lines: list[Line]) -> None:
        """Let the first of the waiting lines be a record, and join the others again."""
        (line, position, number), *others = self._waiting
        self._end_record(line, number, position, lines)
        self._waiting, self._open = [], b""
        for other in others:
            self._waiting.append(other)
            self._open = self._open + b"\n" + other[0] if len(self._waiting) > 1 else other[0]
            if len(self._open) <= self._keep and self._is_complete(self._open):
                self._end_record(self._open, self._waiting[0][2], other[1], lines)
                self._waiting, self._open = [], b""

    def _end_record(self, record: bytes, number: int, position: int, lines: list[Line]) -> None:
        if not record.strip():
            return
        if self._header_rows:
            self._header_rows -= 1
            return
        if len(record) > self._keep:
            lines.append(Line(record, position, number))  # too large, and rejected as such
            return
        text = utf8_of(record).decode(errors="replace").rstrip("\r")
        row = _row(text, self._delimiter) or []
        lines.append(Line(self._object(row), position, number, 0, record))

    def _object(self, row: list[str]) -> bytes:
        if len(row) > len(self._columns):
            self.uneven += 1
            return orjson.dumps(row)  # no object, so no post: where its fields belong is not known
        return orjson.dumps({name: value for name, value in zip(self._columns, row, strict=False) if name and value})
