"""Checks of Kafka before a worker starts: the broker answers, its topics are as defined, the permissions suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka.errors import TopicAuthorizationFailedError

from streams.errors import NotAllowed
from streams.kafka.acls import accesses, topics_of
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import answered_within, raw_client, translated_errors
from streams.kafka.metadata import group_operations, topic_metadata, when_coordinated
from streams.runtime import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka.client import AIOKafkaClient

    from streams.config import Config
    from streams.kafka.acls import Access
    from streams.kafka.names import Worker


async def preflight(config: Config, worker: Worker) -> None:
    """Check all that a worker needs of Kafka, except for transactional ids: Kafka refuses those by name when used.

    Raises
    ------
    BrokerUnreachable
        If no broker answers.
    NotAllowed
        If permissions are missing: all of them, by name.
    KafkaError
        If topics are missing.
    TopicMismatch
        If topics are not as they must be.
    """
    needed = accesses(worker, config)
    async with raw_client(config.kafka) as client:
        lacking = [
            *await _lacking_on_topics(client, config, [access for access in needed if access.kind == "topic"]),
            *await _lacking_on_groups(client, config, [access for access in needed if access.kind == "group"]),
        ]
    if lacking:
        raise NotAllowed(worker, config.kafka.user, config.kafka.bootstrap_servers, lacking)
    await ensure_topics(config, create=False, only=topics_of(worker, config))
    metrics.KAFKA_CONNECTED.set(1)


async def _lacking_on_topics(client: AIOKafkaClient, config: Config, needed: list[Access]) -> list[str]:
    with translated_errors(config.kafka, "checking the topics"):
        topics = await topic_metadata(client, [access.name for access in needed])
    lacking = []
    for access in needed:
        topic = topics[access.name]
        if topic.error is TopicAuthorizationFailedError:
            lacking += _named(access, access.operations)
        elif topic.operations:
            lacking += _named(access, (each for each in access.operations if each not in topic.operations))
    return lacking


async def _lacking_on_groups(client: AIOKafkaClient, config: Config, needed: list[Access]) -> list[str]:
    lacking = []
    for access in needed:
        allowed = await _allowed_on_group(client, config, access.name)
        lacking += _named(access, (each for each in access.operations if each not in allowed))
    return lacking


async def _allowed_on_group(client: AIOKafkaClient, config: Config, group: str) -> frozenset[str]:
    async with answered_within(config.kafka, f"checking the permissions on group {group}"):
        return await when_coordinated(lambda: group_operations(client, group))


def _named(access: Access, operations: Iterable[str]) -> list[str]:
    return [f"{operation} on {access.kind} {access.name}" for operation in operations]
