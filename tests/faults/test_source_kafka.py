"""A foreign topic misbehaves while its posts are ingested, and the worker is killed beside it."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from streams.kafka.admin import ensure_topics
from tests.faults.killing import kill_owner, two_workers
from tests.faults.source_table import SourceRow
from tests.support.foreign_kafka import ForeignKafka
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Cursor
    from tests.faults.conftest import SourceRecorder
    from tests.support.live_sources import Ingested

SOURCE: Final = "crawler"
PARTITIONS: Final = 3
PAUSE: Final = 0.01


class Crawler:
    """A program that writes posts to a topic; an async context manager.

    Parameters
    ----------
    foreign
        Its cluster.
    topic
        The topic.
    seed
        Of what it writes where.
    """

    def __init__(self, foreign: ForeignKafka, topic: str, seed: int) -> None:
        self._foreign = foreign
        self._topic = topic
        self._chance = random.Random(seed)
        self.ids: list[str] = []
        self.poison = 0
        self._writing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pause()

    async def _write(self) -> None:
        while True:
            self.post()
            await asyncio.sleep(PAUSE)

    async def pause(self) -> None:
        """Write nothing more."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
            self._writing = None
        self._foreign.flush()

    def post(self, partitions: int = PARTITIONS) -> int:
        """Write a post, now and then twice and with poison beside it; return its time."""
        number, time_ms = len(self.ids), round(time.time() * 1000)
        partition = self._chance.randrange(partitions)
        record = {"post": {"uid": f"p{number}", "body": f"Nordtel ist weg, die {number}.", "ts": str(time_ms)}}
        for _ in range(1 + (self._chance.random() < 0.05)):
            self._foreign.send(self._topic, record, partition=partition)
        if self._chance.random() < 0.05:
            poison = self._chance.choice([b"", b"{", b"\0\0\0\0\x07avro", b"[" * 5_000, b"x" * 80_000])
            self._foreign.send(self._topic, poison, partition=partition)
            self.poison += 1
        self.ids.append(f"p{number}")
        return time_ms


@pytest.fixture
def topic() -> str:
    return f"raw-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def foreign(kafka: str) -> ForeignKafka:
    return ForeignKafka(kafka, **{"compression.type": "zstd"})


@pytest.fixture
async def config(kafka_config: Callable[..., Config], topic: str) -> Config:
    rules: dict[str, Any] = {"id": "post.uid", "text": "post.body", "created_at": "post.ts"}
    entry = {"id": SOURCE, "kind": "kafka", "topic": topic, "start": "earliest", "map": rules}
    made = kafka_config(sources=[entry])
    await ensure_topics(made, create=True)
    return made


