"""Feeds misbehave while they are read, and the worker is killed beside them."""

from __future__ import annotations

import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.kafka.admin import ensure_topics
from tests.faults.killing import kill_owner, take_over, two_workers
from tests.faults.source_table import SourceRow
from tests.support.feed_day import feed_day
from tests.support.feeds import item, rss
from tests.support.http_faults import Answer, HttpFaults, busy, gzip_bomb, gzipped, redirect
from tests.support.live_sources import live_worker, until_cursor, until_ingested
from tests.support.moving_feed import MovingFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from streams.config import Config
    from streams.records import Cursor
    from tests.faults.conftest import SourceRecorder
    from tests.support.http_faults import SeenRequest
    from tests.support.live_sources import Ingested

SOURCE: Final = "news"
SECONDS: Final = 300.0

CUT_GZIP: Final = Answer(headers={"Content-Encoding": "gzip"}, body=gzipped(b"<rss/>" * 100).body[:40])  # type: ignore[index]

FAULTS: Final[dict[str, Answer]] = {
    "404": Answer(404),
    "503 with Retry-After": busy(503, 1),
    "429 with Retry-After": busy(429, 1),
    "cut in the head": Answer(cut_after=20),
    "cut in the body": Answer(body=rss([item(number) for number in range(20)]), cut_after=700),
    "reset": Answer(body=b"x" * 100, cut_after=150, reset=True),
    "damaged gzip": CUT_GZIP,
    "gzip bomb of 50 MB": gzip_bomb(50_000_000),
    "2 GB announced": Answer(body=b"<rss>" * 2_000_000, length=2_000_000_000),
    "no HTTP": Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "no feed": Answer(body=b"<!DOCTYPE html><title>Wartung</title>"),
    "deep nesting": Answer(body=b"<rss><channel>" + b"<b>" * 400_000),
    "endless redirects": redirect("/rss"),
    "redirect to nowhere": redirect("http://"),
    "304 unasked": Answer(304),
}


class UnreliableFeed:
    """A feed that is answered by a fault now and then.

    Parameters
    ----------
    feed
        The feed.
    faults
        The faults.
    share
        Share of requests that get one.
    """

    def __init__(self, feed: MovingFeed, faults: Sequence[Answer], share: float, chance: random.Random) -> None:
        self.feed = feed
        self.faults = faults
        self.share = share
        self.count = 0
        self._chance = chance

    def answer(self, request: SeenRequest) -> Answer:
        if self._chance.random() >= self.share:
            return self.feed.answer(request)
        self.count += 1
        return self._chance.choice(self.faults)


@pytest.fixture
async def server() -> AsyncIterator[HttpFaults]:
    async with HttpFaults() as server:
        yield server


@pytest.fixture
def make(kafka_config: Callable[..., Config], server: HttpFaults) -> Callable[..., Any]:
    async def make(*paths: str) -> Config:
        source = {"id": SOURCE, "kind": "feeds", "allow_private": True, "poll_seconds": 1}
        config = kafka_config(sources=[source | {"urls": [server.url(path) for path in paths]}])
        await ensure_topics(config, create=True)
        return config

    return make


async def all_of(config: Config, feed: MovingFeed) -> Ingested:
    expected = feed.published
    return await until_ingested(config, partial(has_ids, expected), SECONDS)


def has_ids(ids: set[str], found: Ingested) -> bool:
    return ids <= found.ids(SOURCE)


def row(fault: str, count: int, config: Config, found: Ingested, ids: set[str], gaps: Any = ()) -> SourceRow:
    return SourceRow.of(f"feeds: {fault}", count, config, found, source=SOURCE, ids=ids, gaps=gaps)


