"""Records of `social.cursors`: how far each live source has been read, by whom, and in which condition it is.

The owner of a source writes the record whenever its position advances, and as a sign of life in between, so that any
machine can resume the source, take it over and show its freshness.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streams.errors import RecordError
from streams.records.gaps import GapCause
from streams.records.wire import load

CURSOR_VERSION: Final = 1

MAX_RECENT_GAPS: Final = 50
"""Gaps that a cursor lists at most; the newest are kept."""

CursorState = Literal["connecting", "live", "catching_up", "waiting", "refused", "limited", "done", "stopped"]
"""The condition of a source as `streams.sources.live.base.SourceHealth` has it; or ``done`` (it has ended by itself),
or ``stopped`` (its owner has ended in order)."""


class Owner(BaseModel):
    """The process that reads a source."""

    model_config = ConfigDict(frozen=True)

    instance: str = Field(max_length=64, description="Random name of this run of the process")
    host: str = Field(max_length=256, description="Name of its machine")
    pid: int = Field(ge=0, description="Its process id there")
    processes: str = Field(
        default="",
        max_length=128,
        description="Name of the table of processes in which the process id is valid; empty where none is known",
    )


class RecentGap(BaseModel):
    """A gap that was found within the last day, however long ago it was."""

    model_config = ConfigDict(frozen=True)

    from_ms: int = Field(description="Begin of the span in event time, in milliseconds since the epoch, UTC")
    to_ms: int = Field(description="End of the span")
    cause: GapCause
    part: str = Field(default="", description="What part of the source is affected; empty for the whole source")
    found_ms: int | None = Field(
        default=None, description="When it was found; omitted by earlier versions, which listed gaps by their end"
    )

    @property
    def since_ms(self) -> int:
        """When it was found, or its end if that is not known."""
        return self.to_ms if self.found_ms is None else self.found_ms


class Cursor(BaseModel):
    """How far one live source has been read: a record of `social.cursors`, keyed by the id of the source."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"required": ["v", "source", "kind", "saved_ms"]})

    v: Literal[1] = CURSOR_VERSION
    source: str = Field(min_length=1, max_length=64, description="Id of the source")
    kind: str = Field(min_length=1, max_length=64, description="Kind of the source, to which the position belongs")
    position: dict[str, Any] | None = Field(
        default=None, description="How far the source has been read; only its kind knows what the values mean"
    )
    position_ms: int | None = Field(default=None, description="When the position last advanced")
    saved_ms: int = Field(description="When this record was written, in milliseconds since the epoch, UTC")
    owner: Owner | None = Field(default=None, description="Who reads the source; omitted after an end in order")
    state: CursorState = "connecting"
    why: str = Field(default="", description="Why the source is not live, as a sentence")
    heard_ms: int | None = Field(default=None, description="When anything was received, signs of life included")
    post_ms: int | None = Field(default=None, description="When the newest post was received")
    behind_ms: int | None = Field(default=None, description="By how much what is read lies behind the present")
    gaps: list[RecentGap] = Field(
        default_factory=list,
        max_length=MAX_RECENT_GAPS,
        description=f"Gaps that were found in the last day, the newest {MAX_RECENT_GAPS} of them",
    )

    @property
    def key(self) -> bytes:
        """Record key."""
        return self.source.encode()

    def to_bytes(self) -> bytes:
        """Encode the cursor; fields without a value are omitted.

        >>> Cursor(source="bluesky", kind="jetstream", position={"seq": 7}, saved_ms=1, state="live").to_bytes()
        b'{"v":1,"source":"bluesky","kind":"jetstream","position":{"seq":7},"saved_ms":1,"state":"live"}'
        """
        fields = {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if value is not None and value not in ("", [])
        }
        return orjson.dumps(fields)


def cursor_from_bytes(value: bytes | None) -> Cursor:
    """Decode a cursor; the inverse of `Cursor.to_bytes`.

    Raises
    ------
    RecordError
        If the value is no such record.
    """
    fields = load(value, "cursor", CURSOR_VERSION)
    try:
        return Cursor.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordError("wrong_type", f"a cursor whose {where!r} can't be used: {first['msg']}") from error
