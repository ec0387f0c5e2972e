"""Posts of a Jetstream server arrive in Kafka, each counted once, whatever happens to the worker and the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from streams.kafka.admin import ensure_topics
from tests.support.jetstream_faults import Chances, FaultyJetstream
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploy.local.jetstream_server import JetstreamServer
    from streams.config import Config
    from streams.records import Cursor


@pytest.fixture
def make(kafka_config: Callable[..., Config]) -> Callable[..., Any]:
    async def make(*servers: JetstreamServer, **settings: Any) -> Config:
        source = {"id": "bluesky", "kind": "jetstream", "hosts": [server.url for server in servers]}
        config = kafka_config(sources=[source | {"backfill_seconds": 3600, "overlap_seconds": 5} | settings])
        await ensure_topics(config, create=True)
        return config

    return make


def feed(server: JetstreamServer, first: int, last: int) -> set[str]:
    """Add posts, and return their texts."""
    texts = set()
    for number in range(first, last + 1):
        texts.add(text := f"Nordtel ist weg, die {number}.")
        server.post({"id": f"p{number}", "author": f"a{number % 7}", "text": text, "langs": ["de"]})
    return texts


def reached(seq: int) -> Callable[[Cursor], bool]:
    """Return whether a cursor is at the event with a number."""
    return lambda cursor: cursor.position is not None and cursor.position.get("seq") == seq


async def test_posts_edits_deletions_and_what_is_no_post_arrive_as_what_they_are(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    async with FaultyJetstream(chances=Chances(garbage=0.2)) as server:
        config = await make(server)
        feed(server, 1, 20)
        server.post({"id": "p1", "author": "a1", "text": "Nordtel ist wieder da.", "edited": True})
        server.delete("p2")
        server.account("a3", active=False, status="deleted")
        server.post({"id": "p21", "author": "a0", "text": ""})
        async with live_worker(config, tmp_path):
            found = await until_ingested(config, lambda found: bool(found.author_deletions))
            await until_cursor(config, "bluesky", reached(24))
        found = await until_posts(config, 20)
    assert len(found.ids("bluesky")) == 20
    assert found.repeats() == 0
    assert {post.text for post in found.posts if post.id.endswith("/p1")} == {
        "Nordtel ist weg, die 1.", "Nordtel ist wieder da.",
    }  # fmt: skip
    assert [deletion.id.rpartition("/")[2] for deletion in found.deletions] == ["p2"]
    assert {deletion.author for _, deletion in found.author_deletions} == {
        post.author for post in found.posts if post.id.endswith("/p3")
    }
    assert len(found.dead_letters) == server.faults["garbage"] > 0


async def test_a_worker_that_is_killed_resumes_and_what_is_gone_is_a_gap(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    async with FaultyJetstream() as server:
        config = await make(server)
        async with live_worker(config, tmp_path) as worker:
            expected = feed(server, 1, 50)
            await until_posts(config, 50)
            await worker.kill()
            expected |= feed(server, 51, 100)
            await worker.start()
            await until_posts(config, 100)
            await until_cursor(config, "bluesky", reached(100))
            await worker.kill()
            last_ms = server._events[-1].time_us // 1000
            await asyncio.sleep(0.01)
            feed(server, 101, 120)
            server.forget(110)
            await worker.start()
            found = await until_posts(config, 110)
    assert {post.text for post in found.posts} == expected | {f"Nordtel ist weg, die {n}." for n in range(111, 121)}
    (gap,) = found.gaps
    first = next(event for event in server._events if event.seq == 111)
    assert (gap.source, gap.cause) == ("bluesky", "cursor_too_old")
    assert (gap.from_ms, gap.to_ms) == (last_ms, first.time_us // 1000)
