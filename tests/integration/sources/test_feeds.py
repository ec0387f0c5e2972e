"""Feeds are read on a real Kafka: each entry that was shown is there, whatever happens to the worker or the feed."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.kafka.admin import ensure_topics
from tests.support.feeds import item, rss
from tests.support.http_faults import Answer, HttpFaults, redirect
from tests.support.live_sources import Ingested, live_worker, until_cursor, until_ingested
from tests.support.moving_feed import MovingFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from streams.config import Config


@pytest.fixture
async def server() -> AsyncIterator[HttpFaults]:
    async with HttpFaults() as server:
        yield server


@pytest.fixture
def make(kafka_config: Callable[..., Config], server: HttpFaults) -> Callable[..., Any]:
    async def make(*paths: str, **settings: Any) -> Config:
        source = {
            "id": "news", "kind": "feeds", "urls": [server.url(path) for path in paths], "allow_private": True,
            "poll_seconds": 1,
        } | settings  # fmt: skip
        config = kafka_config(sources=[source])
        await ensure_topics(config, create=True)
        return config

    return make


def has_all(found: Ingested) -> bool:
    return len(found.ids()) == 4 and bool(found.gaps and found.dead_letters)


def has_posts(count: int, found: Ingested) -> bool:
    return len(found.ids()) >= count


async def test_entries_of_all_kinds_have_their_outcome_in_kafka(
    make: Callable[..., Any], server: HttpFaults, tmp_path: Path
) -> None:
    now_ms = int(time.time() * 1000)
    first = [item(2, hours_ago=0.2, at_ms=now_ms), item(1, hours_ago=0.5, at_ms=now_ms)]
    later = [item(9, hours_ago=0.01, at_ms=now_ms)]
    items = [7, {"id": "urn:old", "content_text": "Kein Netz", "date_published": "2020-01-01T00:00:00Z"}]
    json_feed = {"version": "https://jsonfeed.org/version/1", "items": items}
    server.script("/rss", Answer(body=rss(first)), Answer(body=rss(later)))
    server.script("/json", Answer(body=orjson.dumps(json_feed)))
    server.script("/moved", redirect("/rss2", 301))
    server.script("/rss2", Answer(body=rss([item(20, hours_ago=0.3, at_ms=now_ms)])))
    server.script("/gone", Answer(410))
    server.script("/page", Answer(body=b"<!DOCTYPE html><title>Wartung</title>"))
    config = await make("/rss", "/json", "/moved", "/gone", "/page")
    async with live_worker(config, tmp_path) as worker:
        await worker.reads()
        found = await until_ingested(config, has_all)
    assert found.ids("news") == {f"tag:news.example,2026:{number}" for number in (1, 2, 9, 20)}
    assert found.dead_letters == [("wrong_type", b"7")]
    [gap] = found.gaps
    assert (gap.source, gap.cause, gap.part) == ("news", "no_overlap", f"127.0.0.1:{server.port}/rss")
    newest_before, oldest_after = (now_ms - hours * 3_600_000 for hours in (0.2, 0.01))
    assert abs(gap.from_ms - newest_before) < 1_000
    assert abs(gap.to_ms - oldest_after) < 1_000
    assert len(server.seen("/gone")) == 1


async def test_a_killed_worker_resumes_without_loss_and_asks_conditionally(
    make: Callable[..., Any], server: HttpFaults, tmp_path: Path
) -> None:
    feed = MovingFeed(per_second=10, shown=1_500)  # a slow machine may take two minutes for a restart
    server.handle("/rss", feed.answer)
    config = await make("/rss")
    async with live_worker(config, tmp_path) as worker:
        for kills in range(3):
            await worker.reads()
            await until_ingested(config, partial(has_posts, 30 * (kills + 1)))
            await worker.kill()
            await worker.start()
        await worker.reads()
        feed.stop()
        found = await until_ingested(config, lambda found: found.ids() >= feed.published)
        cursor = await until_cursor(config, "news", lambda cursor: cursor.position is not None)
    assert found.ids() == feed.published
    assert not found.gaps
    assert not found.dead_letters
    restarts = [request for request in server.requests if "if-none-match" not in request.headers]
    assert len(restarts) <= 1 + 3  # no more than the first request of each run had no validators
    assert list((cursor.position or {})["feeds"]) == [f"127.0.0.1:{server.port}/rss"]
