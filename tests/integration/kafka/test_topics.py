"""Topics on a real broker: made, verified, repaired, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.errors import KafkaError, TopicMismatch
from streams.kafka.admin import Difference, ensure_topics
from streams.kafka.clients import admin, raw_client
from streams.kafka.topic_ids import topic_id
from streams.kafka.topics import Topics
from tests.support.broker import delete_topic, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config


async def states(config: Config, *, create: bool = True, repair: bool = False) -> dict[str, str]:
    reports = await ensure_topics(config, create=create, repair=repair)
    assert [report.name for report in reports] == [topic.name for topic in Topics(config.topics).all()]
    return {report.name.removeprefix(config.topics.prefix): report.state for report in reports}


async def configs_of(config: Config, topic: str) -> dict[str, str]:
    async with admin(config.kafka) as client:
        (response,) = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    ((_, _, _, _, entries),) = response.resources
    return {entry[0]: entry[1] for entry in entries}


async def has(config: Config, topic: str, setting: str, value: str) -> bool:
    return (await configs_of(config, topic))[setting] == value


async def test_topics_are_made_as_defined_and_then_verified(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config(topics={"partitions": 3, "posts_retention_hours": 5})
    assert set((await states(config)).values()) == {"created"}
    assert set((await states(config, create=False)).values()) == {"verified"}
    posts = Topics(config.topics).posts
    configs = await configs_of(config, posts.name)
    assert configs["retention.ms"] == str(5 * 3_600_000)
    assert configs["message.timestamp.type"] == "LogAppendTime"
    async with admin(config.kafka) as client:
        (described,) = await client.describe_topics([posts.name])
    assert len(described["partitions"]) == 3


async def test_a_worker_makes_no_topics_but_says_who_does(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config()
    with pytest.raises(KafkaError, match="firewatch topics") as refused:
        await ensure_topics(config, create=False)
    assert Topics(config.topics).posts.name in str(refused.value)
    async with admin(config.kafka) as client:
        assert not [name for name in await client.list_topics() if name.startswith(config.topics.prefix)]


async def test_only_missing_topics_are_made(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config()
    await ensure_topics(config, create=True)
    await delete_topic(config, Topics(config.topics).dlq.name)
    made = await states(config)
    assert made.pop("social.posts.dlq") == "created"
    assert set(made.values()) == {"verified"}


async def test_what_breaks_the_service_is_listed_with_the_way_out(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config()
    topics = Topics(config.topics)
    wrong = [
        NewTopic(topics.posts.name, 7, 1),
        NewTopic(topics.mentions.name, 4, 1, topic_configs={"cleanup.policy": "compact"}),
    ]
    async with admin(config.kafka) as client:
        await client.create_topics(wrong)
    with pytest.raises(TopicMismatch) as refused:
        await ensure_topics(config, create=True)
    first, second = str(refused.value).splitlines()
    assert topics.posts.name in first
    assert "has 7 partitions and must have 4" in first
    assert "topics.partitions to 7" in first
    assert f"--delete --topic {topics.posts.name}" in first
    assert "cleanup.policy=compact and must have delete" in second
    assert f"--entity-name {topics.mentions.name} --add-config cleanup.policy=delete" in second
    async with admin(config.kafka) as client:
        assert topics.alerts.name not in await client.list_topics()


async def test_other_differences_are_reported_and_repaired_on_request(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config()
    await ensure_topics(config, create=True)
    posts = Topics(config.topics).posts.name
    changed = Topics(config.topics).posts.configs() | {"retention.ms": "1000000", "segment.ms": "70000"}
    async with admin(config.kafka) as client:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, posts, changed)])
    await until(lambda: has(config, posts, "retention.ms", "1000000"))
    (report, *others) = await ensure_topics(config, create=True)
    wanted = str(config.topics.posts_retention_hours * 3_600_000)
    assert (report.state, report.differences) == ("differs", (Difference("retention.ms", "1000000", wanted),))
    assert {other.state for other in others} == {"verified"}
    assert str(report) == f"{posts}: differs (retention.ms is 1000000, defined as {wanted})"
    assert (await states(config, repair=True))["social.posts"] == "repaired"
    await until(lambda: has(config, posts, "retention.ms", wanted))
    assert await has(config, posts, "segment.ms", "70000")  # not ours: left as it was
    assert (await states(config, create=False))["social.posts"] == "verified"


async def test_what_the_broker_refuses_is_passed_on(kafka_config: Callable[..., Config]) -> None:
    with pytest.raises(KafkaError, match="replicat"):
        await ensure_topics(kafka_config(topics={"replication_factor": 3}), create=True)


async def test_a_topic_made_again_is_another_incarnation(kafka_config: Callable[..., Config]) -> None:
    config = kafka_config()
    posts = Topics(config.topics).posts.name
    seen = set()
    for _ in range(2):
        await ensure_topics(config, create=True)
        async with raw_client(config.kafka) as client:
            seen.add(await topic_id(client, config.kafka, posts))
            assert await topic_id(client, config.kafka, posts) in seen
        await delete_topic(config, posts)
    assert len(seen) == 2
    async with raw_client(config.kafka) as client:
        with pytest.raises(KafkaError, match=posts):
            await topic_id(client, config.kafka, posts)
