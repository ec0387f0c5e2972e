"""Records of gaps: spans of event time in which posts of a source may be missing."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple, get_args

import orjson

from streams.errors import RecordError
from streams.records.wire import load

GAP_VERSION: Final = 1

GapCause = Literal[
    "cursor_too_old", "cursor_foreign", "no_backfill", "backfill_limit", "no_overlap", "oversized", "removed",
    "recreated", "damaged", "paused", "overload",
]  # fmt: skip
"""Why posts may be missing: the cursor lies before what the other side keeps (``cursor_too_old``) or belongs to another
server (``cursor_foreign``); what was missed while disconnected can't be asked for (``no_backfill``), or only in part
(``backfill_limit``); no entry of a list was in the one before (``no_overlap``); a message was too large to be received
(``oversized``); posts were deleted on the other side before they were read (``removed``), their topic was created again
(``recreated``), or they are damaged there (``damaged``); reading was paused by a limit of the config (``paused``) or
ended by the other side as too slow (``overload``)."""

GAP_CAUSES: Final = get_args(GapCause)


class Gap(NamedTuple):
    """A span in which posts of a source may be missing.

    Parameters
    ----------
    source
        Id of the source.
    from_ms, to_ms
        Bounds of the span in event time, milliseconds since the epoch; posts at the bounds themselves were received.
    cause
        Why posts may be missing.
    detail
        Description for people, with what is exact, such as the cursors; holds no secret and no text of a post.
    part
        What part of the source is affected, such as one feed or instance; empty for the whole source.
    """

    source: str
    from_ms: int
    to_ms: int
    cause: GapCause
    detail: str = ""
    part: str = ""

    @property
    def key(self) -> bytes:
        """Record key: gaps of one source are in one partition."""
        return f"gap:{self.source}".encode()

    def to_bytes(self) -> bytes:
        """Encode; fields without a value are omitted.

        >>> Gap("bluesky", 1, 2, "cursor_too_old").to_bytes()
        b'{"v":1,"gap":true,"source":"bluesky","from_ms":1,"to_ms":2,"cause":"cursor_too_old"}'
        """
        fields: dict[str, Any] = {"v": GAP_VERSION, "gap": True}
        fields.update((name, value) for name, value in zip(self._fields, self, strict=True) if value != "")
        return orjson.dumps(fields)


def gap_from_bytes(value: bytes | None) -> Gap:
    """Decode a gap; the inverse of `Gap.to_bytes`.

    Raises
    ------
    RecordError
        If the value is no such record.
    """
    return gap_of(load(value, "gap", GAP_VERSION))


def gap_of(fields: dict[str, Any]) -> Gap:
    """Return the gap of decoded fields.

    Raises
    ------
    RecordError
        With a reason of ``missing_field`` or ``wrong_type``.
    """
    for name, kind in (("source", str), ("from_ms", int), ("to_ms", int), ("cause", str)):
        if name not in fields:
            raise RecordError("missing_field", f"a gap needs {name!r}")
        if type(fields[name]) is not kind:
            raise RecordError("wrong_type", f"{name!r} must be {kind.__name__}, got {type(fields[name]).__name__}")
    if fields["from_ms"] > fields["to_ms"]:
        raise RecordError("wrong_type", "'from_ms' must not be after 'to_ms'")
    if fields["cause"] not in GAP_CAUSES:
        raise RecordError("wrong_type", f"'cause' must be one of {', '.join(GAP_CAUSES)}")
    notes = {name: fields[name] for name in ("detail", "part") if isinstance(fields.get(name), str)}
    return Gap(fields["source"], fields["from_ms"], fields["to_ms"], fields["cause"], **notes)
