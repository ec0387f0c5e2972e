"""What is remembered of a feed from one request to the next, over restarts too."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Final, Self

import orjson

MAX_VALIDATOR_CHARS: Final = 500
"""Longest ``ETag`` or ``Last-Modified`` that is kept, so that a feed does not fill the cursor."""

MAX_ADDRESS_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed between two requests.

    Parameters
    ----------
    due_ms
        When it is asked for next, milliseconds since the epoch.
    interval_seconds
        Time between two requests, before jitter; 0 for none so far.
    etag, modified
        Validators, exactly as the last answer with a document had them.
    whole_ms
        When a document was received last, or asked for without validators; 0 for never.
    body
        Digest of that document.
    answered_ms
        When the feed was last known to have been read in full; 0 for never.
    newest_ms
        Date of its newest entry so far; 0 if none had one.
    floor_ms
        Newest date of entries of the last document that are not remembered one by one.
    asked_seconds
        Time between two requests that the last document asks for.
    seen, last
        Marks of entries (`streams.sources.live.feeds.memory`).
    moved_to
        Address to which it has moved for good.
    has_ended
        Whether its operator has ended it.
    failures
        Requests that have failed since the last one that did not.
    """

    due_ms: int = 0
    interval_seconds: float = 0.0
    etag: str = ""
    modified: str = ""
    whole_ms: int = 0
    body: str = ""
    answered_ms: int = 0
    newest_ms: int = 0
    floor_ms: int = 0
    asked_seconds: float = 0.0
    seen: str = ""
    last: int = 0
    moved_to: str = ""
    has_ended: bool = False
    failures: int = 0

    def to_json(self, max_bytes: int = 1_000_000) -> dict[str, Any]:
        """Return the state as values of JSON; what is as for a new feed is left out.

        Parameters
        ----------
        max_bytes
            Largest size, for which texts of the other side are left out: they spare work, and no entry depends on them.

        Examples
        --------
        >>> FeedState(due_ms=7, etag="x" * 100).to_json(max_bytes=50)
        {'due_ms': 7}
        """
        values = {name: value for name, value in asdict(self).items() if value}
        for name in ("moved_to", "etag", "modified"):
            if len(orjson.dumps(values)) > max_bytes:
                values.pop(name, None)
        return values

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return the state of `to_json`; values of another type are left out.

        >>> FeedState.from_json({"due_ms": 7, "etag": 3, "later": 1}) == FeedState(due_ms=7)
        True
        """
        if not isinstance(values, dict):
            return cls()
        known: dict[str, Any] = {}
        for each in fields(cls):
            value = values.get(each.name)
            default = each.default if each.default is not MISSING else None
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and isinstance(default, float)
            if is_number or type(value) is type(default):
                known[each.name] = value
        return cls(**known)


def validator(value: str) -> str:
    """Return a validator as it was received; empty if it can't be sent back exactly, or is too long.

    >>> validator('W/"a b"'), validator('"caf\\udce9"')
    ('W/"a b"', '')
    """
    is_plain = all(character.isprintable() and not 0xD800 <= ord(character) < 0xE000 for character in value)
    return value if is_plain and len(value) <= MAX_VALIDATOR_CHARS else ""
