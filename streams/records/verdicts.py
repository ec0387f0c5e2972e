"""What people say of incidents, as `social.labels` carries it beside what they say of posts."""

from __future__ import annotations

from typing import Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detectors.base import Severity
from detectors.units import DAY_MS
from streams.errors import RecordError
from streams.records.labels import Label, label_from_bytes
from streams.records.posts import MAX_ID_CHARS
from streams.records.wire import load

VERDICT_VERSION: Final = 1

MAX_SILENCE_MS: Final = 30 * DAY_MS
"""No silence is longer; who wants to know which hold need look no further back."""

LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: what lies beyond is no time of people."""

Judgement = Literal["ack", "false_alarm", "confirmed"]


class Verdict(BaseModel):
    """One person's judgement of one incident: a record of `social.labels`, keyed by `key`."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        json_schema_extra={
            "required": ["v", "kind", "incident", "brand", "verdict", "severity", "detectors", "by", "at_ms"]
        },
    )

    v: Literal[1] = VERDICT_VERSION
    kind: Literal["incident"] = Field(default="incident", description="Tells it from the label of a post")
    incident: str = Field(min_length=1, max_length=MAX_ID_CHARS, description="Fingerprint of the incident")
    brand: str = Field(min_length=1, max_length=64)
    verdict: Judgement = Field(
        description="Somebody looks after it (ack), it was none (false_alarm), or it was one (confirmed)"
    )
    severity: Severity = Field(description="That the incident had when it was judged")
    detectors: list[str] = Field(max_length=20, description="Those that raised it, by name")
    by: str = Field(min_length=1, max_length=MAX_ID_CHARS, description="Who says so")
    note: str | None = Field(default=None, max_length=1_000)
    at_ms: int = Field(ge=0, le=LATEST_MS, description="When, in milliseconds since the epoch, UTC")
    silence_until_ms: int | None = Field(
        default=None,
        ge=0,
        le=LATEST_MS,
        description="Until then incidents of the brand up to this severity are held back; at most 30 days after at_ms",
    )

    @property
    def key(self) -> bytes:
        """Record key; no post has one like it, as a source holds no blank."""
        return f"incident {self.incident}".encode()

    def to_bytes(self) -> bytes:
        """Encode; fields without a value are left out.

        >>> Verdict(incident="5f0c", brand="nordtel", verdict="ack", severity="watch", detectors=["volume"], by="anna",
        ...         at_ms=1700000000000).to_bytes()[:42]
        b'{"v":1,"kind":"incident","incident":"5f0c"'
        """
        return orjson.dumps(self.model_dump(exclude_none=True))


def labels_record_from_bytes(value: bytes | None) -> Label | Verdict:
    """Decode a record of `social.labels`, written by anyone.

    Raises
    ------
    RecordError
        With a reason as `label_from_bytes`.
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
