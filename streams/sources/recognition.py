"""How the records of a text are separated and where posts are in them, recognised from its beginning."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson
from pydantic_core import from_json

from streams.errors import InputError
from streams.sources.conversion import Conversion
from streams.sources.encoding import utf8_of
from streams.sources.field_map import REQUIRED
from streams.sources.json_splitter import ITEMS, JsonSplitter
from streams.sources.line_splitter import LineSplitter
from streams.sources.map_sample import listed_names
from streams.sources.table_splitter import TableSplitter, as_fields, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.sources.base import Line
    from streams.sources.field_map import Record

HEAD_BYTES: Final = 65_536
"""Beginning of a text that is looked at."""

_SAMPLES: Final = 20
"""First lines that are looked at; in a stream the first ones may be no posts."""

_PAGE_DEPTH: Final = 2
"""Members of members in which the posts of a page are looked for."""

LONGER: Final = 8
"""A record of an API may be so many times as long as the post in it."""

# What spreadsheets write before the names of the columns, so that others find the delimiter.
_DELIMITER_LINE: Final = re.compile(rb"sep=.")

# Byte order marks and blanks before a text; files that were joined have several.
_MARKS: Final = re.compile(rb"^(?:\xef\xbb\xbf|\s)+")

_CUT_CHARS: Final = 12
"""Longest part of JSON, apart from strings and numbers, whose end may be missing: two escapes of a character."""

# A comma behind the last item of an array, which JSON does not have and some programs write.
_BEFORE_THE_END: Final = re.compile(r",\s*\]?$")

_DECODER: Final = json.JSONDecoder(strict=False)

# The archive of an account on Twitter is a script that assigns an array.
_SCRIPT: Final = re.compile(rb"window\.[\w.]+\s*=\s*(?=\[)")

_FOREIGN: Final = (
    (0, b"PAR1", "a Parquet file", "name the file itself instead of standard input, and install firewatch[parquet]"),
    (0, b"PK\x03\x04", "a zip archive or a workbook of a spreadsheet", "unzip it, or save the sheet as CSV"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: 7z x -so ARCHIVE | firewatch ... -"),
    (0, b"Rar!", "a rar archive", "unpack it"),
    (0, b"\x04\x22\x4d\x18", "compressed by lz4", "unpack it: lz4 -dc FILE | firewatch ... -"),
    (0, b"\x1f\x9d", "compressed by compress", "unpack it: zcat FILE | firewatch ... -"),
    (0, b"\xff\x06\x00\x00sNaPpY", "compressed by snappy", "unpack it"),
    (0, b"SQLite format 3\0", "an SQLite database", "export the posts: sqlite3 -csv -header FILE 'SELECT ...'"),
    (0, b"\xd0\xcf\x11\xe0", "a workbook of an old spreadsheet", "save the sheet as CSV"),
    (0, b"Obj\x01", "an Avro file", "convert it to JSON lines"),
    (0, b"ORC", "an ORC file", "convert it to JSON lines"),
    (0, b"ARROW1", "an Arrow (Feather) file", "convert it to JSON lines or Parquet"),
    (0, b"%PDF-", "a PDF", "export the posts as JSON lines or CSV"),
    (0, b"<?xml", "XML", "convert it to JSON lines or CSV"),
    (0, b"<rss", "an RSS feed", "convert it to JSON lines or CSV"),
    (0, b"<!DOCTYPE", "HTML", "it is a page, perhaps an error or a log-in, instead of an export: fetch it again"),
    (0, b"<!doctype", "HTML", "it is a page, perhaps an error or a log-in, instead of an export: fetch it again"),
    (0, b"<html", "HTML", "it is a page, perhaps an error or a log-in, instead of an export: fetch it again"),
    (257, b"ustar", "a tar archive", "unpack it: tar -xOf ARCHIVE | firewatch ... -"),
)


class Splitter(Protocol):
    """The interface of what separates the records of a text."""

    def feed(self, block: bytes) -> list[Line]:
        """Return the records that end in a block."""

    def rest(self) -> list[Line]:
        """Return the record at the end of the text that is not known to be complete."""


class Format(NamedTuple):
    """A format of records.

    Parameters
    ----------
    names
        What is not usual about it, for people.
    splitter
        Function that returns a splitter, given the longest record in bytes.
    conversion
        What makes posts of its records; None if they are posts already.
    hint
        What to do if its records do not seem to be posts.
    """

    names: tuple[str, ...]
    splitter: Callable[[int], Splitter]
    conversion: Conversion | None = None
    hint: str = ""


def refuse_foreign(head: bytes, name: str) -> None:
    """Refuse kinds of files that are recognised and not read.

    Raises
    ------
    InputError
        With the kind, and a way to convert it.
    """
    text = _MARKS.sub(b"", head)
    for offset, magic, kind, remedy in _FOREIGN:
        if (head[offset:] if offset else text).startswith(magic):
            raise InputError(f"{name}: is {kind}, which is not read; {remedy}")


def is_enough(head: bytes, pauses: bool) -> bool:
    """Return whether the beginning of a text, behind which it may pause, is enough to recognise its format."""
    text = _MARKS.sub(b"", head)
    *lines, _ = text.split(b"\n")
    if text[:1] not in (b"{", b"["):
        return bool(lines)
    return (text[:1] == b"{" and any(_object(line) is not None for line in lines)) or (pauses and bool(_begun(text)))


def recognise(head: bytes, name: str, mapping: Conversion | None) -> Format:
    """Return the format of a text; if it can't be recognised, JSON lines.

    Parameters
    ----------
    head
        Beginning of the text.
    name
        Name of the source, for messages.
    mapping
        What makes posts of its records, if that is given.

    Raises
    ------
    InputError
        If it is a table without the columns that a post needs, or another kind of file.
    """
    refuse_foreign(head, name)
    text = b"\n".join(map(utf8_of, _MARKS.sub(b"", head).split(b"\n")))
    script = _SCRIPT.match(text)
    text = text[script.end() :] if script else text
    conversion = mapping or Conversion.of_known_formats()
    if text[:1] == b"[":
        return _array(text, conversion, is_given=mapping is not None) or _lines((), conversion, mapping)
    if text[:1] == b"{":
        return _objects(text, conversion, mapping)
    _refuse_events(text, name)
    if _value(text.partition(b"\n")[0]) is not None:
        return _lines((), conversion, mapping)
    return _table(text, name, conversion, mapping) or _lines((), conversion, mapping)


def _refuse_events(text: bytes, name: str) -> None:
    if text.startswith((b"event:", b"data:", b"id:")) and b"\ndata:" in b"\n" + text and b"{" in text:
        raise InputError(
            f"{name}: is a stream of server-sent events; take the data out of it: sed -n 's/^data: *//p' FILE | "
            "firewatch ... -"
        )


def page_path(text: bytes, conversion: Conversion) -> tuple[str, ...]:
    """Return the path to the posts inside the JSON object that a text begins with, empty if it is no page of posts."""
    return _path_of(_begun(text[:HEAD_BYTES]), conversion) or ()


def _array(text: bytes, conversion: Conversion, *, is_given: bool) -> Format | None:
    items = _begun(text)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items[:1]):
        return None
    found = next((path for item in items if (path := _path_of(item, conversion)) is not None), ())
    line, _, following = text.partition(b"\n")
    by_line = following.lstrip()[:1] == b"[" and isinstance(_value(line), list)
    kind = "a JSON array a line" if by_line else "a JSON array"
    return _json(kind, (ITEMS, *found), items, conversion, by_line=by_line, is_given=is_given)


def _objects(text: bytes, conversion: Conversion, mapping: Conversion | None) -> Format:
    line, newline, _ = text.partition(b"\n")
    value = None if _object(line) is not None else _begun(text)
    if not isinstance(value, dict):
        samples = [record for each in text.split(b"\n")[:_SAMPLES] if (record := _object(each)) is not None]
        return _lines(samples, conversion, mapping)
    path = _path_of(value, conversion) or ()
    if not newline:
        return _lines([value], conversion, mapping)
    kind = "a JSON object" if path else "JSON over several lines"
    return _json(kind, path, [value], conversion, by_line=False, is_given=mapping is not None)


def _lines(samples: Sequence[Record], conversion: Conversion, mapping: Conversion | None) -> Format:
    path = next((path for sample in samples if (path := _path_of(sample, conversion)) is not None), None)
    if path:
        return _json("pages, one a line", path, samples, conversion, by_line=True, is_given=mapping is not None)
    names, needed, hint = _described(samples, conversion, is_given=mapping is not None)
    if not needed:
        return Format((), LineSplitter, hint=hint)
    return Format(names, lambda max_bytes: LineSplitter(LONGER * max_bytes), conversion, hint)


def _json(
    kind: str, path: Sequence[str], samples: Sequence[Any], conversion: Conversion, *, by_line: bool, is_given: bool
) -> Format:
    inner = [item for sample in samples for item in _items(sample, [step for step in path if step != ITEMS])]
    names, needed, hint = _described(inner, conversion, is_given=is_given)
    where = ".".join(step for step in path if step != ITEMS)
    return Format(
        (f"{kind} with the posts in {where!r}" if where else kind, *names),
        lambda max_bytes: JsonSplitter(LONGER * max_bytes if needed else max_bytes, path, by_line=by_line),
        conversion if needed else None,
        hint,
    )


def _items(sample: Any, steps: Sequence[str]) -> list[Any]:
    for step in steps:
        sample = sample.get(step) if isinstance(sample, dict) else None
    return sample if isinstance(sample, list) else [sample] if sample is not None else []


def _described(samples: Sequence[Any], conversion: Conversion, *, is_given: bool) -> tuple[tuple[str, ...], bool, str]:
    """Return the name of the format of some records, whether they need a conversion, and a hint if none is a post."""
    records = [sample for sample in samples if isinstance(sample, dict)]
    fitting = [name for record in records if (name := conversion.name_of(record)) is not None]
    hint = ""
    if records and not fitting:
        example = _item_of(records[0])
        hint = missing_fields(example, conversion.missing(example), "field")
    if is_given or any(fitting):
        return tuple(dict.fromkeys(f"format {name}" for name in fitting if name)), True, hint
    return (), False, hint


def _item_of(record: Record) -> Record:
    """Return the first item of an array in a record that may be a page of posts, otherwise the record itself."""
    if any(name in record for name in REQUIRED):
        return record
    arrays = [member for member in record.values() if isinstance(member, list) and len(member) > 1]
    return next((items[0] for items in arrays if isinstance(items[0], dict)), record)


def missing_fields(record: Record, missing: Sequence[str], kind: str) -> str:
    """Format which fields a record lacks, which it has, and how to name them.

    Parameters
    ----------
    record
        The record.
    missing
        Names of the fields that a post needs and it lacks.
    kind
        What it calls them: ``field`` or ``column``.
    """
    listed = listed_names(name for name in record if name and name not in REQUIRED)
    example = ",".join(f"{name}=..." for name in missing)
    has = f"; it has {listed}" if listed else ""
    return f"has no {kind} {' and no '.join(missing)}{has}. Name the {kind}s: --map {example}"


def _path_of(record: Any, conversion: Conversion, depth: int = _PAGE_DEPTH) -> tuple[str, ...] | None:
    """Return the path to the posts inside a record, empty if it is one itself, None if there are none."""
    if not isinstance(record, dict):
        return None
    if conversion.name_of(record) is not None:
        return ()
    for name, member in record.items():
        if isinstance(member, list) and any(conversion.name_of(item) is not None for item in member[:_SAMPLES]):
            return (name, ITEMS)
    for name, member in record.items() if depth > 1 else ():
        if inner := _path_of(member, conversion, depth - 1):
            return (name, *inner)
    return None


def _table(text: bytes, name: str, conversion: Conversion, mapping: Conversion | None) -> Format | None:
    lines = [line for line in text.split(b"\n") if line.strip()]
    before = len(lines) > 1 and _DELIMITER_LINE.fullmatch(lines[0].strip()) is not None
    lines = lines[before:]
    found = columns_of(lines[0]) if lines else None
    if found is None:
        _refuse_rows(lines, name)
        return None
    delimiter, columns = found
    columns = columns if mapping else as_fields(columns)
    record: Record = dict.fromkeys(columns, "1")
    known = conversion.name_of(record)
    missing = conversion.missing(record)
    if missing:
        counts = [line.count(delimiter.encode()) for line in lines[:_SAMPLES]]
        is_table = len(counts) >= 3 and len(columns) >= 3 and 2 * counts.count(counts[0]) > len(counts)
        if not (is_table or mapping or known):
            return None
        raise InputError(f"{name}: is a table that {missing_fields(record, missing, 'column')}")
    names = ("a table", *([f"format {known}"] if known else []))
    needed = conversion if mapping or known else None
    return Format(names, lambda max_bytes: TableSplitter(LONGER * max_bytes, delimiter, columns, 1 + before), needed)


def _refuse_rows(lines: Sequence[bytes], name: str) -> None:
    """Refuse a table whose first line does not name its columns."""
    rows = lines[:_SAMPLES]
    for delimiter in (b",", b";", b"\t"):
        counts = {line.count(delimiter) for line in rows}
        if len(rows) >= 3 and len(counts) == 1 and min(counts) >= 2 and b"{" not in rows[0]:
            raise InputError(
                f"{name}: is a table whose first line does not name the columns; put such a line before it: "
                f"{delimiter.decode().join(REQUIRED)}"
            )


def _object(line: bytes) -> Record | None:
    value = _value(line)
    return value if isinstance(value, dict) else None


def _value(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _begun(text: bytes) -> Any:
    """Return the first JSON value of a text whose end may be missing, None if it is broken before its end."""
    decoded = text.decode(errors="replace").rstrip()
    try:
        return _DECODER.raw_decode(decoded)[0]
    except json.JSONDecodeError as error:
        if error.pos < len(decoded) - _CUT_CHARS and not error.msg.startswith("Unterminated string"):
            return None
    except RecursionError:
        return None
    try:
        return from_json(_BEFORE_THE_END.sub("", decoded), allow_partial=True)
    except ValueError:
        return None
