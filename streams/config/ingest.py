"""The section `ingest`: limits on what a source may send, and how its records are read."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from streams.config.base import Settings
from streams.config.field_maps import FieldMapping
from streams.config.moments import ZoneName


def _as_written(value: Any) -> Any:
    """Return the text of a name that YAML reads as another type: null, false, a number."""
    if value is None or isinstance(value, bool):
        return {None: "null", False: "false", True: "true"}[value]
    return str(value) if isinstance(value, int | float) else value


AuthorName = Annotated[str, BeforeValidator(_as_written), StringConstraints(max_length=100)]


def known_encoding(name: str) -> str:
    """Return the name of an encoding of text as it is.

    Raises
    ------
    ValueError
        If Python has no such encoding.
    """
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError):
        raise ValueError(f"{name!r} is no encoding of text; name one such as cp1251 or shift_jis") from None
    return name


EncodingName = Annotated[str, AfterValidator(known_encoding)]
"""The name of an encoding of text that Python has."""


UNKNOWN_AUTHORS: Final = (
    "deleted", "deleted user", "deleted account", "deleted by user", "removed", "gelöscht", "gelöschter Nutzer",
    "anonymous", "anonymous user", "anonymous coward", "anonym", "anon", "anonymer Nutzer", "guest", "guest user",
    "Gast", "visitor", "Besucher", "unknown", "unknown user", "unbekannt", "user", "username", "author", "Nutzer",
    "Benutzer",
    "nan", "none", "null", "nil", "undefined", "n/a", "0", "false",
    "Facebook user", "Facebook-Nutzer", "Instagram user", "Google user", "a Google user", "Ein Google-Nutzer",
    "AutoModerator", "moderator", "admin", "administrator", "system", "bot",
)  # fmt: skip
"""Placeholders for authors in English and German platforms, exports of data frames, and accounts of services."""


class IngestSettings(Settings):
    """Limits on what a source may send."""

    max_record_bytes: int = Field(
        default=65_536,
        ge=1_000,
        le=900_000,
        description="Longest line in bytes; longer lines are rejected before they are parsed.",
    )
    max_text_chars: int = Field(
        default=10_000, ge=100, le=100_000, description="Longest text of a post in characters; longer texts are cut."
    )
    max_bad_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of rejected records above which ingesting stops with an error; 0.05 is 5 %.",
    )
    bad_share_after: int = Field(
        default=200,
        ge=1,
        le=1_000_000_000,
        description="Number of records to read before `max_bad_share` applies; it always applies at the end of the "
        "input.",
    )
    oldest_year: int = Field(
        default=2004,
        ge=1970,
        le=2100,
        description="First year of valid dates; posts dated earlier are rejected, since such dates are defects.",
    )
    max_future_seconds: float = Field(
        default=86_400,
        ge=0,
        le=3_155_760_000,
        description="Seconds that a post may be dated ahead of the clock; posts within them are set to now, posts "
        "beyond are rejected.",
    )
    timezone: ZoneName = Field(
        default="UTC",
        description="Time zone of the times of posts that name none, such as Europe/Berlin. Where its clocks change, "
        "the order of the posts of each source decides.",
    )
    unknown_authors: list[AuthorName] = Field(
        default=[*UNKNOWN_AUTHORS],
        max_length=1_000,
        description="Names of authors that stand for nobody in particular: placeholders, and service accounts. Case "
        "and signs around a name make no difference.",
    )
    hash_authors: bool = Field(
        default=False,
        description="Whether the authors of posts of `sources` enter Kafka as keyed hashes (`author_key_file`) and not "
        "by name.",
    )
    import_after_seconds: int = Field(
        default=3600,
        ge=60,
        le=86_400,
        description="Seconds that a post of a live stream may be dated back; a post dated back further is an import, "
        "which is counted but says nothing about the present.",
    )
    outlier_share: float = Field(
        default=0.01,
        ge=0,
        le=0.1,
        description="Largest share of the posts of a file that are set aside at either end because their dates stand "
        "apart from all others; 0.01 is 1 %, and 0 sets none aside.",
    )
    recent_ids: int = Field(
        default=50_000,
        ge=0,
        le=10_000_000,
        description="Number of records in each partition within which a repeated post is dropped.",
    )
    map: FieldMapping | None = Field(
        default=None,
        description="Where the fields of posts are in records that name them otherwise: the name of a format, or the "
        "rule of each field, such as {text: post.body}. By default known formats are recognised.",
    )
    encoding: EncodingName | None = Field(
        default=None,
        description="Encoding of text files, such as cp1251. By default UTF-8, UTF-16, UTF-32 and Windows-1252 are "
        "recognised.",
    )
