"""Requests about topics and groups that aiokafka 0.14 has no method for: topic IDs, permissions, committed metadata.

Version 10 of the request about topics (Kafka 2.8) is the first with topic IDs, while aiokafka ends at 5; also, this one
creates no topics where the broker would create them automatically. Version 3 of the request about groups (Kafka 2.3)
returns the permissions, which aiokafka ignores.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from aiokafka import TopicPartition
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NoError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from io import BytesIO

    from aiokafka.client import AIOKafkaClient

_METADATA: Final = 3

_POLL_SECONDS: Final = 0.1
_NOT_READY: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)

_Answer = TypeVar("_Answer")

_OPERATIONS = {
    3: "Read", 4: "Write", 5: "Create", 6: "Delete", 7: "Alter", 8: "Describe", 10: "DescribeConfigs",
    11: "AlterConfigs",
}  # fmt: skip


class TopicMetadata(NamedTuple):
    """One topic as the broker shows it to this client.

    Parameters
    ----------
    error
        Class of aiokafka's error: `NoError`, `UnknownTopicOrPartitionError`, `TopicAuthorizationFailedError`, ...
    id
        UUID as ``kafka-topics.sh --describe`` shows it.
    operations
        What the client may do with it, in Kafka's own words.
    partitions
        Its partitions.
    """

    error: type[Exception]
    id: str
    operations: frozenset[str]
    partitions: tuple[int, ...] = ()


async def topic_metadata(client: AIOKafkaClient, topics: Iterable[str]) -> dict[str, TopicMetadata]:
    """Ask about topics by name.

    Raises
    ------
    aiokafka.errors.KafkaError
        If the broker does not answer.
    """
    response = await client.send(client.get_random_node(), _MetadataRequest(list(topics)))
    return {
        name: TopicMetadata(
            for_code(error_code),
            base64.urlsafe_b64encode(id).rstrip(b"=").decode(),
            operations(allowed),
            tuple(sorted(partition for _, partition, *_ in partitions)),
        )
        for error_code, name, id, _, partitions, allowed, _ in response.topics
    }


async def group_operations(client: AIOKafkaClient, group: str) -> frozenset[str]:
    """What this client may do with a consumer group, in Kafka's own words.

    Raises
    ------
    aiokafka.errors.KafkaError
        If the broker does not answer, or its groups can't be asked about yet.
    """
    try:
        coordinator = await client.coordinator_lookup(CoordinationType.GROUP, group)
        response = await client.send(coordinator, _GroupsRequest(group), group=ConnectionGroup.COORDINATION)
        ((error_code, *_, allowed),) = response.groups
        _raise_if_error(error_code)
    except GroupAuthorizationFailedError:
        return frozenset()
    return operations(allowed)


async def committed_offsets(
    client: AIOKafkaClient, group: str, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, tuple[int, str]]:
    """Return the offsets that a group has committed, with their metadata; -1 and an empty text without a commit.

    The consumer of aiokafka leaves out the metadata, and its admin client the errors of the group: a coordinator that
    is not ready yet would look like a group without commits.

    Raises
    ------
    aiokafka.errors.KafkaError
        If the broker does not answer, or its groups can't be asked about yet.
    """
    topics: dict[str, list[int]] = {}
    for tp in partitions:
        topics.setdefault(tp.topic, []).append(tp.partition)
    coordinator = await client.coordinator_lookup(CoordinationType.GROUP, group)
    request = OffsetFetchRequest(group, list(topics.items()))
    response = await client.send(coordinator, request, group=ConnectionGroup.COORDINATION)
    _raise_if_error(response.error_code)
    committed = {}
    for topic, answers in response.topics:
        for partition, offset, metadata, error_code in answers:
            _raise_if_error(error_code)
            committed[TopicPartition(topic, partition)] = (offset, metadata or "")
    return committed


async def when_coordinated(request: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """Repeat a request to the coordinator of a group until it is ready: the first group ever makes the broker create
    the topic of all offsets, and a coordinator that has just been elected reads its part of it first."""
    while True:
        with suppress(*_NOT_READY):
            return await request()
        await asyncio.sleep(_POLL_SECONDS)


def _raise_if_error(error_code: int) -> None:
    error = for_code(error_code)
    if error is not NoError:
        raise error


def operations(bits: int) -> frozenset[str]:
    """Names of the operations that the broker has set in a bit field; it sets bit 31 alone if it was not asked.

    >>> sorted(operations(1 << 3 | 1 << 8)), operations(-(2**31))
    (['Describe', 'Read'], frozenset())
    """
    return frozenset(name for bit, name in _OPERATIONS.items() if bits >> bit & 1)


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]  # aiokafka is published without types
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = _METADATA
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequestStruct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = _METADATA
    API_VERSION = 10
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("topic", CompactString("utf-8")), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataRequestStruct]):  # type: ignore[misc]
    API_KEY = _METADATA

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequestStruct]) -> _MetadataRequestStruct:
        return request_struct_class([(bytes(16), topic, {}) for topic in self._topics], False, False, True, {})


class _GroupsRequestStruct(DescribeGroupsRequest_v3):  # type: ignore[misc]
    RESPONSE_TYPE = DescribeGroupsResponse_v3


class _GroupsRequest(Request[_GroupsRequestStruct]):  # type: ignore[misc]
    API_KEY = DescribeGroupsRequest_v3.API_KEY

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_GroupsRequestStruct]) -> _GroupsRequestStruct:
        return request_struct_class([self._group], True)