async def test_the_worker_is_killed_while_the_feed_misbehaves(
    make: Callable[..., Any],
    server: HttpFaults,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    feed = MovingFeed(per_second=5, shown=2_000)
    unreliable = UnreliableFeed(feed, list(FAULTS.values()), 0.3, chance)
    server.handle("/rss", unreliable.answer)
    config = await make("/rss")
    async with live_worker(config, tmp_path) as worker:
        await kill_owner(worker, rounds=count, chance=chance, seconds=3)
        feed.stop()
        unreliable.share = 0
        found = await all_of(config, feed)
    record_source(row(f"kill -9, {unreliable.count} faults of all kinds", count, config, found, feed.published))


async def test_a_standby_takes_over(
    make: Callable[..., Any],
    server: HttpFaults,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
) -> None:
    count = rounds(3)
    feed = MovingFeed(per_second=5, shown=2_000)
    server.handle("/rss", feed.answer)
    config = await make("/rss")
    async with two_workers(config, tmp_path) as workers:
        await take_over(*workers, rounds=count)
        feed.stop()
        found = await all_of(config, feed)
    record_source(row("kill -9, a stand-by takes over", count, config, found, feed.published))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_feed_misbehaves_again_and_again(
    make: Callable[..., Any],
    server: HttpFaults,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    fault: str,
) -> None:
    count = rounds(3)
    feed = MovingFeed(per_second=20, shown=2_000)
    unreliable = UnreliableFeed(feed, [FAULTS[fault]], 0, random.Random(1))
    server.handle("/rss", unreliable.answer)
    config = await make("/rss")
    async with live_worker(config, tmp_path) as worker:
        await worker.reads()
        for _ in range(count):
            await server.until_seen("/rss", len(server.requests) + 1)
            unreliable.share, before = 1, unreliable.count
            while unreliable.count <= before:
                await server.until_seen("/rss", len(server.requests) + 1)
            unreliable.share = 0
            await server.until_seen("/rss", len(server.requests) + 1)
        feed.stop()
        found = await all_of(config, feed)
    record_source(row(fault, count, config, found, feed.published))


async def test_a_feed_stalls_with_the_connection_open(
    make: Callable[..., Any], server: HttpFaults, tmp_path: Path, record_source: SourceRecorder
) -> None:
    """Each stall lasts for as long as the client waits, since a process has the real limits; the other feed goes on."""
    stalls = [Answer(stall_before=True), Answer(stall_after=40), Answer(body=b"<rss>" * 99, stall_in_body=9)]
    feed, other = MovingFeed(per_second=2, shown=2_000), MovingFeed(per_second=2, shown=2_000)
    unreliable = UnreliableFeed(feed, stalls, 1, random.Random(1))
    server.handle("/rss", unreliable.answer)
    server.handle("/other", other.answer)
    config = await make("/rss")
    config = config.model_copy(
        update={
            "sources": [
                config.sources[0].model_copy(
                    update={"urls": [server.url("/rss"), server.url("/other", host="localhost")]}
                )
            ]
        }
    )
    async with live_worker(config, tmp_path) as worker:
        await worker.reads()
        await server.until_seen("/rss", 3, SECONDS)
        assert len(server.seen("/other")) > 20
        unreliable.share = 0
        feed.stop()
        other.stop()
        found = await all_of(config, feed)
    record_source(row("stalls: silent, in the head, in the body", 3, config, found, feed.published))


async def test_a_feed_drops_entries_before_they_are_read(
    make: Callable[..., Any],
    server: HttpFaults,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
) -> None:
    ids: set[str] = set()
    count, gaps = rounds(5), []
    config = await make("/rss")
    second_ms = int(time.time()) * 1000 - 3_000_000
    async with live_worker(config, tmp_path) as worker:
        newest_ms = 0
        for turn in range(count + 1):
            numbers = range(1_000 * turn, 1_000 * turn + 10)
            moments = {number: second_ms + 60_000 * turn + 1_000 * (number % 1_000) for number in numbers}
            entries = [item(number, hours_ago=0, at_ms=moments[number]) for number in reversed(numbers)]
            server.rescript("/rss", Answer(headers={"ETag": f'"{turn}"'}, body=rss(entries)))
            ids.update(entry.guid for entry in entries)
            if newest_ms:
                gaps.append((newest_ms, min(moments.values())))
            newest_ms = max(moments.values())
            await worker.reads(1)
            await until_ingested(config, partial(has_ids, ids), SECONDS)
            await until_cursor(config, SOURCE, has_etag(f'"{turn}"'))
            await worker.kill()
            await worker.start()
        await worker.reads()
        found = await until_ingested(config, lambda found: len(found.gaps) >= count, SECONDS)
    record_source(row("entries dropped while the worker is down", count, config, found, ids, gaps))


def has_etag(etag: str) -> Callable[[Cursor], bool]:
    """Return whether a cursor has the validator of its only feed."""
    return lambda cursor: bool(
        cursor.position and [feed.get("etag") for feed in cursor.position["feeds"].values()] == [etag]
    )


async def test_a_day_of_two_hundred_feeds_leaves_nothing_behind() -> None:
    assert await feed_day(feeds=200, timeout_seconds=600) > 1_000
