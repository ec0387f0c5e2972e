"""What people say of posts, as `social.labels` carries it: anybody may write there, the schema is the contract."""

from __future__ import annotations

from typing import Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streams.errors import RecordError
from streams.records.posts import MAX_ID_CHARS
from streams.records.wire import load

LABEL_VERSION: Final = 1

MAX_KEY_CHARS: Final = 2 * MAX_ID_CHARS + 1
"""Source, colon, id."""


class Label(BaseModel):
    """One person's answer to one post: a record of `social.labels`, keyed by `post`."""

    model_config = ConfigDict(
        frozen=True, strict=True, json_schema_extra={"required": ["v", "post", "label", "by", "at_ms"]}
    )

    v: Literal[1] = LABEL_VERSION
    post: str = Field(min_length=1, max_length=MAX_KEY_CHARS, description="Key of the post: source:id")
    text: str | None = Field(
        default=None,
        description="As social.posts carries it: plain text, NFC, at most ingest.max_text_chars. May be left out where "
        "another label of the same post has just brought it",
    )
    lang: str | None = Field(default=None, max_length=16, description="ISO 639-1 code, where it is known")
    label: Literal["negative", "neutral", "positive"]
    by: str = Field(min_length=1, max_length=MAX_ID_CHARS, description="Who says so; limits hold for each of them")
    at_ms: int = Field(description="When, in milliseconds since the epoch, UTC")

    @property
    def key(self) -> bytes:
        """Record key."""
        return self.post.encode()

    def to_bytes(self) -> bytes:
        """Encode; fields without a value are left out.

        >>> Label(post="forum:1", text="Kein Netz", label="negative", by="anna", at_ms=1700000000000).to_bytes()
        b'{"v":1,"post":"forum:1","text":"Kein Netz","label":"negative","by":"anna","at_ms":1700000000000}'
        """
        return orjson.dumps(self.model_dump(exclude_none=True))


def label_from_bytes(value: bytes | None) -> Label:
    """Decode a record of `social.labels`, written by anyone.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type``, ``missing_field``, ``wrong_label`` or
        ``unknown_version``.
    """
    fields = load(value, "label", LABEL_VERSION)
    try:
        return Label.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = str(problem["loc"][0])
        if problem["type"] == "missing":
            raise RecordError("missing_field", f"a label needs {field!r}") from None
        reason = "wrong_label" if field == "label" else "wrong_type"
        raise RecordError(reason, f"a label's {field!r}: {problem['msg']}") from None
