"""Live sources on a real broker: what the status says of them, and where deletions of authors and gaps go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.kafka.admin import ensure_topics
from streams.kafka.clients import producer
from streams.kafka.topics import Topics
from streams.operate.status import status
from streams.records import (
    AuthorDeletion,
    AuthorDeletions,
    Cursor,
    Gap,
    Gaps,
    Owner,
    Post,
    RecentGap,
    destinations,
    mentions_record_from_bytes,
)
from streams.runtime import clock
from tests.support.broker import read_topic, send, until
from tests.support.scoring import scoring

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from streams.records import PostsRecord

SOURCES = [
    {"id": "bluesky", "kind": "jetstream", "expected_silence_seconds": 600},
    {"id": "push", "kind": "webhook", "listen": "127.0.0.1:8480"},
]


async def write(config: Config, *records: PostsRecord) -> None:
    """Write records as the worker of live sources does."""
    topic = Topics(config.topics).posts
    async with producer(config.kafka) as client:
        for record in records:
            for partition in destinations(record, topic.partitions):
                await client.send_and_wait(topic.name, record.to_bytes(), key=record.key, partition=partition)


async def test_the_status_tells_of_each_source_how_fresh_it_is_and_what_it_missed(
    kafka_config: Callable[..., Config],
) -> None:
    config = kafka_config(sources=SOURCES)
    await ensure_topics(config, create=True)
    now_ms = clock.now_ms()
    cursor = Cursor(
        source="bluesky", kind="jetstream", saved_ms=now_ms, owner=Owner(instance="a", host="node7", pid=1),
        state="live", heard_ms=now_ms, post_ms=now_ms - 3_600_000, behind_ms=40,
        gaps=[RecentGap(from_ms=now_ms - 600_000, to_ms=now_ms - 300_000, cause="cursor_too_old")],
    )  # fmt: skip
    await send(config, Topics(config.topics).cursors.name, [(cursor.key, cursor.to_bytes())])
    posts = [Post(str(number), "bluesky", now_ms, "Nordtel", author="anna") for number in range(40)]
    await write(config, *posts, Gap("bluesky", now_ms - 600_000, now_ms - 300_000, "cursor_too_old"))
    found = await status(config, max_lag=1_000_000, stale_seconds=1e9)
    bluesky, push = found.sources
    assert (bluesky.state, bluesky.owner, bluesky.posts_per_minute) == ("live", "node7:1", 4.0)
    assert (push.state, push.reads) == ("never read", "127.0.0.1:8480")
    problems = [problem for problem in found.problems if "source" in problem]
    assert len(problems) == 3
    assert "source bluesky has delivered no post for 60 minutes" in problems[0]
    assert "a gap was found in source bluesky in the last hour" in problems[1]
    assert "source push has never been read" in problems[2]


async def test_deletions_of_authors_and_gaps_reach_every_partition_of_the_mentions(
    kafka_config: Callable[..., Config],
) -> None:
    config = kafka_config(sources=SOURCES)
    await ensure_topics(config, create=True)
    topics, now_ms = Topics(config.topics), clock.now_ms()
    posts = [Post(str(number), "bluesky", now_ms, "Nordtel", author="anna") for number in range(9)]
    gap = Gap("bluesky", now_ms - 600_000, now_ms - 300_000, "cursor_too_old")
    await write(config, *posts, AuthorDeletion("anna", "bluesky"), gap)
    deleted: set[tuple[int, int]] = set()
    gaps: set[tuple[int, int]] = set()

    async def all_passed_on() -> bool:
        for record in await read_topic(config, topics.mentions.name):
            content = mentions_record_from_bytes(record.value)
            if isinstance(content, AuthorDeletions):
                deleted.add((record.partition, content.partition))
            elif isinstance(content, Gaps):
                gaps.add((record.partition, content.partition))
        return len(deleted) == config.topics.partitions**2 and len(gaps) == config.topics.partitions

    async with scoring(config):
        await until(all_passed_on)
    assert {partition for partition, _ in gaps} == set(range(config.topics.partitions))
    assert not await read_topic(config, topics.dlq.name)
