"""Dead letters: records that can't be used, written unchanged to the dead letter queue, with the reason in headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.records.dead_letters import MAX_VALUE_BYTES, headers_of
from streams.runtime import metrics

if TYPE_CHECKING:
    import asyncio

    from aiokafka import AIOKafkaProducer

    from streams.errors import RecordError


class DeadLetters:
    """Writes to the dead letter queue, with `streams.records.dead_letters.HEADERS`.

    Parameters
    ----------
    producer
        A started producer.
    topic
        Name of the dead letter queue.
    """

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def write(
        self,
        error: RecordError,
        topic: str,
        partition: int | None,
        offset: int,
        value: bytes | None,
        *,
        records: int = 1,
    ) -> None:
        """Write one dead letter, as `send` does, and wait until the broker has it."""
        await (await self.send(error, topic, partition, offset, value, records=records))

    async def send(
        self,
        error: RecordError,
        topic: str,
        partition: int | None,
        offset: int,
        value: bytes | None,
        *,
        records: int = 1,
    ) -> asyncio.Future[Any]:
        """Queue one dead letter, which stands for `records` records; the result is done when the broker has it."""
        value = value or b""
        headers = headers_of(error, topic, partition, offset, value, records)
        metrics.DEAD_LETTERS.labels(topic, error.reason).inc(records)
        sent: asyncio.Future[Any] = await self._producer.send(self._topic, value[:MAX_VALUE_BYTES], headers=headers)
        return sent
