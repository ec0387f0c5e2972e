"""Subreddits on a real Kafka: each post is there once, or a gap with its exact bounds is, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.kafka.admin import ensure_topics
from streams.runtime import clock
from tests.support.http_faults import Answer
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts
from tests.support.reddit_server import CLIENT_SECRET, RedditServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from streams.config import Config


@pytest.fixture
async def server() -> AsyncIterator[RedditServer]:
    async with RedditServer() as server:
        server.left = None
        yield server


@pytest.fixture
def make(kafka_config: Callable[..., Config], server: RedditServer, tmp_path: Path) -> Callable[..., Any]:
    async def make(**options: Any) -> Config:
        secret = tmp_path / "secret"
        secret.write_text(CLIENT_SECRET)
        entry = server.settings(client_secret_file=str(secret), poll_seconds=2, **options)
        config = kafka_config(sources=[entry])
        await ensure_topics(config, create=True)
        return config

    return make


def publish(server: RedditServer, count: int, begin_ms: int) -> list[str]:
    """Publish posts and comments in turn, one a second."""
    return [
        (server.comment if number % 2 else server.post)(begin_ms + number * 1000, f"Nordtel {number}")
        for number in range(count)
    ]


async def test_a_killed_worker_reads_back_and_a_gap_has_its_exact_bounds(
    make: Callable[..., Any], server: RedditServer, tmp_path: Path
) -> None:
    config = await make()
    begin_ms = clock.now_ms() // 1000 * 1000 - 7_200_000
    expected = set(publish(server, 100, begin_ms))
    async with live_worker(config, tmp_path) as worker:
        await until_posts(config, 100)
        expected |= set(publish(server, 600, begin_ms + 600_000))
        await server.until_seen("/r/nordtel/comments", 3)
        await worker.kill()
        expected |= set(publish(server, 700, begin_ms + 1_800_000))
        await worker.start()
        found = await until_posts(config, len(expected))
        assert (found.ids("reddit"), found.gaps) == (expected, [])
        last_ms = begin_ms + 1_800_000 + 698_000
        await until_cursor(config, "reddit", lambda cursor: (cursor.position or {})["new"]["newest_ms"] == last_ms)
        await worker.kill()
        lost = [server.post(begin_ms + 3_000_000 + number * 1000, "Nordtel") for number in range(1_200)]
        expected |= set(lost[200:])
        await worker.start()
        found = await until_ingested(config, lambda found: bool(found.gaps) and len(found.ids()) == len(expected))
        assert found.ids("reddit") == expected
        assert {(gap.from_ms, gap.to_ms, gap.cause, gap.part) for gap in found.gaps} == {
            (last_ms, begin_ms + 3_200_000, "no_overlap", "new")
        }
        assert found.dead_letters == []
        assert CLIENT_SECRET not in worker.log


async def test_deletions_edits_and_failures_on_the_way(
    make: Callable[..., Any], server: RedditServer, tmp_path: Path
) -> None:
    config = await make()
    begin_ms = clock.now_ms() // 1000 * 1000 - 600_000
    names = publish(server, 20, begin_ms)
    async with live_worker(config, tmp_path) as worker:
        await until_posts(config, 20)
        server.remove(names[0])
        server.edit(names[2], clock.now_ms(), "Nordtel, korrigiert")
        server.script("/r/nordtel/new", Answer(503), Answer(cut_after=100, body=b" " * 500), Answer(body=b"<html>"))
        await worker.says("source failed", times=3)
        server.rescript("/r/nordtel/new")
        later = server.post(begin_ms + 60_000, "Nordtel danach")
        found = await until_ingested(
            config,
            lambda found: (
                later in found.ids()
                and bool(found.deletions)
                and any(post.text == "Nordtel, korrigiert" for post in found.posts)
            ),
        )
    assert [each.id for each in found.deletions] == [names[0]]
    assert found.ids("reddit") == {*names, later}
    assert found.gaps == []
