"""Which incarnation of a topic the broker has: a topic deleted and made again has the same name but another id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka.errors import NoError

from streams.kafka import translated_errors
from streams.metadata import topic_metadata

if TYPE_CHECKING:
    from aiokafka.client import AIOKafkaClient

    from streams.config import KafkaSettings


async def topic_incarnation(client: AIOKafkaClient, settings: KafkaSettings, topic: str) -> str:
    """Id of a topic as ``kafka-topics.sh --describe`` shows it.

    Raises
    ------
    KafkaError
        If the topic does not exist or the broker does not answer.
    """
    with translated_errors(settings, f"reading the id of topic {topic}"):
        told = (await topic_metadata(client, [topic]))[topic]
        if told.error is not NoError:
            raise told.error
    return told.id
