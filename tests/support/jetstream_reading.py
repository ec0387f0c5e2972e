"""Posts of a local Jetstream server, and a reading of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.live_reading import LiveReader

if TYPE_CHECKING:
    from deploy.local.jetstream_events import Wire
    from deploy.local.jetstream_server import JetstreamServer

BOTH: Final[list[tuple[Wire, ...]]] = [("v2",), ("v1",)]
"""The wires of servers that speak one of them."""


def post(number: int, **fields: Any) -> dict[str, Any]:
    """Return a post with a number, as a server takes it."""
    return {
        "id": f"p{number}",
        "author": "kim",
        "text": f"post {number}",
        "created_at": "2026-03-02T10:15:00Z",
    } | fields


def texts(first: int, last: int) -> list[str]:
    """Return the texts of the posts with some numbers."""
    return [f"post {number}" for number in range(first, last + 1)]


def reader_of(*servers: JetstreamServer, **settings: Any) -> LiveReader:
    """Return a reader of servers, which begins an hour ago by default."""
    settings = {"backfill_seconds": 3600} | settings
    return LiveReader("jetstream", hosts=[server.url for server in servers], **settings)
