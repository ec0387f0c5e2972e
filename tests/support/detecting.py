"""A detect worker as a process, a stand-in for the scorers that feed it, and its counts in the topic of windows."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from streams.kafka.clients import acknowledged, consumer, producer
from streams.kafka.topics import Topics
from streams.records import Envelope, Mention, Progress, window_from_bytes
from tests.support.broker import read_topic
from tests.support.patience import PATIENCE_SECONDS
from tests.support.worker import Worker, write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from streams.config import Config

BUCKET_MS = 300_000
ROUND_MS = 10_000
START_MS = 1_700_000_000_000 // BUCKET_MS * BUCKET_MS
BRANDS = ("nordtel", "acme", "globex", "initech", "umbrella")
PER_ROUND = 20


class MentionStream:
    """A stand-in for the scorers: rounds of mentions from every partition of social.posts, and their progress."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._mentions = Topics(config.topics).mentions
        self._random = random.Random(7)
        self._round = 0
        self.sent = Counter[str]()

    async def send(self, rounds: int, pause_seconds: float = 0.0) -> None:
        async with producer(self._config.kafka) as sender:
            for _ in range(rounds):
                sends = []
                for partition in range(self._mentions.partitions):
                    sends += [
                        await sender.send(self._mentions.name, envelope.to_bytes(), key=envelope.brand.encode())
                        for envelope in self._envelopes(partition)
                    ]
                    sends += await self._progress(sender, partition, START_MS + (self._round + 1) * ROUND_MS - 1)
                await acknowledged(self._config.kafka, sends, "sending mentions")
                self._round += 1
                await asyncio.sleep(pause_seconds)

    async def finish(self) -> None:
        """Let event time pass, so that every bucket closes."""
        async with producer(self._config.kafka) as sender:
            for partition in range(self._mentions.partitions):
                end_ms = START_MS + self._round * ROUND_MS + 2 * BUCKET_MS
                await acknowledged(
                    self._config.kafka, await self._progress(sender, partition, end_ms), "sending progress"
                )

    def _envelopes(self, partition: int) -> list[Envelope]:
        mentions: dict[str, list[Mention]] = {}
        for index in range(PER_ROUND):
            offset = self._round * PER_ROUND + index
            ts_ms = START_MS + self._round * ROUND_MS + self._random.randrange(ROUND_MS)
            mention = Mention(
                offset, ts_ms, 0, 6_000, 1_000, self._random.randrange(1, 300), self._random.randrange(1 << 47), 0, 1,
                "de", "forum", f"{partition}-{offset}", ["netz"],
            )  # fmt: skip
            mentions.setdefault(self._random.choice(BRANDS), []).append(mention)
        self.sent.update({brand: len(of_brand) for brand, of_brand in mentions.items()})
        return [Envelope(brand, partition, "topic-1", "m1", START_MS, each) for brand, each in mentions.items()]

    async def _progress(self, sender, partition: int, watermark_ms: int) -> list[asyncio.Future[object]]:  # type: ignore[no-untyped-def]
        offset = (self._round + 1) * PER_ROUND - 1
        start = START_MS + self._round * ROUND_MS
        active = [("forum", [start - start % BUCKET_MS])]
        progress = Progress(
            partition, "topic-1", offset, watermark_ms, START_MS, -1, live=False, active=active, pulse=[]
        )
        return [
            await sender.send(self._mentions.name, progress.to_bytes(), partition=to)
            for to in range(self._mentions.partitions)
        ]


@asynccontextmanager
async def detecting(config: Config, tmp_path: Path, module: str = "streams.cli") -> AsyncIterator[Worker]:
    worker = await Worker.start("detect", write_config(config, tmp_path / "config.yaml"), module=module)
    try:
        yield worker
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.ended()
        print(worker.log)


async def counted(config: Config) -> Counter[str]:
    """Mentions by brand over all windows; a window sent twice counts once, and must not differ."""
    topic = Topics(config.topics).windows
    windows: dict[tuple[str, int], bytes] = {}
    counts = Counter[str]()
    for record in await read_topic(config, topic.name):
        window = window_from_bytes(record.value)
        known = windows.setdefault((window.brand, window.start_ms), record.value)
        assert known == record.value
        if known is record.value:
            counts[window.brand] += window.count + window.late
    return counts


async def wait_until_counted(config: Config, expected: Counter[str], seconds: float = PATIENCE_SECONDS) -> None:
    counts = Counter[str]()
    try:
        async with asyncio.timeout(seconds):
            while (counts := await counted(config)) != expected:  # noqa: ASYNC110  only Kafka can tell
                await asyncio.sleep(0.5)
    except TimeoutError:
        assert counts == expected


async def uncommitted(config: Config) -> int:
    """Records of social.mentions that a restart would read."""
    topics = Topics(config.topics)
    tps = [TopicPartition(topics.mentions.name, partition) for partition in range(topics.mentions.partitions)]
    async with consumer(config.kafka, topics.detect_app) as observer:
        ends = await observer.end_offsets(tps)
        return sum([ends[tp] - (await observer.committed(tp) or 0) for tp in tps])


async def wait_until_consumed(config: Config, seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while await uncommitted(config):  # noqa: ASYNC110  only Kafka can tell
            await asyncio.sleep(0.2)
