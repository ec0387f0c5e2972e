"""The form in which a record of a page that was decoded becomes a dead letter."""

from __future__ import annotations

from typing import Any

import orjson


def as_received(record: Any) -> bytes:
    """Return a decoded record as JSON; as text if it is nested more deeply than is written, or else nothing.

    JSON of a thousand levels is read (`streams.core.ingest.parsing.parse`), and of some 250 is written.

    >>> as_received({"id": "7"})
    b'{"id":"7"}'
    """
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        pass
    try:
        return repr(record).encode(errors="replace")
    except RecursionError:
        return b""
