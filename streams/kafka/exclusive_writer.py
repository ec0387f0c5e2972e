"""Entries of a compacted topic that have one writer at a time, and the reading of them.

A writer has a transactional ID. Becoming the writer raises the epoch of that ID at the broker, which rolls back what
the former writer had begun and refuses what it may still send, however late. No record exceeds what a broker accepts,
whatever the size of an entry (`streams.kafka.fragments`). A record without a value deletes its key.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced

from streams.kafka.clients import DELIVERY_FACTOR, answered_within, consumer, producer, translated_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence

    from aiokafka import AIOKafkaProducer

    from streams.config import KafkaSettings


RETRY_SECONDS: Final = 0.5
"""Time between two attempts to write."""


class Fenced(Exception):
    """Another process has become the writer."""


class ExclusiveWriter:
    """The only writer of some entries, until another becomes it.

    Parameters
    ----------
    settings
        Timeouts, and the address for messages.
    client
        A started producer with a transactional ID.
    topic
        The topic of the entries.
    doing
        What the writes are for, such as ``saving state``.
    sent
        Called after the records of a transaction were sent, before it is committed.
    retries
        Whether records are sent again that could not be sent because a broker was not there for a moment.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        client: AIOKafkaProducer,
        topic: str,
        doing: str,
        sent: Callable[[], None] = lambda: None,
        *,
        retries: bool = False,
    ) -> None:
        self._settings = settings
        self._client = client
        self._topic = topic
        self._doing = doing
        self._sent = sent
        self._retries = retries

    async def write(self, partition: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Write records to a partition in one transaction, and wait until the broker has it.

        Raises
        ------
        Fenced
            If another process has become the writer.
        KafkaError
            If they can't be written.
        """
        entries = list(records)
        async with answered_within(self._settings, self._doing, DELIVERY_FACTOR):
            try:
                while True:
                    if await self._attempt(partition, entries):
                        return
                    await asyncio.sleep(RETRY_SECONDS)
            except (ProducerFenced, InvalidProducerEpoch) as error:
                raise Fenced(f"{self._topic}[{partition}]") from error

    async def _attempt(self, partition: int, records: Sequence[tuple[bytes, bytes | None]]) -> bool:
        """Write records in one transaction; return false if it has to be tried again, having been rolled back."""
        await self._client.begin_transaction()
        try:
            sends = [
                await self._client.send(self._topic, value, key=key, partition=partition) for key, value in records
            ]
            await asyncio.gather(*sends)
        except KafkaError as error:
            if not self._retries or not error.retriable:
                raise
            await self._client.abort_transaction()
            return False
        self._sent()
        await self._client.commit_transaction()
        return True


@asynccontextmanager
async def exclusive_writer(
    settings: KafkaSettings,
    identity: str,
    topic: str,
    doing: str,
    sent: Callable[[], None] = lambda: None,
    *,
    retries: bool = False,
) -> AsyncIterator[ExclusiveWriter]:
    """Become the only writer with a transactional ID, and yield it; parameters as of `ExclusiveWriter`."""
    async with producer(settings, transactional_id=identity) as client:
        yield ExclusiveWriter(settings, client, topic, doing, sent, retries=retries)


async def newest_values(
    settings: KafkaSettings,
    topic: str,
    partitions: Collection[int],
    passed: Callable[[int], None] = lambda _: None,
) -> dict[bytes, bytes]:
    """Return the newest value of each key in some partitions that was not deleted.

    Records of open and of aborted transactions are left out.

    Parameters
    ----------
    passed
        Called with the number of records of each batch.
    """
    tps = [TopicPartition(topic, partition) for partition in partitions]
    values: dict[bytes, bytes] = {}
    if not tps:
        return values
    async with consumer(settings, None, isolation_level="read_committed") as reader:
        reader.assign(tps)
        with translated_errors(settings, f"reading {topic}"):
            ends = await reader.end_offsets(tps)
            await reader.seek_to_beginning(*tps)
            while any([await reader.position(tp) < ends[tp] for tp in tps]):
                for records in (await reader.getmany(timeout_ms=200)).values():
                    for record in records:
                        if record.value is None:
                            values.pop(record.key, None)
                        else:
                            values[record.key] = record.value
                    passed(len(records))
    return values
