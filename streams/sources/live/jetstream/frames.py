"""Frames of both wires of Jetstream, decoded into the same events.

The wires are those of the lexicon ``network.bsky.jetstream.subscribeEvents`` (v2) and of the older ``/subscribe`` (v1).
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.ingest.parsing import parse
from streams.core.text.clean import printable
from streams.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN_CHARS: Final = 200

KINDS: Final = frozenset({"commit", "identity", "account", "sync"})
"""Kinds of events; another one without a number is a remark of a kind that came later."""

_LARGEST: Final = 2**63
"""Numbers and times beyond it are none."""


class JetstreamEvent(NamedTuple):
    """An event of the network.

    Parameters
    ----------
    seq
        Its number on the server that sent it; None from servers that do not number.
    time_us
        When that server witnessed it, microseconds since the epoch.
    kind
        ``commit``, ``account``, ``identity``, ``sync``, or one that came later.
    did
        The account that it is about.
    body
        Fields of the commit, the account or the identity.
    """

    seq: int | None
    time_us: int
    kind: str
    did: str
    body: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Return what identifies the event on every server, in 16 hexadecimal digits."""
        # The number and the time in other events than commits are those of the network, not of the server.
        names = ("collection", "rkey", "rev", "operation") if self.kind == "commit" else ("seq", "time")
        parts = (self.did, self.kind, *(self.body.get(name) for name in names))
        return blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8).hexdigest()


class Notice(NamedTuple):
    """A remark of the server on the stream, which goes on."""

    name: str
    message: str


class StreamFailure(NamedTuple):
    """A remark of the server with which the stream ends."""

    name: str
    message: str


Frame = JetstreamEvent | Notice | StreamFailure


def frame_of(data: bytes) -> Frame:
    """Decode a frame of either wire.

    Raises
    ------
    RecordError
        With a reason of ``broken_json``, ``too_deep``, ``wrong_type`` or ``missing_field``.

    Examples
    --------
    >>> frame_of(b'{"did":"did:plc:a","time_us":7,"kind":"identity","identity":{"handle":"a.example"}}')
    JetstreamEvent(seq=None, time_us=7, kind='identity', did='did:plc:a', body={'handle': 'a.example'})
    >>> frame_of(b'{"$type":"error","error":"ConsumerTooSlow","message":"too far behind"}')
    StreamFailure(name='ConsumerTooSlow', message='too far behind')
    """
    fields = parse(data)
    if "time_us" in fields:
        return _of_v1(fields)
    if fields.get("$type") == "error" or ("error" in fields and "payload" not in fields):
        return StreamFailure(_text(fields.get("error")), _text(fields.get("message")))
    payload = fields.get("payload")
    if not isinstance(payload, dict):
        raise RecordError("missing_field", "a frame needs 'payload' or 'time_us'")
    return _of_v2(payload)


def _of_v1(fields: dict[str, Any]) -> JetstreamEvent:
    kind = fields.get("kind")
    body = fields.get(kind) if isinstance(kind, str) else None
    seq = fields.get("cursor")
    return JetstreamEvent(
        None if seq is None else _number(seq, "cursor"),
        _number(fields["time_us"], "time_us"),
        _named(kind, "kind"),
        _named(fields.get("did"), "did"),
        body if isinstance(body, dict) else {},
    )


def _of_v2(payload: dict[str, Any]) -> JetstreamEvent | Notice:
    kind = _named(payload.get("$type"), "$type").rpartition("#")[2]
    if kind == "info" or (kind not in KINDS and "seq" not in payload):
        return Notice(_text(payload.get("name")), _text(payload.get("message")))
    inner = payload if kind == "commit" else payload.get(kind)
    return JetstreamEvent(
        _number(payload.get("seq"), "seq"),
        _time_us(payload.get("time")),
        kind,
        _named(payload.get("did"), "did"),
        inner if isinstance(inner, dict) else {},
    )


def _number(value: Any, name: str) -> int:
    if type(value) is not int:
        reason = "missing_field" if value is None else "wrong_type"
        raise RecordError(reason, f"an event needs a whole number as {name!r}", field=name)
    if not 0 <= value < _LARGEST:
        raise RecordError("wrong_type", f"{name!r} is out of range", field=name)
    return value


def _named(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        reason = "missing_field" if value is None else "wrong_type"
        raise RecordError(reason, f"an event needs text as {name!r}", field=name)
    return value


def _time_us(value: Any) -> int:
    if not isinstance(value, str):
        raise RecordError("missing_field", "an event needs a time as 'time'", field="time")
    try:
        time = datetime.fromisoformat(value)
        return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise RecordError("bad_timestamp", "'time' of an event is no time", field="time") from None


def _text(value: Any) -> str:
    return printable(value)[:SHOWN_CHARS] if isinstance(value, str) else ""
