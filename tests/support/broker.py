"""What tests ask of the broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.kafka.clients import acknowledged, admin, consumer, producer
from streams.kafka.names import group_of
from streams.kafka.offsets import group_offsets
from streams.kafka.topics import Topics
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiokafka.structs import ConsumerRecord

    from streams.config import Config


async def send(config: Config, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Send records, each a key and a value, and wait until all are acknowledged."""
    async with producer(config.kafka) as sender:
        sends = [await sender.send(topic, value, key=key) for key, value in records]
        await acknowledged(config.kafka, sends, "sending")


async def read_topic(config: Config, topic: str) -> list[ConsumerRecord]:
    """All records, in order within each partition."""
    (defined,) = (each for each in Topics(config.topics).all() if each.name == topic)
    partitions = [TopicPartition(topic, partition) for partition in range(defined.partitions)]
    reader = AIOKafkaConsumer(bootstrap_servers=config.kafka.bootstrap_servers, isolation_level="read_committed")
    await reader.start()
    try:
        reader.assign(partitions)
        ends = await reader.end_offsets(partitions)
        for tp, begin in (await reader.beginning_offsets(partitions)).items():
            reader.seek(tp, begin)
        records = []
        while any([await reader.position(tp) < ends[tp] for tp in partitions]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                records += batch
    finally:
        await reader.stop()
    return sorted(records, key=lambda record: (record.partition, record.offset))


async def lag(config: Config, name: str, topic: str) -> int:
    """Return how many records of a topic the group of a worker would still read after a restart."""
    (defined,) = (each for each in Topics(config.topics).all() if each.name == topic)
    async with consumer(config.kafka, group_of(name, config.topics)) as observer:
        offsets = await group_offsets(observer, config.kafka, topic, range(defined.partitions))
    return sum(each.lag for each in offsets.values())


def headers(record: ConsumerRecord) -> dict[str, str]:
    """Headers as text."""
    return {name: value.decode() for name, value in record.headers}


async def delete_records(config: Config, topic: str, keep: int) -> None:
    """Delete all records but the latest `keep` of each partition, as retention does."""
    (defined,) = (each for each in Topics(config.topics).all() if each.name == topic)
    tps = [TopicPartition(topic, partition) for partition in range(defined.partitions)]
    async with consumer(config.kafka, None) as reader:
        ends = await reader.end_offsets(tps)
        begins = await reader.beginning_offsets(tps)
    async with admin(config.kafka) as client:
        befores = {tp: max(begins[tp], ends[tp] - keep) for tp in tps}
        await client.delete_records({tp: RecordsToDelete(before_offset=before) for tp, before in befores.items()})


async def delete_topic(config: Config, topic: str) -> None:
    """Delete a topic and wait until it is gone."""
    async with admin(config.kafka) as client:
        await client.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await client.list_topics()

        await until(gone)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Ask again and again until the answer is yes."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  the broker sets no events
            await asyncio.sleep(0.05)
