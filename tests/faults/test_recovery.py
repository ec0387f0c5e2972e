"""A detect worker takes over what others left: killed while it reads, from a compacted changelog, from a large one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.config import BrandSettings
from streams.core.score.partitioning import partition_of
from streams.kafka.admin import ensure_topics
from streams.kafka.changelog import Changelog
from streams.kafka.clients import admin, producer
from streams.kafka.topics import Topics
from streams.offline.replay import Replay
from streams.runtime.failpoints import Failpoint
from streams.sources.registry import open_posts
from streams.sources.weights import load_model
from streams.workers.detect_partitions import PartitionMonitors
from tests.faults.table import Row
from tests.support.broker import read_topic, until
from tests.support.saved_state import save

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from streams.config import Config
    from tests.faults.conftest import Recorder
    from tests.faults.load import Load
    from tests.faults.trial import Trial

COMPACTING = {"segment.ms": "1000", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "1000"}


async def kill_while_taking_over(stage: Trial, rounds: int) -> None:
    """Kill all detect workers, and the first of the next ones when they have read a part of the state."""
    detecting = stage.fleet.named("detect")
    for _ in range(rounds):
        await asyncio.sleep(stage.random.uniform(4, 6))
        for member in detecting:
            member.plan(f"{Failpoint.DETECT_RESTORING}:1")
        lives = [member.lives for member in detecting]
        with stage.recovery(detecting[0]):
            await asyncio.gather(*[member.kill() for member in detecting])
            await asyncio.gather(*[member.reborn(life + 1, 120) for member, life in zip(detecting, lives, strict=True)])


async def test_detect_workers_are_killed_while_they_take_over(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    async with trial(seconds=30.0 * count) as stage:
        await kill_while_taking_over(stage, count)
        record(await stage.verdict("kill -9 while taking over state", count))


async def compact_eagerly(config: Config) -> None:
    """Have the broker compact the changelog whenever it can."""
    changelog = Topics(config.topics).changelog
    resource = ConfigResource(ConfigResourceType.TOPIC, changelog.name, changelog.configs() | COMPACTING)
    async with admin(config.kafka) as client:
        await client.alter_configs([resource])


async def state(config: Config) -> tuple[int, dict[bytes, bytes]]:
    """How many records the changelog has, and the newest by key."""
    records = await read_topic(config, Topics(config.topics).changelog.name)
    newest: dict[bytes, bytes] = {}
    save(newest, [(record.key, record.value) for record in records])
    return len(records), newest


async def test_a_compacted_changelog_is_the_same_state(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder
) -> None:
    async with trial(workers={"score": 1, "detect": 1}, seconds=50) as stage:
        await compact_eagerly(stage.config)
        await asyncio.sleep(30)
        (detecting,) = stage.fleet.named("detect")
        await detecting.leave()
        before, expected = await state(stage.config)

        async def compacted() -> bool:
            return (await state(stage.config))[0] < before / 2

        await until(compacted, 120)
        after, found = await state(stage.config)
        assert found == expected
        successor = stage.fleet.start("detect")
        await stage.heard(successor, '"starting"')
        with stage.recovery(successor):
            await stage.heard(successor, '"restored"')
        size = sum(map(len, found.values())) / 1e3
        record(await stage.verdict(f"changelog compacted from {before} to {after} records, {size:.0f} kB", 1))


@pytest.mark.parametrize("brands", [100, 1_000, 3_000])
async def test_how_long_taking_over_takes(
    brands: int, kafka_config: Callable[..., Config], load: Load, record: Recorder
) -> None:
    """The states are those of the load's brands after a day, over and over."""
    made = [{"id": f"brand{number}", "name": "Brand", "match": {"any": [f"brand{number}"]}} for number in range(brands)]
    config = kafka_config(brands=made)
    await ensure_topics(config, create=True)
    entries = states(config, load)
    partitions = range(config.topics.partitions)
    async with Changelog(config) as changelog:
        await changelog.acquire(partitions)
        for first in range(0, len(entries), 1_000):
            await changelog.write(entries[first : first + 1_000])
    began = time.monotonic()
    async with producer(config.kafka) as sender, Changelog(config) as changelog:
        found = await changelog.acquire(partitions)
        PartitionMonitors(config, sender, changelog).restore(partitions, found)
    row = Row("", 1, 0, recovery_seconds=[time.monotonic() - began])
    size = sum(map(len, found.values())) / 1e6
    row.fault = f"taking over {brands:,} brands, {size:.1f} MB of state"
    if found != {key: value for _, key, value in entries}:
        row.problems.append("what was read is not what was written")
    record(row)


def states(config: Config, load: Load) -> list[tuple[int, bytes, bytes]]:
    """Partition, key and value of as many brands as the config has."""
    replay = Replay(
        config.model_copy(update={"brands": [BrandSettings.model_validate(brand) for brand in load.brands]}),
        load_model(),
        lambda _: None,
    )
    with open_posts(str(load.posts), config.ingest.max_record_bytes) as source:
        replay.run(source)
    saved: dict[bytes, bytes] = {}
    save(saved, replay._monitor.dirty())
    values = [value for key, value in saved.items() if b"\x00" not in key]
    return [
        (partition_of(brand.id.encode(), config.topics.partitions), brand.id.encode(), values[number % len(values)])
        for number, brand in enumerate(config.brands)
    ]
