"""Which incarnation of a topic the broker has: a topic deleted and made again has the same name but another id."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from aiokafka.errors import NoError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from streams.kafka import translated_errors

if TYPE_CHECKING:
    from io import BytesIO

    from aiokafka.client import AIOKafkaClient

    from streams.config import KafkaSettings

_METADATA = 3


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
    """Version 10 (Kafka 2.8) is the first with topic ids; aiokafka 0.14 ends at version 5."""

    API_KEY = _METADATA

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[_MetadataRequestStruct]) -> _MetadataRequestStruct:
        return request_struct_class([(bytes(16), self._topic, {})], False, False, False, {})


async def topic_incarnation(client: AIOKafkaClient, settings: KafkaSettings, topic: str) -> str:
    """Id of a topic as ``kafka-topics.sh --describe`` shows it.

    Raises
    ------
    KafkaError
        If the topic does not exist or the broker does not answer.
    """
    with translated_errors(settings, f"reading the id of topic {topic}"):
        response = await client.send(client.get_random_node(), _MetadataRequest(topic))
        (error_code, _, topic_id, *_), *_ = response.topics
        if for_code(error_code) is not NoError:
            raise for_code(error_code)
    return base64.urlsafe_b64encode(topic_id).rstrip(b"=").decode()
