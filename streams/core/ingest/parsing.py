"""Parsing of a line of JSON from a source into a `Post`, or rejection with a reason.

===============  ==================================================  ================================================
input field      accepted                                            becomes
===============  ==================================================  ================================================
id               string or integer, required                         `Post.id`
created_at       ISO 8601 with time of day (UTC without a zone), or  `Post.ts_ms`
                 epoch seconds or milliseconds, required
text             string (may be HTML), required                      `Post.text`
source           string; the source's own name by default            `Post.source`
author           string or integer                                   `Post.author`
lang             string such as ``de`` or ``en-GB``                  `Post.lang`
url              string                                              `Post.url`
brand            string                                              `Post.tag`
repost_of        string or integer                                   `Post.repost_of`
reply_to         string or integer                                   `Post.reply_to`
likes, reposts,  integers >= 0                                       summed into `Post.engagement`
replies
===============  ==================================================  ================================================

A line with ``"delete": true`` deletes a post and needs only its ``id`` (and ``source``). Other fields are ignored; null
counts as absent.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.core.ingest.event_time import admit
from streams.core.text import clean as text
from streams.errors import RecordError
from streams.records import MAX_ID_CHARS, Deletion, Post, is_deletion

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import IngestSettings

MAX_SOURCE_CHARS: Final = 64
MAX_TAG_CHARS: Final = 100
MAX_URL_CHARS: Final = 2_048

MAX_COUNT: Final = 10**10
"""Larger numbers of likes, reposts or replies are defects: there are fewer people."""

_MILLISECONDS_FROM: Final = 10**11
"""Epoch numbers from here on are milliseconds: as seconds this is the year 5138, as milliseconds 1973."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?=$|[-_])")

# A surrogate pair, a lone surrogate (in the group), or any other escape of JSON.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


class Normaliser:
    """Parses the lines of one source.

    Parameters
    ----------
    settings
        Section `ingest` of the config: limits of sizes and times.
    source
        Source of posts without a field ``source``.
    redate
        Maps the stated event time to the one that the post gets, and to the time at which it will be sent, all in
        milliseconds since the epoch.

    Examples
    --------
    >>> from streams.config import IngestSettings
    >>> line = b'{"id": 7, "created_at": "2023-11-14T22:13:20Z", "text": "<p>Hallo</p>", "brand": "Nordtel"}'
    >>> post = Normaliser(IngestSettings(), "forum").post(line, now_ms=1_800_000_000_000)
    >>> post.key, post.ts_ms, post.text, post.tag
    (b'forum:7', 1700000000000, 'Hallo', 'Nordtel')
    """

    def __init__(
        self, settings: IngestSettings, source: str, redate: Callable[[int], tuple[int, int]] | None = None
    ) -> None:
        self._settings = settings
        self._source = source
        self._redate = redate

    def record(self, line: bytes, now_ms: int) -> Post | Deletion:
        """Parse one line, which may be a deletion; otherwise as `post`."""
        fields = self._fields(line)
        if is_deletion(fields):
            return Deletion(_identity(fields), _source(fields) or self._source)
        return self._post(fields, now_ms)

    def post(self, line: bytes, now_ms: int) -> Post:
        """Parse one line that is a post.

        Parameters
        ----------
        line
            JSON object in UTF-8; may be cut after ``max_record_bytes + 1`` bytes.
        now_ms
            The present, milliseconds since the epoch.

        Raises
        ------
        RecordError
            With a reason of ``too_large``, ``broken_json``, ``too_deep``, ``wrong_type``, ``missing_field``,
            ``empty_id``, ``bad_id``, ``empty_text``, ``bad_timestamp``, ``timestamp_too_old`` or
            ``timestamp_in_future``.
        """
        return self._post(self._fields(line), now_ms)

    def _fields(self, line: bytes) -> dict[str, Any]:
        if len(line) > self._settings.max_record_bytes:
            raise RecordError("too_large", f"longer than ingest.max_record_bytes={self._settings.max_record_bytes}")
        return parse(line)

    def _post(self, fields: dict[str, Any], now_ms: int) -> Post:
        ts_ms = event_time_ms(fields)
        if self._redate is not None:
            ts_ms, now_ms = self._redate(ts_ms)
        return Post(
            id=_identity(fields),
            source=_source(fields) or self._source,
            ts_ms=admit(ts_ms, now_ms, self._settings),
            text=self._text(fields),
            author=_name(fields, "author", MAX_ID_CHARS),
            lang=_language(fields),
            url=_url(fields),
            tag=_string(fields, "brand", MAX_TAG_CHARS),
            repost_of=_name(fields, "repost_of", MAX_ID_CHARS),
            reply_to=_name(fields, "reply_to", MAX_ID_CHARS),
            engagement=_count(fields, "likes") + _count(fields, "reposts") + _count(fields, "replies"),
        )

    def _text(self, fields: dict[str, Any]) -> str:
        raw = _required(fields, "text")
        if not isinstance(raw, str):
            raise RecordError("wrong_type", f"'text' must be a string, got {type(raw).__name__}")
        clean = text.normalise(raw, self._settings.max_text_chars)
        if not clean:
            raise RecordError("empty_text", "'text' holds nothing that can be read")
        return clean


