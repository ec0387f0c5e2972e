"""A source sends more than its share: each of its posts is scored or named by a dead letter, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.kafka.topics import Topics
from streams.records import Envelope, OverQuotaPost, mentions_record_from_bytes, over_quota_from_bytes
from streams.sources.weights import load_model
from tests.support.broker import headers, read_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from streams.config import Config
    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LIMIT: Final = 12
"""Posts of one source in a minute of event time, over four partitions: some hundred posts of the load are more."""

LOAD_SECONDS: Final = 40.0
ROUNDS: Final = 4

Place = tuple[int, OverQuotaPost]
"""Partition, and the post."""


async def named(config: Config) -> tuple[set[Place], int]:
    """What dead letters name as over quota, and how many letters do."""
    letters = [
        letter
        for letter in await read_topic(config, Topics(config.topics).dlq.name)
        if headers(letter)["reason"] == "over_quota"
    ]
    found = {
        (int(headers(letter)["partition"]), post)
        for letter in letters
        for post in over_quota_from_bytes(letter.value).posts
    }
    return found, len(letters)


async def expected(config: Config) -> set[Place]:
    """What one scorer that nobody disturbs does not score."""
    scorer = Scorer(config, load_model())
    rows: dict[int, list[tuple[int, int, bytes | None]]] = {}
    for record in await read_topic(config, Topics(config.topics).posts.name):
        rows.setdefault(record.partition, []).append((record.offset, record.timestamp, record.value))
    found = set()
    for partition, records in rows.items():
        scorer.assign(partition, Position(""))
        found |= {(partition, post) for post in scorer.score(partition, records).over_quota}
    return found


async def mentioned(config: Config) -> Counter[tuple[str, str]]:
    """Source and id of all that was scored and names a brand."""
    envelopes = [
        mentions_record_from_bytes(record.value)
        for record in await read_topic(config, Topics(config.topics).mentions.name)
    ]
    return Counter(
        (mention.source, mention.id)
        for envelope in envelopes
        if isinstance(envelope, Envelope)
        for mention in envelope.mentions
    )


async def test_what_is_over_quota_is_named_by_a_dead_letter(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(ROUNDS)
    async with trial(config={"score": {"max_posts_per_source_per_minute": LIMIT}}, seconds=LOAD_SECONDS) as stage:
        for _ in range(count):
            await asyncio.sleep(LOAD_SECONDS / (count + 2))
            await stage.kill(stage.random.choice(stage.fleet.named("score")))
        row = await stage.verdict("kill -9 of a scorer while sources are over their quota", count)
        refused, letters = await named(stage.config)
        wanted, scored = await expected(stage.config), await mentioned(stage.config)
    row.fault += f" ({len(refused)} posts in {letters} letters)"
    print(Counter(post.source for _, post in refused))
    if refused != wanted:
        row.problems.append(f"{len(wanted - refused)} are named nowhere, {len(refused - wanted)} wrongly")
    both = [post for _, post in refused if (post.source, post.id) in scored]
    if both:
        row.problems.append(f"{len(both)} were scored and are dead letters, such as {both[:3]}")
    if len(refused) < 100:
        row.problems.append(f"only {len(refused)} posts were over quota")
    record(row)
