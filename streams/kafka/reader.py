"""A reader of a topic without a consumer group: from a moment to the end, and new records after that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from streams.kafka.clients import translated_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import ConsumerRecord

    from streams.config import KafkaSettings
    from streams.kafka.topics import Topic

WAIT_MS: Final = 500


class TopicReader:
    """Reads all partitions of a topic.

    Parameters
    ----------
    reader
        A started consumer without a group that nothing else uses.
    settings
        The address of the broker, for messages.
    topic
        The topic to read.

    Attributes
    ----------
    passed
        How many records `up_to_now` has yielded, and of about how many.
    """

    def __init__(self, reader: AIOKafkaConsumer, settings: KafkaSettings, topic: Topic) -> None:
        self._reader = reader
        self._settings = settings
        self._tps = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
        self.passed = 0, 0
        self._doing = f"reading {topic.name}"
        reader.assign(self._tps)

    async def seek(self, since_ms: int) -> None:
        """Move to the first records that the broker appended at or after `since_ms` (milliseconds since the epoch)."""
        with translated_errors(self._settings, self._doing):
            ends = await self._reader.end_offsets(self._tps)
            found = await self._reader.offsets_for_times(dict.fromkeys(self._tps, max(0, since_ms)))
        for tp in self._tps:
            self._reader.seek(tp, found[tp].offset if found.get(tp) else ends[tp])

    async def seek_back(self, records: int) -> None:
        """Move to so many records before the end of each partition."""
        with translated_errors(self._settings, self._doing):
            begins = await self._reader.beginning_offsets(self._tps)
            ends = await self._reader.end_offsets(self._tps)
        for tp in self._tps:
            self._reader.seek(tp, max(begins[tp], ends[tp] - records))

    async def up_to_now(self) -> AsyncIterator[list[ConsumerRecord]]:
        """Yield the records that exist now in batches, in order within each partition.

        Raises
        ------
        KafkaError
            If the broker does not answer.
        """
        with translated_errors(self._settings, self._doing):
            ends = await self._reader.end_offsets(self._tps)
            begins = await self._positions()
        self.passed = 0, sum(ends.values()) - sum(begins.values())
        while True:
            with translated_errors(self._settings, self._doing):
                positions = await self._positions()
            if all(positions[tp] >= ends[tp] for tp in self._tps):
                return
            records = await self.more()
            self.passed = self.passed[0] + len(records), self.passed[1]
            yield records

    async def _positions(self) -> dict[TopicPartition, int]:
        return {tp: await self._reader.position(tp) for tp in self._tps}

    async def to_the_end(self) -> list[ConsumerRecord]:
        """Return the records that exist now, in the order in which the broker appended them.

        Raises
        ------
        KafkaError
            If the broker does not answer.
        """
        found = [record async for records in self.up_to_now() for record in records]
        return sorted(found, key=lambda record: (record.timestamp, record.partition, record.offset))

    async def more(self) -> list[ConsumerRecord]:
        """Return new records, after a short wait if there are none.

        Raises
        ------
        KafkaError
            If the broker does not answer.
        """
        with translated_errors(self._settings, self._doing):
            try:
                batch = await self._reader.getmany(timeout_ms=WAIT_MS)
            except OffsetOutOfRangeError:  # deleted by retention, or with the whole topic
                await self._reader.seek_to_beginning(*self._tps)
                return []
        return [record for records in batch.values() for record in records]

    async def on(self) -> AsyncIterator[ConsumerRecord]:
        """Yield new records as they arrive; never ends."""
        while True:
            for record in await self.more():
                yield record
