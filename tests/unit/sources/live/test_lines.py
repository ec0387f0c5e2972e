"""Lines of an endless answer arrive whole, however they are cut on the wire, and long ones don't cost memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.sources.live.http import SourceHttp
from streams.sources.live.lines import ReceivedLine, received_lines
from tests.support.http_faults import Answer, HttpFaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.http_faults import SeenRequest


async def lines_of(answer: Answer, max_bytes: int = 10) -> list[ReceivedLine]:
    async with HttpFaults() as server, SourceHttp("s", allow_private=True) as client:
        server.script("/", answer)
        async with client.stream(server.url(), silence_seconds=30) as opened:
            return [line async for line in received_lines(opened, max_bytes)]


BODY = b"one\n\r\ntwo\r\n0123456789\n0123456789\r\n0123456789A\nand" + b"x" * 5_000 + b"\nlast\n"
LINES = [
    ReceivedLine(b"one"),
    ReceivedLine(b""),
    ReceivedLine(b"two"),
    ReceivedLine(b"0123456789"),
    ReceivedLine(b"0123456789"),
    ReceivedLine(b"0123456789", is_cut=True),
    ReceivedLine(b"andxxxxxxx", is_cut=True),
    ReceivedLine(b"last"),
]


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
async def test_lines_are_whole_however_they_arrive(size: int) -> None:
    async def parts(_: SeenRequest) -> AsyncIterator[bytes]:
        for start in range(0, len(BODY), size):
            yield BODY[start : start + size]

    assert await lines_of(Answer(body=parts)) == LINES


async def test_what_follows_the_last_end_of_a_line_is_no_line() -> None:
    assert await lines_of(Answer(body=b"whole\nhal")) == [ReceivedLine(b"whole")]
