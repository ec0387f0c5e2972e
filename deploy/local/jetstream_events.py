"""Events of a local Jetstream server, and the identifiers of the AT Protocol in them."""

from __future__ import annotations

import re
from base64 import b32encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

import orjson

NSID: Final = "network.bsky.jetstream.subscribeEvents"

POSTS: Final = "app.bsky.feed.post"

KINDS: Final = ("commit", "identity", "account", "sync")

RECORD_KEY: Final = re.compile(r"[A-Za-z0-9_~.:-]{1,512}")
_DID: Final = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
URI: Final = re.compile(r"at://(did:[^/]+)/([^/]+)/([^/]+)")
_SORTABLE: Final = "234567abcdefghijklmnopqrstuvwxyz"

Wire = Literal["v1", "v2"]


class Event(NamedTuple):
    """An event of the network.

    Parameters
    ----------
    seq
        Its number on this server.
    time_us
        When the server witnessed it, microseconds since 1970.
    kind
        One of `KINDS`.
    did
        Account that it concerns.
    body
        Further fields: those of a commit, or one member named after the kind.
    """

    seq: int
    time_us: int
    kind: str
    did: str
    body: dict[str, Any]

    def frame(self, wire: Wire, *, numbered: bool = True) -> bytes:
        """Return the event as a frame of one of the wires; on v1 with its number, unless the server is an old one."""
        if wire == "v2":
            payload = {"$type": f"{NSID}#{self.kind}", "seq": self.seq, "did": self.did, "time": iso(self.time_us)}
            return orjson.dumps({"$type": "message", "payload": payload | self.body})
        detail = {"commit": self.body} if self.kind == "commit" else self.body
        head = {"did": self.did, "time_us": self.time_us, "kind": self.kind}
        return orjson.dumps(head | ({"cursor": self.seq} if numbered else {}) | detail)


def outdated(message: str) -> bytes:
    """Return the frame that says that a cursor by time was too old."""
    payload = {"$type": f"{NSID}#info", "name": "OutdatedCursor", "message": message}
    return orjson.dumps({"$type": "message", "payload": payload})


def did_of(author: str) -> str:
    """Return an author who is a DID already, or one made of the name.

    >>> did_of("did:web:example.org"), did_of("kim")
    ('did:web:example.org', 'did:plc:e2xhqtizjjlwarsdjazjv5hl')
    """
    return author if _DID.fullmatch(author) else f"did:plc:{digest(author)[:24]}"


def cid(record: Any) -> str:
    """Return a content identifier in the form of real ones; it is of the JSON, theirs is of CBOR."""
    digest = sha256(orjson.dumps(record)).digest()
    return "b" + b32encode(bytes((0x01, 0x71, 0x12, 0x20)) + digest).decode().lower().rstrip("=")


def tid(time_us: int, number: int) -> str:
    """Return a timestamp identifier: microseconds, and a number that distinguishes those of one moment.

    >>> tid(1_772_446_500_000_000, 1)
    '3mg2zi2c6c223'
    """
    value = (time_us << 10) | (number % 1024)
    return "".join(_SORTABLE[(value >> shift) & 31] for shift in range(60, -1, -5))


def iso(time_us: int) -> str:
    """Return a time as events of v2 have it.

    >>> iso(1_772_446_500_000_001)
    '2026-03-02T10:15:00.000001Z'
    """
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{time_us % 10**6:06}Z"


def digest(text: str) -> str:
    """Return a digest of a text that can be part of identifiers."""
    return b32encode(sha256(text.encode()).digest()).decode().lower().rstrip("=")


def created(value: Any, now_us: int) -> str:
    """Return the time of a post as its record has it; numbers are seconds or milliseconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return iso(int(value * (1_000 if abs(value) > 1e11 else 1_000_000)))
    return str(value) if value else iso(now_us)
