"""Finds the records in the body of a request: one JSON object, an array, a page of an API, or one object a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from streams.core.ingest.parsing import parse
from streams.errors import RecordError
from streams.sources.json_splitter import ITEMS, JsonSplitter
from streams.sources.line_splitter import LineSplitter
from streams.sources.live.webhook.problems import RequestRefused
from streams.sources.recognition import page_path

if TYPE_CHECKING:
    from streams.sources.base import Line
    from streams.sources.conversion import Conversion

Form = Literal["json", "lines", "any"]
"""What a media type says of a body: JSON, one JSON object a line, or nothing."""

_FORMS: Final[dict[str, Form]] = {
    "application/json": "json",
    "text/json": "json",
    "application/x-ndjson": "lines",
    "application/ndjson": "lines",
    "application/jsonl": "lines",
    "application/x-jsonl": "lines",
    "application/jsonlines": "lines",
    "application/x-jsonlines": "lines",
    "application/json-lines": "lines",
    "text/plain": "any",
    "application/octet-stream": "any",
    "": "any",
}
_CHARSETS: Final = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})

_MARKS: Final = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n])*")
_SEPARATOR: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_END: Final = re.compile(rb"[ \t\r\n]*\][ \t\r\n]*\Z")

_BLOCK_BYTES: Final = 65_536


def form_of(content_type: str) -> Form:
    """Return what a header ``Content-Type`` says of a body.

    Raises
    ------
    RequestRefused
        With status 415, if the body is no JSON, or not in UTF-8.

    Examples
    --------
    >>> form_of("application/json; charset=utf-8"), form_of("application/vnd.example+json"), form_of("")
    ('json', 'json', 'any')
    """
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    form = _FORMS.get(media, "json" if media.endswith("+json") else None)
    if form is None:
        raise RequestRefused(
            415,
            "media_type",
            "the Content-Type must be application/json for an object or an array, or application/x-ndjson for one "
            "object a line",
            headers={"Accept-Post": "application/json, application/x-ndjson"},
        )
    charset = next((value for each in parameters if (value := each.partition("charset=")[2])), "")
    if charset.strip('"') not in _CHARSETS:
        raise RequestRefused(415, "charset", "the body must be in UTF-8")
    return form


def records_of(body: bytes, form: Form, conversion: Conversion, max_bytes: int, max_records: int) -> list[bytes]:
    """Return the records of a body; of one longer than `max_bytes`, as many bytes and one.

    Parameters
    ----------
    body
        The body, decompressed.
    form
        What its media type says; what it looks like decides if that fits it better.
    conversion
        What finds posts in pages.
    max_bytes, max_records
        Longest record, and largest number of them.

    Raises
    ------
    RequestRefused
        With status 400, if the body is no JSON, or 413, if it has too many records.
    """
    marks = _MARKS.match(body)
    text = body[marks.end() :] if marks else body
    if not text:
        raise RequestRefused(400, "empty_body", "the body is empty; send a post, an array of posts, or one post a line")
    if text.startswith(b"["):
        return _items(text, max_bytes, max_records)
    if form == "lines" or _is_lines(text):
        return _fed(LineSplitter(max_bytes), text, max_records)
    if not text.startswith(b"{"):
        raise RequestRefused(
            400, "broken_json", "the body is no JSON object or array; a post needs at least id, created_at and text"
        )
    path = page_path(text, conversion)
    if path:
        splitter = JsonSplitter(max_bytes, path)
        records = _fed(splitter, text, max_records)
        if splitter.is_open:
            raise RequestRefused(400, "broken_json", "the body is no JSON object: its end is missing")
        return records
    if len(text) <= max_bytes:
        _parsed(text)
    return [text[: max_bytes + 1].rstrip()]


def _is_lines(text: bytes) -> bool:
    line, _, following = text.partition(b"\n")
    return bool(following.strip()) and _is_object(line)


def _is_object(text: bytes) -> bool:
    try:
        return bool(text.strip()) and isinstance(parse(text), dict)
    except RecordError:
        return False


def _parsed(text: bytes) -> None:
    """Refuse a body that is one value and no JSON."""
    try:
        parse(text)
    except RecordError as error:
        raise RequestRefused(400, error.reason, f"the body is no JSON object: {error.detail}") from error


def _items(text: bytes, max_bytes: int, max_records: int) -> list[bytes]:
    """Return the items of an array, if it is one to its end; the items themselves may be broken."""
    splitter = JsonSplitter(max_bytes, (ITEMS,))
    records: list[bytes] = []
    behind = 1
    for line in _lines_of(splitter, text, max_records):
        begin = _begin_of_item(text, behind, is_first=not records)
        if begin is None or (len(line.data) <= max_bytes and begin + len(line.data) != line.cursor):
            raise _broken_array(behind)
        behind = line.cursor
        records.append(line.data.rstrip())
    if splitter.is_open or _END.match(text, behind) is None:
        raise _broken_array(behind)
    return records


def _begin_of_item(text: bytes, behind: int, *, is_first: bool) -> int | None:
    between = (_BLANKS if is_first else _SEPARATOR).match(text, behind)
    return None if between is None else between.end()


def _broken_array(position: int) -> RequestRefused:
    return RequestRefused(400, "broken_json", f"the body is no JSON array: it is broken after byte {position:,}")


def _fed(splitter: LineSplitter | JsonSplitter, text: bytes, max_records: int) -> list[bytes]:
    return [line.data for line in _lines_of(splitter, text, max_records)]


def _lines_of(splitter: LineSplitter | JsonSplitter, text: bytes, max_records: int) -> list[Line]:
    lines: list[Line] = []
    for start in range(0, len(text), _BLOCK_BYTES):
        lines += splitter.feed(text[start : start + _BLOCK_BYTES])
        if len(lines) > max_records:
            raise RequestRefused(
                413, "too_many_posts", f"the body has more than {max_records:,} posts: send it in several requests"
            )
    lines += splitter.rest()
    return lines
