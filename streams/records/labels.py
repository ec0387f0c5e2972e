"""Labels of posts and verdicts on incidents, the records of `social.labels`.

Any client may write to this topic, so the schemas are the contract and every record is validated.
"""

from __future__ import annotations

from typing import Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detectors.base import Severity
from detectors.units import DAY_MS
from streams.errors import RecordError
from streams.records.posts import MAX_ID_CHARS
from streams.records.wire import load

LABEL_VERSION: Final = 1
VERDICT_VERSION: Final = 1

MAX_KEY_CHARS: Final = 2 * MAX_ID_CHARS + 1
"""Source, colon, id."""

MAX_SILENCE_MS: Final = 30 * DAY_MS
"""No silence is longer, so a reader that needs the current silences has to read no further back."""

LATEST_MS: Final = 4_102_444_800_000
"""The year 2100; a later time can only be a mistake."""

VerdictValue = Literal["ack", "false_alarm", "confirmed"]


class Label(BaseModel):
    """One annotator's label of one post: a record of `social.labels`, keyed by `post`."""

    model_config = ConfigDict(
        frozen=True, strict=True, json_schema_extra={"required": ["v", "post", "label", "by", "at_ms"]}
    )

    v: Literal[1] = LABEL_VERSION
    post: str = Field(min_length=1, max_length=MAX_KEY_CHARS, description="Key of the post: source:id")
    text: str | None = Field(
        default=None,
        description="The text as in social.posts: plain text, NFC, at most ingest.max_text_chars. May be omitted if "
        "another recent label of the same post carries it",
    )
    lang: str | None = Field(default=None, max_length=16, description="ISO 639-1 code of the language, if known")
    label: Literal["negative", "neutral", "positive"]
    by: str = Field(
        min_length=1, max_length=MAX_ID_CHARS, description="Name of the annotator; rate limits apply to each annotator"
    )
    at_ms: int = Field(description="When the label was given, in milliseconds since the epoch, UTC")

    @property
    def key(self) -> bytes:
        """Record key."""
        return self.post.encode()

    def to_bytes(self) -> bytes:
        """Encode the label; fields without a value are omitted.

        >>> Label(post="forum:1", text="Kein Netz", label="negative", by="anna", at_ms=1700000000000).to_bytes()
        b'{"v":1,"post":"forum:1","text":"Kein Netz","label":"negative","by":"anna","at_ms":1700000000000}'
        """
        return orjson.dumps(self.model_dump(exclude_none=True))


class Verdict(BaseModel):
    """One operator's verdict on one incident: a record of `social.labels`, keyed by `key`."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        json_schema_extra={
            "required": ["v", "kind", "incident", "brand", "verdict", "severity", "detectors", "by", "at_ms"]
        },
    )

    v: Literal[1] = VERDICT_VERSION
    kind: Literal["incident"] = Field(
        default="incident", description="Distinguishes a verdict from the label of a post"
    )
    incident: str = Field(min_length=1, max_length=MAX_ID_CHARS, description="Fingerprint of the incident")
    brand: str = Field(min_length=1, max_length=64)
    verdict: VerdictValue = Field(
        description="The incident is being looked after (ack), was no incident (false_alarm), or was one (confirmed)"
    )
    severity: Severity = Field(description="Severity of the incident at the time of the verdict")
    detectors: list[str] = Field(max_length=20, description="Names of the detectors that raised the incident")
    by: str = Field(min_length=1, max_length=MAX_ID_CHARS, description="Name of the operator")
    note: str | None = Field(default=None, max_length=1_000)
    at_ms: int = Field(
        ge=0, le=LATEST_MS, description="When the verdict was given, in milliseconds since the epoch, UTC"
    )
    silence_until_ms: int | None = Field(
        default=None,
        ge=0,
        le=LATEST_MS,
        description="Until this time, in milliseconds since the epoch, incidents of the brand up to this severity are "
        "not delivered; at most 30 days after at_ms",
    )

    @property
    def key(self) -> bytes:
        """Record key; it differs from the key of every post, since the name of a source contains no blank."""
        return f"incident {self.incident}".encode()

    def to_bytes(self) -> bytes:
        """Encode the verdict; fields without a value are omitted.

        >>> Verdict(incident="5f0c", brand="nordtel", verdict="ack", severity="watch", detectors=["volume"], by="anna",
        ...         at_ms=1700000000000).to_bytes()[:42]
        b'{"v":1,"kind":"incident","incident":"5f0c"'
        """
        return orjson.dumps(self.model_dump(exclude_none=True))


def label_from_bytes(value: bytes | None) -> Label:
    """Decode a label, which any client may have written.

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


def labels_record_from_bytes(value: bytes | None) -> Label | Verdict:
    """Decode a record of `social.labels`, which any client may have written.

    Raises
    ------
    RecordError
        With a reason of `label_from_bytes`.
    """
    fields = load(value, "label", VERDICT_VERSION)
    if fields.get("kind") != "incident":
        return label_from_bytes(value)
    try:
        verdict = Verdict.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = str(problem["loc"][0])
        reason = "missing_field" if problem["type"] == "missing" else "wrong_type"
        raise RecordError(reason, f"a verdict's {field!r}: {problem['msg']}") from None
    if verdict.silence_until_ms is not None and verdict.silence_until_ms - verdict.at_ms > MAX_SILENCE_MS:
        raise RecordError("wrong_type", "a verdict's 'silence_until_ms': more than 30 days after 'at_ms'")
    return verdict


def verdict_in(value: bytes | None) -> Verdict | None:
    """Return the verdict that a record of `social.labels` holds; None for labels and for invalid records."""
    try:
        record = labels_record_from_bytes(value)
    except RecordError:
        return None
    return record if isinstance(record, Verdict) else None
