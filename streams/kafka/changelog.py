"""The changelog topic with the state of all brands: a new owner of a partition shuts out the former one, then reads.

Each partition has a transactional ID. Acquiring the partition raises the epoch of that ID at the broker, which rolls
back what the former owner had begun and refuses what it may still send, however late. So a partition has one writer at
a time, and no high-water mark in it ever decreases. Faust's own tables can't promise that: nothing in them prevents a
worker that was stalled at the wrong moment from overwriting the state of its successor.

No record exceeds what a broker accepts, whatever the size of an entry (`streams.kafka.fragments`). The topic is
compacted: a record without a value deletes its key.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from aiokafka import TopicPartition
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced

from streams.errors import WorkerFailed
from streams.kafka.clients import DELIVERY_FACTOR, answered_within, consumer, producer, translated_errors
from streams.kafka.fragments import Fragments
from streams.kafka.topics import Topics
from streams.runtime.failpoints import Failpoint, reached

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from types import TracebackType

    from aiokafka import AIOKafkaProducer

    from streams.config import Config

_DOING = "saving state"


class Changelog:
    """The partitions of the changelog that one worker owns.

    Parameters
    ----------
    config
        Sections `kafka` and `topics`.

    Attributes
    ----------
    read
        Records read so far; it grows while partitions are restored.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._topics = Topics(config.topics)
        self._topic = self._topics.changelog.name
        self._writers: dict[int, AIOKafkaProducer] = {}
        self._fragments = Fragments()
        self._open = AsyncExitStack()
        self.read = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._open.__aexit__(kind, error, traceback)

    async def acquire(self, partitions: Collection[int]) -> dict[bytes, bytes]:
        """Become the only writer of some partitions, and of no others; return their values by key.

        Raises
        ------
        KafkaError
            If the broker does not answer, or does not allow it.
        RecordError
            If a record of an entry is missing.
        """
        self._writers.clear()
        await self._open.aclose()
        self._open = AsyncExitStack()
        writers = await asyncio.gather(*[self._writer(partition) for partition in partitions])
        self._writers = dict(zip(partitions, writers, strict=True))
        self._fragments = Fragments()
        return self._fragments.joined(await self._read(partitions))

    async def write(self, changes: Iterable[tuple[int, bytes, bytes | None]]) -> None:
        """Write changed entries, those of each partition in one transaction, and wait until the broker has them.

        Parameters
        ----------
        changes
            Partition, key and value of each entry, None for an entry to delete.

        Raises
        ------
        WorkerFailed
            If another worker has acquired the partition.
        KafkaError
            If it can't be written.
        """
        of_partition: dict[int, list[tuple[bytes, bytes | None]]] = {}
        for partition, key, value in changes:
            of_partition.setdefault(partition, []).extend(self._fragments.split(key, value))
        settings = self._config.kafka
        async with answered_within(settings, _DOING, DELIVERY_FACTOR):
            await asyncio.gather(*[self._commit(*entries) for entries in of_partition.items()])

    async def _writer(self, partition: int) -> AIOKafkaProducer:
        identity = self._topics.state_writer(partition)
        return await self._open.enter_async_context(producer(self._config.kafka, transactional_id=identity))

    async def _commit(self, partition: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        writer = self._writers[partition]
        try:
            await writer.begin_transaction()
            sent = [await writer.send(self._topic, value, key=key, partition=partition) for key, value in records]
            await asyncio.gather(*sent)
            reached(Failpoint.DETECT_STATE_SENT)
            await writer.commit_transaction()
        except (ProducerFenced, InvalidProducerEpoch) as error:
            raise WorkerFailed(f"{self._topic}[{partition}]: another worker has acquired it in the meantime") from error

    async def _read(self, partitions: Collection[int]) -> dict[bytes, bytes]:
        """Return the newest value of each key that was not deleted."""
        tps = [TopicPartition(self._topic, partition) for partition in partitions]
        state: dict[bytes, bytes] = {}
        settings = self._config.kafka
        if not tps:
            return state
        async with consumer(settings, None, isolation_level="read_committed") as reader:
            reader.assign(tps)
            with translated_errors(settings, f"reading {self._topic}"):
                ends = await reader.end_offsets(tps)
                await reader.seek_to_beginning(*tps)
                while any([await reader.position(tp) < ends[tp] for tp in tps]):
                    for records in (await reader.getmany(timeout_ms=200)).values():
                        self.read += len(records)
                        for record in records:
                            if record.value is None:
                                state.pop(record.key, None)
                            else:
                                state[record.key] = record.value
                        reached(Failpoint.DETECT_RESTORING)
        return state
