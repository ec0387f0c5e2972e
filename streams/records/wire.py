"""Functions for all records: decode JSON with a version, refuse invalid bytes, and convert units."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from streams.errors import RecordError, UnknownVersion

SHARE: Final = 10_000
"""Probabilities on the wire are integers from 0 to 10,000."""

MAX_NUMBER: Final = 2**63 - 1
"""Largest offset, time or other number: orjson can encode it, and sums of engagement stay below it."""

MAX_CHARS: Final = 4_096
"""Longest name, link or excerpt in a record of `social.mentions`; scorers write shorter ones."""


def load(value: bytes | None, what: str, known: int) -> dict[str, Any]:
    """Decode a JSON object and check its version.

    Parameters
    ----------
    what
        Kind of record, for messages.
    known
        Newest version that this version of firewatch reads.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type``, ``missing_field`` or ``unknown_version``.
    """
    if not value:
        raise RecordError("empty", f"a {what} without bytes")
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise RecordError("broken_json", f"a {what} that is not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise RecordError("wrong_type", f"a {what} must be a JSON object, got {type(fields).__name__}")
    version = fields.get("v")
    if type(version) is not int or version < 1:
        raise RecordError("missing_field", f"a {what} needs its version 'v', an integer from 1 to {known}")
    if version > known:
        raise UnknownVersion(f"a {what}", version, known)
    return fields


def utc(ms: int) -> datetime:
    """Convert milliseconds since the epoch to an aware datetime.

    >>> utc(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(ms / 1000, UTC)


def epoch_ms(moment: datetime) -> int:
    """Convert an aware datetime to milliseconds since the epoch.

    >>> epoch_ms(utc(1_772_409_600_123))
    1772409600123
    """
    return round(moment.timestamp() * 1000)