def parse(line: bytes) -> dict[str, Any]:
    r"""Decode a JSON object; lone surrogates (half an emoji) become U+FFFD, a byte order mark is skipped.

    Raises
    ------
    RecordError
        With a reason of ``broken_json``, ``too_deep`` or ``wrong_type``.

    Examples
    --------
    >>> parse(rb'{"text": "half an emoji: \ud83d"}')
    {'text': 'half an emoji: \ufffd'}
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if line.startswith(codecs.BOM_UTF8):
            return parse(line.removeprefix(codecs.BOM_UTF8))
        if "surrogate" in error.msg and (repaired := _without_lone_surrogates(line)) != line:
            return parse(repaired)
        if "depth" in error.msg:
            raise RecordError("too_deep", "nested too deeply for JSON of a post") from error
        raise RecordError("broken_json", f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise RecordError("wrong_type", f"a post must be a JSON object, got {type(fields).__name__}")
    return fields


def _without_lone_surrogates(line: bytes) -> bytes:
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape[1] else escape[0], line)


def event_time_ms(fields: dict[str, Any]) -> int:
    """Return the event time that ``created_at`` states, in milliseconds since the epoch, whatever the year.

    Raises
    ------
    RecordError
        With a reason of ``missing_field``, ``wrong_type`` or ``bad_timestamp``.

    Examples
    --------
    >>> [event_time_ms({"created_at": t}) for t in ("2023-11-14T23:13:20+01:00", 1_700_000_000.5, 1_700_000_000_000)]
    [1700000000000, 1700000000500, 1700000000000]
    """
    created_at = _required(fields, "created_at")
    if isinstance(created_at, str):
        if len(created_at) <= len("2023-11-14"):
            raise RecordError("bad_timestamp", "'created_at' needs a time of day")
        try:
            moment = datetime.fromisoformat(created_at)
        except ValueError as error:
            raise RecordError("bad_timestamp", "'created_at' is not an ISO 8601 time") from error
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND
    if isinstance(created_at, bool) or not isinstance(created_at, int | float):
        raise RecordError("wrong_type", f"'created_at' must be a string or a number, got {type(created_at).__name__}")
    if abs(created_at) >= 10**15:
        raise RecordError("bad_timestamp", "'created_at' is too large for milliseconds since the epoch")
    return round(created_at if abs(created_at) >= _MILLISECONDS_FROM else created_at * 1000)


def _required(fields: dict[str, Any], name: str) -> Any:
    value = fields.get(name)
    if value is None:
        raise RecordError("missing_field", f"a post needs {name!r}")
    return value


def _identity(fields: dict[str, Any]) -> str:
    value = _as_text(_required(fields, "id"), "id").strip()
    if not value:
        raise RecordError("empty_id", "'id' is empty")
    if len(value) > MAX_ID_CHARS:
        raise RecordError("bad_id", f"'id' has {len(value)} characters, {MAX_ID_CHARS} are allowed")
    return value


def _as_text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RecordError("wrong_type", f"{name!r} must be a string or an integer, got {type(value).__name__}")


def _name(fields: dict[str, Any], name: str, max_chars: int) -> str | None:
    value = fields.get(name)
    return None if value is None else _as_text(value, name).strip()[:max_chars] or None


def _string(fields: dict[str, Any], name: str, max_chars: int) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordError("wrong_type", f"{name!r} must be a string, got {type(value).__name__}")
    return value.strip()[:max_chars] or None


def _source(fields: dict[str, Any]) -> str | None:
    return _string(fields, "source", MAX_SOURCE_CHARS)


def _language(fields: dict[str, Any]) -> str | None:
    stated = _string(fields, "lang", MAX_TAG_CHARS)
    subtag = _LANGUAGE.match(stated.lower()) if stated else None
    return subtag[0] if subtag else None


def _url(fields: dict[str, Any]) -> str | None:
    url = _string(fields, "url", MAX_URL_CHARS + 1)
    return url if url and len(url) <= MAX_URL_CHARS else None


def _count(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise RecordError("wrong_type", f"{name!r} must be an integer from 0 to {MAX_COUNT:_}")
    return value
