"""The pinned aiokafka and Faust against the pinned Kafka: every kind of request that firewatch depends on."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import OffsetAndMetadata

from tests.support.broker import until
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from faust.types import StreamT

RECORDS = 1_000
PARTITIONS = 4


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def topic(admin: AIOKafkaAdminClient) -> str:
    name = f"compatibility-{uuid.uuid4().hex[:8]}"
    await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs={"retention.ms": "3600000"})])

    async def known() -> bool:
        """Whether the broker's metadata has the topic, which it gets after the request is answered."""
        (described,) = await admin.describe_topics([name])
        return bool(described["partitions"])

    await until(known)
    return name


async def produce(kafka: str, topic: str, first: int = 0) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, acks="all") as producer:
        sent = [
            await producer.send(topic, value=b"%d" % number, key=b"%d" % (number % 10), partition=number % PARTITIONS)
            for number in range(first, first + RECORDS)
        ]
        await asyncio.gather(*sent)


async def test_topics_are_created_with_their_settings(admin: AIOKafkaAdminClient, topic: str) -> None:
    (described,) = await admin.describe_topics([topic])
    assert len(described["partitions"]) == PARTITIONS
    (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    ((error_code, _, _, _, entries),) = response.resources
    assert error_code == 0
    assert {entry[0]: entry[1] for entry in entries}["retention.ms"] == "3600000"


async def test_a_group_resumes_at_the_offset_and_metadata_it_committed(
    kafka: str, admin: AIOKafkaAdminClient, topic: str
) -> None:
    await produce(kafka, topic)
    group = f"{topic}-group"
    settings: dict[str, Any] = {
        "bootstrap_servers": kafka,
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
    }
    async with AIOKafkaConsumer(topic, **settings) as consumer, asyncio.timeout(PATIENCE_SECONDS):
        seen: list[int] = []
        while len(seen) < RECORDS:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                seen += [int(record.value) for record in records]
        assert sorted(seen) == list(range(RECORDS))
        positions = {
            partition: OffsetAndMetadata(await consumer.position(partition), "incarnation")
            for partition in consumer.assignment()
        }
        await consumer.commit(positions)

    assert await admin.list_consumer_group_offsets(group) == positions
    assert sum(position.offset for position in positions.values()) == RECORDS
    await produce(kafka, topic, first=RECORDS)
    async with AIOKafkaConsumer(topic, **settings) as consumer, asyncio.timeout(PATIENCE_SECONDS):
        first = await consumer.getone()
        assert int(first.value) >= RECORDS
        assert await consumer.committed(TopicPartition(topic, first.partition)) == RECORDS // PARTITIONS


async def test_a_faust_table_is_recovered_from_its_changelog(
    kafka: str, admin: AIOKafkaAdminClient, topic: str, tmp_path: Path
) -> None:
    name = f"app-{topic}"
    await produce(kafka, topic)
    first, handled = await run_faust(name, kafka, topic, tmp_path / "first", until=RECORDS)
    assert handled == RECORDS
    assert first == {b"%d" % key: RECORDS // 10 for key in range(10)}
    assert f"{name}-counts-changelog" in await admin.list_topics()

    await produce(kafka, topic, first=RECORDS)
    second, handled = await run_faust(name, kafka, topic, tmp_path / "second", until=2 * RECORDS)
    assert handled == RECORDS, "the second app must resume from the committed offsets, not read everything again"
    assert second == {b"%d" % key: 2 * RECORDS // 10 for key in range(10)}


async def run_faust(name: str, kafka: str, topic: str, folder: Path, until: int) -> tuple[dict[bytes, int], int]:
    """Totals by key, counted in a Table without state on disk until their sum is reached, and how many were handled."""
    app = faust.App(
        name,
        broker=f"aiokafka://{kafka}",
        datadir=str(folder),
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
    )
    counts = app.Table("counts", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    reached = asyncio.Event()
    handled = 0

    async def count(stream: StreamT[bytes]) -> None:
        nonlocal handled
        async for event in stream.events():
            # Keys are spread over partitions here, so a row holds one partition's share of its key.
            row = b"%d/%s" % (event.message.partition, event.message.key)
            counts[row] = b"%d" % (int(counts.get(row) or 0) + 1)
            handled += 1
            if sum(map(int, counts.values())) >= until:
                reached.set()

    async def hold_fetching(*_: Any, **__: Any) -> None:
        # Faust resumes partitions before it seeks and empties its queue: a record fetched in between is lost.
        app.consumer.stop_flow()

    app.agent(app.topic(topic, key_type=bytes, value_type=bytes))(count)
    app.on_rebalance_complete.connect(hold_fetching)
    starting = asyncio.create_task(app.start())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await reached.wait()
    finally:
        await app.stop()
        await starting
    totals: dict[bytes, int] = {}
    for row, number in counts.items():
        key = row.partition(b"/")[2]
        totals[key] = totals.get(key, 0) + int(number)
    return totals, handled