async def test_the_worker_is_killed_among_poison_and_repeats(
    config: Config,
    foreign: ForeignKafka,
    topic: str,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    foreign.create(topic, PARTITIONS)
    async with live_worker(config, tmp_path) as worker, Crawler(foreign, topic, seed) as crawler:
        await kill_owner(worker, rounds=count, chance=chance, seconds=3)
        await crawler.pause()
        record_source(await row_of("kafka: kill -9", count, config, crawler))


async def test_the_owner_is_killed_and_another_takes_over(
    config: Config,
    foreign: ForeignKafka,
    topic: str,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    foreign.create(topic, PARTITIONS)
    async with two_workers(config, tmp_path) as workers, Crawler(foreign, topic, seed) as crawler:
        await kill_owner(*workers, rounds=count, chance=chance)
        await crawler.pause()
        record_source(await row_of("kafka: kill -9 of the owner beside a stand-by", count, config, crawler))


async def row_of(fault: str, rounds: int, config: Config, crawler: Crawler) -> SourceRow:
    """Return what became of all that a crawler has written, poison and repeats included, once its posts are there."""
    found = await until_ingested(config, lambda found: set(crawler.ids) <= found.ids(SOURCE), 300)
    fault = f"{fault}, {crawler.poison} poison records, 5 % repeats"
    row = SourceRow.of(fault, rounds, config, found, source=SOURCE, ids=crawler.ids)
    if len(found.dead_letters) < crawler.poison:
        row.problems.append(f"{len(found.dead_letters)} dead letters of {crawler.poison} poison records")
    return row


async def test_records_are_deleted_before_they_are_read(
    config: Config,
    foreign: ForeignKafka,
    topic: str,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count = rounds(5)
    foreign.create(topic)
    crawler, offset = Crawler(foreign, topic, seed), 0
    gaps: list[tuple[int, int]] = []
    lost: set[str] = set()
    crawler._chance.random = lambda: 1.0  # type: ignore[method-assign]  # neither repeats nor poison: offsets are counted
    async with live_worker(config, tmp_path) as worker:
        for _ in range(count):
            last_ms = [crawler.post(1) for _ in range(50)][-1]
            foreign.flush()
            offset += 50
            await until_posts(config, len(crawler.ids) - len(lost))
            await until_cursor(config, SOURCE, partial(is_at, offset))
            await worker.kill()
            for _ in range(30):
                crawler.post(1)
            lost |= set(crawler.ids[-30:])
            await asyncio.sleep(0.01)
            first_ms = crawler.post(1)
            foreign.flush()
            offset += 31
            foreign.delete_before(topic, 0, offset - 1)
            gaps.append((last_ms, first_ms))
            await worker.start()
            await until_ingested(config, lambda found: len(found.gaps) >= len(gaps), 120)
        ids = set(crawler.ids) - lost
        found = await until_ingested(config, lambda found: ids <= found.ids(SOURCE), 120)
    row = SourceRow.of(
        "kafka: retention removes 30 unread records", count, config, found, source=SOURCE, ids=ids, gaps=gaps
    )
    row.problems = [each for each in row.problems if not each.startswith("gaps reported")]
    row.problems += misplaced(found, gaps)
    record_source(row)


def misplaced(found: Ingested, gaps: list[tuple[int, int]]) -> list[str]:
    """Return what is wrong with the bounds of gaps.

    A gap may begin after the last post that was read: when nothing further had come for ten seconds.
    """
    reported = sorted((gap.from_ms, gap.to_ms) for gap in found.gaps)
    fits = [known[0] <= seen[0] <= seen[1] <= known[1] for known, seen in zip(gaps, reported, strict=False)]
    return [] if len(reported) == len(gaps) and all(fits) else [f"gaps reported: {reported}, there were {gaps}"]


def is_at(offset: int, cursor: Cursor) -> bool:
    return cursor.position is not None and bool(cursor.position["partitions"]["0"][0] == offset)


async def test_the_topic_is_created_again(
    config: Config,
    foreign: ForeignKafka,
    kafka: str,
    topic: str,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count = rounds(5)
    foreign.create(topic)
    gaps: list[tuple[int, int]] = []
    ids: list[str] = []
    async with live_worker(config, tmp_path) as worker:
        for number in range(count):
            with ForeignKafka(kafka) as writer:
                crawler = Crawler(writer, topic, seed)
                crawler.ids = [f"p{each}" for each in range(number * 1_000)]
                crawler._chance.random = lambda: 1.0  # type: ignore[method-assign]  # as above
                times = [crawler.post(1) for _ in range(50 + 50 * number)]
            if gaps:
                gaps[-1] = gaps[-1][0], times[0]
            ids += crawler.ids[number * 1_000 :]
            await until_posts(config, len(ids))
            if number < count - 1:
                await until_cursor(config, SOURCE, partial(is_at, len(times)))
                await worker.kill()
                gaps.append((times[-1], 0))
                foreign.recreate(topic)
                await worker.start()
        found = await until_ingested(config, lambda found: len(found.gaps) >= len(gaps), 120)
    fault = "kafka: the topic is deleted and created again"
    row = SourceRow.of(fault, count - 1, config, found, source=SOURCE, ids=ids, gaps=gaps)
    row.problems = [each for each in row.problems if not each.startswith("gaps reported")]
    row.problems += misplaced(found, gaps)  # a topic without records ends its gap with the present
    record_source(row)
