"""Parsing of a line of JSON from a source into a `Post`, or rejection with a reason.

===============  ==================================================  ================================================
input field      as documented                                       becomes
===============  ==================================================  ================================================
id               string or integer, required                         `Post.id`
created_at       a time (`streams.core.ingest.timestamps`),          `Post.ts_ms`
                 required
text             string (may be HTML); without it the post is        `Post.text`
                 skipped
source           string; the source's own name by default            `Post.source`
author           string or integer                                   `Post.author`
lang             string such as ``de`` or ``en-GB``                  `Post.lang`
url              string, http or https                               `Post.url`
brand            string                                              `Post.tag`
repost_of        string or integer                                   `Post.repost_of`
reply_to         string or integer                                   `Post.reply_to`
likes, reposts,  integers >= 0                                       summed into `Post.engagement`
replies
===============  ==================================================  ================================================

An optional field in another shape is converted or left out (`streams.core.ingest.fields`). A line with
``"delete": true`` deletes a post and needs only its ``id`` (and ``source``). Other fields are ignored; null counts as
absent, and so does ``NaN``, which is no JSON but which some programs write for it.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.core.ingest.characters import escaped
from streams.core.ingest.event_time import admit
from streams.core.ingest.fields import LARGEST_EXACT, OptionalFields
from streams.core.ingest.timestamps import EventTimes
from streams.core.text import clean as text
from streams.errors import RecordError
from streams.records import MAX_ID_CHARS, Deletion, Post, is_deletion

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import IngestSettings

MAX_SOURCE_CHARS: Final = 64

# A surrogate pair, a lone surrogate (in the group), or any other escape of JSON.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)

# A string of JSON, or (in the group) a number that JSON does not have.
_NOT_A_NUMBER: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|(-?\b(?:NaN|Infinity)\b)', re.DOTALL)

_OTHER_TEXTS: Final = (
    "full_text", "body", "selftext", "content", "message", "caption", "title", "description", "rawContent", "snippet",
)  # fmt: skip
"""Fields in which other formats have the text: a post with one of them is not a post without text."""


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

    Attributes
    ----------
    altered
        How often an optional field of a post was converted or left out, by the name of the field and the outcome.

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
        self._times = EventTimes(settings.timezone)
        self.altered: Counter[tuple[str, str]] = Counter()

    def record(self, line: bytes, now_ms: int) -> Post | Deletion | None:
        """Parse one line, which may be a deletion, as `post`; return None for a post without text."""
        return self.record_of(self._fields(line), now_ms)

    def record_of(self, fields: dict[str, Any], now_ms: int) -> Post | Deletion | None:
        """Return the record of fields that have been decoded, as `record`.

        Parameters
        ----------
        fields
            Fields of a post or a deletion.
        now_ms
            The present, or the moment at which the source itself received the post: it is not dated later.
        """
        if is_deletion(fields):
            return Deletion(post_id(fields), self._source_of(OptionalFields(fields)))
        return self._post(fields, now_ms)

    def post(self, line: bytes, now_ms: int) -> Post:
        """Parse one line that is a post with a text.

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
        post = self._post(self._fields(line), now_ms)
        if post is None:
            raise RecordError("empty_text", "'text' holds nothing that can be read", field="text")
        return post

    def _fields(self, line: bytes) -> dict[str, Any]:
        if len(line) > self._settings.max_record_bytes:
            raise RecordError("too_large", f"longer than ingest.max_record_bytes={self._settings.max_record_bytes}")
        return parse(line)

    def _post(self, fields: dict[str, Any], now_ms: int) -> Post | None:
        identity = post_id(fields)
        optional = OptionalFields(fields)
        source = self._source_of(optional)
        ts_ms = self._times.event_time_ms(fields, now_ms)
        if self._redate is not None:
            ts_ms, now_ms = self._redate(ts_ms)
        ts_ms = admit(ts_ms, now_ms, self._settings)
        clean = self._text(fields)
        if not clean:
            return None
        post = Post(
            id=identity,
            source=source,
            ts_ms=ts_ms,
            text=clean,
            author=optional.name("author", MAX_ID_CHARS),
            lang=optional.language("lang"),
            url=optional.link("url"),
            tag=optional.tag("brand"),
            repost_of=optional.reference("repost_of", MAX_ID_CHARS),
            reply_to=optional.reference("reply_to", MAX_ID_CHARS),
            engagement=optional.count("likes") + optional.count("reposts") + optional.count("replies"),
        )
        if optional.altered:
            self.altered.update(optional.altered.items())
        return post

    def _source_of(self, optional: OptionalFields) -> str:
        return optional.name("source", MAX_SOURCE_CHARS) or self._source

    def _text(self, fields: dict[str, Any]) -> str:
        raw = fields.get("text")
        if raw is None:
            other = next((name for name in _OTHER_TEXTS if isinstance(fields.get(name), str) and fields[name]), None)
            if other:
                raise RecordError("missing_field", f"a post needs 'text'; this one has {other!r}", field="text")
            return ""
        if not isinstance(raw, str):
            raise RecordError("wrong_type", f"'text' must be a string, got {type(raw).__name__}", field="text")
        return text.normalise(raw, self._settings.max_text_chars)


def parse(line: bytes) -> dict[str, Any]:
    r"""Decode a JSON object, with the defects mended that do not change its meaning.

    Lone surrogates (half an emoji) become U+FFFD, byte order marks before the object are skipped, and numbers that JSON
    does not have (``NaN``, ``Infinity``) become null.

    Raises
    ------
    RecordError
        With a reason of ``broken_json``, ``too_deep`` or ``wrong_type``.

    Examples
    --------
    >>> parse(rb'{"text": "half an emoji: \ud83d", "likes": NaN}')
    {'text': 'half an emoji: \ufffd', 'likes': None}
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        fields = _decoded(_mended(line))
    if not isinstance(fields, dict):
        raise RecordError("wrong_type", f"a post must be a JSON object, got {type(fields).__name__}")
    return fields


def _decoded(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise RecordError("too_deep", "nested too deeply for JSON of a post") from error
        raise RecordError("broken_json", f"not JSON: {error}") from error


def _mended(line: bytes) -> bytes:
    line = line.lstrip(codecs.BOM_UTF8)  # each of its bytes, none of which can begin JSON
    if b"NaN" in line or b"Infinity" in line:
        line = _NOT_A_NUMBER.sub(lambda found: b"null" if found[1] else found[0], line)
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape[1] else escape[0], line)


def post_id(fields: dict[str, Any]) -> str:
    """Return the id of a post or a deletion as it enters Kafka.

    Raises
    ------
    RecordError
        With a reason of ``missing_field``, ``wrong_type``, ``empty_id`` or ``bad_id``.
    """
    value = fields.get("id")
    if value is None:
        raise RecordError("missing_field", "a post needs 'id'", field="id")
    identity = escaped(_id_text(value).strip())
    if not identity:
        raise RecordError("empty_id", "'id' is empty", field="id")
    if len(identity) > MAX_ID_CHARS:
        raise RecordError("bad_id", f"'id' has {len(identity)} characters, {MAX_ID_CHARS} are allowed", field="id")
    return identity


def _id_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError("wrong_type", f"'id' must be a string or an integer, got {type(value).__name__}", field="id")
    if isinstance(value, float) and not (value.is_integer() and abs(value) < LARGEST_EXACT):
        raise RecordError(
            "wrong_type",
            f"'id' is {value!r}: a number with a fraction, or so large that digits are lost; write a string",
            field="id",
        )
    return str(int(value))
