"""Posts per second of processor time from a live source into Kafka, beside those of a file."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import orjson
import pytest

from streams.kafka.admin import ensure_topics
from streams.sources.live import registry
from streams.sources.live.base import Batch, Found, LiveSource
from streams.sources.registry import open_posts
from streams.workers.ingest import ingest
from streams.workers.live_ingest import live_ingest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from streams.config import Config
    from streams.sources.live.base import Position

POSTS: Final = 50_000
BATCH: Final = 200
FLOOR: Final = 5_000
"""Posts a second that catching up needs."""

TEXTS: Final = (
    "Warum ist bei Nordtel schon wieder seit Stunden das Netz weg? Die Hotline ist nicht zu erreichen #nordtel",
    "just had the best coffee of my life, no notes",
    "Acme has raised prices again and nobody told their customers, see https://example.com/a/long/link",
    "さくらが咲きました",
)


def fields(number: int) -> dict[str, object]:
    return {
        "id": f"at://did:plc:{number % 977:024}/app.bsky.feed.post/{number}",
        "created_at": "2026-06-01T12:00:00.000Z",
        "text": f"{TEXTS[number % len(TEXTS)]} {number}",
        "author": f"did:plc:{number % 977:024}",
        "lang": ("de", "en", "en-GB", "ja")[number % 4],
        "url": f"https://bsky.app/profile/{number}",
    }


class Ready(LiveSource):
    """Yields posts that are ready."""

    claims_language = True
    ends = True

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield them all."""
        assert position is None
        found = [Found(fields(number), b"{}", 1_780_000_000_000) for number in range(POSTS)]
        for at in range(0, POSTS, BATCH):
            yield Batch(found[at : at + BATCH], {"at": at})


@pytest.fixture
async def config(kafka_config: Callable[..., Config]) -> Config:
    config = kafka_config(
        sources=[{"id": "wire", "kind": "jetstream"}, {"id": "filtered", "kind": "jetstream", "brand_filter": True}]
    )
    await ensure_topics(config, create=True)
    return config


@pytest.mark.parametrize("source", [0, 1])
async def test_a_live_source(config: Config, source: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.KINDS, "jetstream", f"{__name__}.Ready")
    begun = time.process_time()
    await live_ingest(config, [config.sources[source]], asyncio.Event())
    rate = POSTS / (time.process_time() - begun)
    print(f"{config.sources[source].id}: {rate:,.0f} posts/s")
    assert rate > FLOOR


async def test_a_file(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(fields(number)) for number in range(POSTS)))
    begun = time.process_time()
    with open_posts(str(path), config.ingest.max_record_bytes) as source:
        await ingest(config, source, stop=asyncio.Event())
    print(f"file: {POSTS / (time.process_time() - begun):,.0f} posts/s")
