"""Kills and faults at random moments: each post that a listing still has arrives, whatever happened before."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.errors import SourceError
from streams.sources.live.base import Found
from tests.support.http_faults import Answer, busy, gzip_bomb
from tests.support.reddit_reading import START_MS, RedditReader

if TYPE_CHECKING:
    from tests.support.http_faults import SeenRequest
    from tests.support.reddit_server import RedditServer

ROUNDS: Final = 30

FAULTS: Final = (
    Answer(500), Answer(503), busy(429, 1), Answer(401), Answer(403), Answer(404), Answer(body=b"<html>"),
    Answer(cut_after=40), Answer(body=b" " * 900, cut_after=300), Answer(body=b"[" * 50_000), gzip_bomb(40_000_000),
    Answer(raw=b"\x00\x01\r\n\r\n"), Answer(body=b"x" * 10, reset=True),
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_post_is_lost_through_thirty_kills_and_faults(server: RedditServer, seed: int) -> None:
    chance = random.Random(seed)
    server.left = None
    answered = server._answer_to

    async def disturbed(request: SeenRequest) -> Answer:
        return chance.choice(FAULTS) if chance.random() < 0.08 else await answered(request)

    published = {server.post(START_MS - 1000, "first"), server.comment(START_MS - 1000, "first")}
    reader = RedditReader(server, reread_hours=1)
    await reader.poll()
    server._answer_to = disturbed  # type: ignore[method-assign]
    saved: list[Any] = [reader.position]
    failures = 0
    for number in range(ROUNDS):
        at_ms = START_MS + number * 600_000
        published |= {
            (server.post if chance.random() < 0.5 else server.comment)(at_ms + each * 1000, f"{number} {each}")
            for each in range(chance.choice([0, 5, 90, 220]))
        }
        try:
            await reader.poll(times=chance.choice([1, 2]))
        except SourceError:
            failures += 1
        saved.append(reader.position)
        reader.position = chance.choice(saved[-2:])  # it is killed before or after the position is saved
        reader.restart()
    server._answer_to = answered  # type: ignore[method-assign]
    await reader.poll()
    found = {item.fields["id"] for item in reader.items if isinstance(item, Found)}
    assert failures > 2
    assert reader.gaps == []
    assert published - found == set()
