"""What can't be used goes to the dead letter queue, as it was, with the reason in its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.runtime import metrics

if TYPE_CHECKING:
    import asyncio

    from aiokafka import AIOKafkaProducer

    from streams.errors import RecordError

MAX_VALUE_BYTES: Final = 900_000
"""Longer values are cut, so that the letter fits into a record together with its headers."""

HEADERS: Final = {
    "reason": "Short stable word, as in the metrics",
    "detail": "What was wrong, for a person; holds no text of a post",
    "topic": "Topic of the record, or the source it came from on its way into Kafka",
    "partition": "Of the record; absent if it came from a source",
    "offset": "Of the record, or the cursor in the source",
    "records": "How many records the letter stands for, where it names them instead of holding one",
    "truncated_from": "Length in bytes, where the value had to be cut",
}
"""Of a dead letter, and what each says."""

OPTIONAL_HEADERS: Final = frozenset({"partition", "records", "truncated_from"})


class DeadLetters:
    """Writes to the dead letter queue, with `HEADERS`.

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
        self, error: RecordError, topic: str, partition: int | None, offset: int, value: bytes | None
    ) -> None:
        """Write one letter and wait until the broker has it."""
        await (await self.send(error, topic, partition, offset, value))

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
        """Queue one letter, that of one record or that which names so many; the result is done when the broker has
        it."""
        value = value or b""
        headers = [
            ("reason", error.reason.encode()),
            ("detail", error.detail.encode()),
            ("topic", topic.encode()),
            ("offset", str(offset).encode()),
        ]
        if partition is not None:
            headers.append(("partition", str(partition).encode()))
        if len(value) > MAX_VALUE_BYTES:
            headers.append(("truncated_from", str(len(value)).encode()))
        if records > 1:
            headers.append(("records", str(records).encode()))
        metrics.DEAD_LETTERS.labels(topic, error.reason).inc(records)
        letter: asyncio.Future[Any] = await self._producer.send(self._topic, value[:MAX_VALUE_BYTES], headers=headers)
        return letter
