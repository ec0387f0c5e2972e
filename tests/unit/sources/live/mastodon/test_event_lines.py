"""Lines of a stream become events, as the standard of server-sent events says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.sources.live.lines import ReceivedLine
from streams.sources.live.mastodon.event_lines import ServerEvent, server_events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def events_of(text: bytes, max_bytes: int = 100) -> list[ServerEvent | None]:
    async def lines() -> AsyncIterator[ReceivedLine]:
        for line in text.split(b"\n")[:-1]:
            yield ReceivedLine(line[:max_bytes], len(line) > max_bytes)

    return [event async for event in server_events(lines(), max_bytes)]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b":)\n:thump\n", [None, None]),
        (b"event: update\ndata: {}\n\n", [ServerEvent("update", b"{}")]),
        (b"event:update\ndata:{}\n\n", [ServerEvent("update", b"{}")]),
        (b"data: a\ndata:  b\ndata\n\n", [ServerEvent("message", b"a\n b\n")]),
        (b"event: delete\n\ndata: 7\n\n", [ServerEvent("message", b"7")]),
        (b"event: update\ndata: {}\n:thump\nid: 7\nretry: 1\nother\n\n", [None, ServerEvent("update", b"{}")]),
        (b"event: update\ndata: {}\n", []),
        (b"\n\n\n", []),
        (b"event: \xff\ndata: \xff\n\n", [ServerEvent("\ufffd", b"\xff")]),
    ],
)
async def test_lines_become_events_and_signs_of_life(text: bytes, events: list[ServerEvent | None]) -> None:
    assert await events_of(text) == events


@pytest.mark.parametrize("text", [b"data: " + b"x" * 200 + b"\n\n", (b"data: " + b"x" * 60 + b"\n") * 3 + b"\n"])
async def test_data_beyond_the_limit_is_cut_and_the_next_event_is_whole(text: bytes) -> None:
    cut, whole = await events_of(text + b"data: 7\n\n")
    assert cut is not None
    assert cut.is_cut
    assert len(cut.data) <= 100
    assert whole == ServerEvent("message", b"7")
