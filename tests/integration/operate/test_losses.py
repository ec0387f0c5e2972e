"""Records that retention deletes before a worker has processed them, on a real broker: status names them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from streams.operate.status import status
from streams.records import Post
from streams.records.dead_letters import LOST_TO_RETENTION
from streams.workers.bridge import bridge
from streams.workers.receivers import sender_for
from tests.support.alerts import START_MS, alert
from tests.support.broker import delete_records, headers, lag, read_topic, send, until
from tests.support.detecting import MentionStream, detecting, wait_until_consumed
from tests.support.scoring import scoring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import pytest

    from streams.config import Config


def posts_of(count: int, first: int = 0) -> list[tuple[bytes, bytes]]:
    posts = [
        Post(id=str(number), source="forum", ts_ms=START_MS + number * 1_000, text=f"Nordtel {number}", author="anna")
        for number in range(first, first + count)
    ]
    return [(post.key, post.to_bytes()) for post in posts]


@asynccontextmanager
async def bridging(config: Config) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(bridge(config, sender_for("slack", config), stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def lost(config: Config, dlq: str) -> int:
    """Return the number of records that dead letters name as lost."""
    letters = [headers(record) for record in await read_topic(config, dlq)]
    return sum(int(each.get("records", "1")) for each in letters if each["reason"] == LOST_TO_RETENTION)


async def problems(config: Config) -> list[str]:
    return (await status(config, max_lag=1_000_000, stale_seconds=1e9)).problems


async def test_posts_deleted_before_they_were_scored_are_a_problem(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config()
    topics = Topics(config.topics)
    await ensure_topics(config, create=True)
    await send(config, topics.posts.name, posts_of(100))
    async with scoring(config) as worker:
        await worker.until_committed(100)
    await send(config, topics.posts.name, posts_of(300, first=100))
    await delete_records(config, topics.posts.name, keep=10)
    async with scoring(config) as worker:
        await worker.until_committed(400)
    assert await lost(config, topics.dlq.name) == 300 - 4 * 10
    assert any(
        "260 records of" in problem and "social.posts were deleted" in problem for problem in await problems(config)
    )


async def test_mentions_deleted_before_they_were_counted_are_a_problem(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    config = kafka_config()
    topics = Topics(config.topics)
    await ensure_topics(config, create=True)
    stream = MentionStream(config)
    await stream.send(5)
    async with detecting(config, tmp_path) as worker:
        await wait_until_consumed(config)
        assert await worker.end() == 0
    await stream.send(20)
    await delete_records(config, topics.mentions.name, keep=10)
    async with detecting(config, tmp_path) as worker:
        await wait_until_consumed(config)
        assert await worker.end() == 0
    assert await lost(config, topics.dlq.name) > 0
    assert any("social.mentions were deleted" in problem for problem in await problems(config))


async def test_alerts_deleted_before_they_were_delivered_are_a_problem(
    kafka_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = kafka_config()
    topics = Topics(config.topics)
    monkeypatch.setenv("FIREWATCH_SLACK_URL", "http://127.0.0.1:9/unreachable")
    await ensure_topics(config, create=True)

    async def raised(name: str) -> None:
        await send(config, topics.alerts.name, [(b"nordtel", alert(name, name, suppressed="cold_start").to_bytes())])

    await raised("first")
    async with bridging(config):
        await until(lambda: _is_read(config))
    for number in range(5):
        await raised(f"missed-{number}")
    await delete_records(config, topics.alerts.name, keep=1)
    async with bridging(config):
        await until(lambda: _is_read(config))
    assert await lost(config, topics.alerts_dlq.name) == 4
    (problem,) = (each for each in await problems(config) if "social.alerts were deleted" in each)
    assert problem.startswith("4 records of")


async def _is_read(config: Config) -> bool:
    return await lag(config, "bridge-slack", Topics(config.topics).alerts.name) == 0
