"""How many posts a second can be pushed: HTTP, JSON and field maps alone, in processor time of one core."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from streams.sources.live.base import ItemOutcome, Surroundings
from streams.sources.live.registry import make_source
from tests.support.patience import until
from tests.support.pushing import config_with, lines

if TYPE_CHECKING:
    from pathlib import Path

    from streams.sources.live.base import LiveSource

CLIENT = """
import asyncio, sys, aiohttp
url, requests, body, media = sys.argv[1], int(sys.argv[2]), open(sys.argv[3], "rb").read(), sys.argv[4]
async def push(session):
    for _ in range(requests // 4):
        async with session.post(url, data=body, headers={"Content-Type": media}) as answer:
            assert answer.status == 202, await answer.text()
            await answer.read()
async def main():
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(push(session) for _ in range(4)))
asyncio.run(main())
"""

INGESTED = ItemOutcome("ingested")


def records(count: int) -> list[dict[str, Any]]:
    """Return posts of 330 bytes."""
    text = "Nordtel ist schon wieder weg, seit heute Morgen geht hier in der Stadt gar nichts mehr, danke für nichts. "
    return [
        {
            "id": f"p{number}", "created_at": "2026-03-02T10:10:00Z", "text": 2 * text, "author": f"kim{number}",
            "lang": "de", "url": f"https://forum.example/{number}", "likes": 3,
        }
        for number in range(count)
    ]  # fmt: skip


async def settle(source: LiveSource) -> None:
    async with aclosing(source.batches(None)) as batches:
        async for batch in batches:
            if batch.settled is not None:
                batch.settled([INGESTED] * len(batch.items))


@pytest.mark.parametrize(
    ("media", "posts", "requests", "floor"),
    [
        ("application/x-ndjson", 500, 200, 15_000),
        ("application/json", 500, 100, 10_000),
        ("application/json", 1, 2_000, 400),
    ],
)
async def test_pushing(tmp_path: Path, media: str, posts: int, requests: int, floor: int) -> None:
    config = config_with({})
    source = make_source(config.sources[0], Surroundings(config))
    settling = asyncio.create_task(settle(source))
    await until(lambda: "listens on" in source.health.facts)
    pushed = records(posts)
    body = lines(pushed) if "ndjson" in media else json.dumps(pushed).encode()
    (tmp_path / "body").write_bytes(body)
    begun = time.process_time()
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, source.health.facts["listens on"], str(requests), str(tmp_path / "body"), media
    )
    assert await client.wait() == 0
    rate = posts * requests / (time.process_time() - begun)
    print(f"{media} in requests of {posts}: {rate:,.0f} posts/s")
    settling.cancel()
    with suppress(asyncio.CancelledError):
        await settling
    assert rate > floor
