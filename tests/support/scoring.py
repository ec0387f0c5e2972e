"""A score worker as a task of the test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.kafka.admin import ensure_topics
from streams.kafka.clients import admin
from streams.sources.registry import open_posts
from streams.workers.ingest import ingest
from streams.workers.score import score
from tests.support.broker import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from streams.config import Config


class ScoreTask:
    """A score worker as a task of the test."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stop = asyncio.Event()
        self.task = asyncio.create_task(score(config, self._stop))

    async def stop(self) -> None:
        self._stop.set()
        await self.task

    async def crash(self) -> None:
        """End it wherever it is: no batch is finished, nothing is committed."""
        self.task.cancel()
        await asyncio.wait({self.task})

    async def until_committed(self, count: int) -> None:
        async def reached() -> bool:
            if self.task.done():
                self.task.result()
            return await committed(self._config) >= count

        await until(reached)


@asynccontextmanager
async def scoring(config: Config) -> AsyncIterator[ScoreTask]:
    worker = ScoreTask(config)
    try:
        yield worker
    finally:
        if not worker.task.done():
            await worker.stop()


async def committed(config: Config) -> int:
    async with admin(config.kafka) as client:
        try:
            offsets = await client.list_consumer_group_offsets(f"{config.topics.prefix}firewatch-score")
        except GroupCoordinatorNotAvailableError:  # a new broker, before the first group
            return 0
    return sum(max(0, each.offset) for each in offsets.values())


async def ingest_and_score(config: Config, posts: Path) -> None:
    """Ingest and score a file."""
    await ensure_topics(config, create=True)
    with open_posts(str(posts), config.ingest.max_record_bytes) as source:
        summary = await ingest(config, source, stop=asyncio.Event())
    async with scoring(config) as worker:
        await worker.until_committed(summary.ingested)
