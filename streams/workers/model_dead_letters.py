"""social.models → social.posts.dlq: one dead letter for each record of the models that nobody can use.

Every scorer reads every model, so none of them writes it. One train worker has this topic, too; it sends the letters
and the offset they reach to in one transaction, under an id whose epoch a take-over raises. So whoever reads what is
committed (``isolation.level=read_committed``) finds none missing and none twice, wherever a worker dies.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import orjson
import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    IllegalStateError,
    InvalidProducerEpoch,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    ProducerFenced,
)

from streams.core.sentiment import LinearModel
from streams.errors import RecordError
from streams.kafka.clients import DELIVERY_FACTOR, admin, consumer, producer, raw_client, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.names import MODEL_DEAD_LETTERS, group_of
from streams.kafka.topic_ids import topic_id
from streams.kafka.topics import Topics
from streams.records import model_from_record, model_of_key
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.shutdown import work_until
from streams.runtime.watchdog import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, QualityName

BATCH_RECORDS: Final = 50
"""Models may have 900 kB each."""

WAIT_MS: Final = 500

log = structlog.get_logger()


def fault_of(key: bytes | None, value: bytes | None, qualities: Collection[QualityName]) -> RecordError | None:
    """Why a record of `social.models` can't be used, or None.

    Parameters
    ----------
    key, value
        Of the record.
    qualities
        Those in use here: only their snapshots are looked into.
    """
    try:
        quality, _ = model_of_key(key)
        if value is not None:
            published = model_from_record(key, value)
            if quality in qualities:
                LinearModel.from_snapshot(published.snapshot, quality)
    except RecordError as error:
        return error
    return None


async def write_model_dead_letters(config: Config, stop: asyncio.Event, parts: list[Callable[[], str | None]]) -> None:
    """Write them until `stop` is set.

    Parameters
    ----------
    config
        All of it.
    stop
        Set it to end.
    parts
        Is given what tells why it does not work yet, or None.

    Raises
    ------
    KafkaError
        If no broker answers, or a letter can't be written.
    """
    group = group_of(MODEL_DEAD_LETTERS, config.topics)
    async with consumer(config.kafka, group) as reader, raw_client(config.kafka) as client, AsyncExitStack() as stack:
        inspector = _Inspector(config, group, reader=reader, client=client)
        stack.push_async_callback(inspector.let_go)
        parts.append(inspector.not_ready_reason)
        await inspector.run(stop)


class _Inspector(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is published without types
    """One member of the group; only one has the partition of the models."""

    def __init__(self, config: Config, group: str, *, reader: AIOKafkaConsumer, client: AIOKafkaClient) -> None:
        self._config = config
        self._group = group
        self._reader = reader
        self._client = client
        topics = Topics(config.topics)
        self._models = TopicPartition(topics.models.name, 0)
        self._letters = topics.dlq.name
        self._qualities = config.models()
        self._assigned = self._mine = False
        self._generation = 0
        self._in_hand = asyncio.Lock()
        self._writer: AIOKafkaProducer | None = None
        self._open = AsyncExitStack()
        self._topic_id = ""
        self._offset = -1

    async def run(self, stop: asyncio.Event) -> None:
        self._reader.subscribe([self._models.topic], listener=self)
        watching = watch(self._progress, self._config.liveness.stall_seconds)
        await work_until(stop, self._in_hand, self._work(), watching)

    def not_ready_reason(self) -> str | None:
        """Why it neither looks at models nor stands by, or None."""
        if not self._assigned:
            return "the group that looks at models is rebalancing"
        return "the models are assigned and not taken over yet" if self._mine and self._writer is None else None

    def _progress(self) -> tuple[Hashable, bool]:
        highwater = self._reader.highwater(self._models) if self._writer is not None else None
        return (self._generation, self._offset), highwater is not None and highwater > self._offset

    async def on_partitions_revoked(self, _: set[TopicPartition]) -> None:
        """Let the transaction in hand be committed before another worker takes over."""
        self._assigned = self._mine = False
        self._generation += 1
        async with self._in_hand:
            await self.let_go()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """The next round takes over."""
        self._assigned, self._mine = True, self._models in assigned

    async def let_go(self) -> None:
        """Close the writer."""
        self._writer = None
        await self._open.aclose()

    async def _work(self) -> None:
        while True:
            if self._mine and self._writer is None:
                async with self._in_hand:
                    await self._take_over()
            writer = self._writer
            records = await self._read()
            async with self._in_hand:
                if records and writer is not None and writer is self._writer:
                    await self._round(writer, records)

    async def _take_over(self) -> None:
        """Shut out whoever wrote before, and only then ask how far that got."""
        await self.let_go()  # of one that was opened while the models went elsewhere
        generation = self._generation
        kafka = self._config.kafka
        writer = await self._open.enter_async_context(producer(kafka, transactional_id=self._group))
        self._topic_id = await topic_id(self._client, kafka, self._models.topic)
        with translated_errors(kafka, f"reading the offsets of group {self._group}"):
            begins = await self._reader.beginning_offsets([self._models])
            ends = await self._reader.end_offsets([self._models])
            async with admin(kafka) as client:
                committed = await client.list_consumer_group_offsets(self._group, partitions=[self._models])
        found = committed.get(self._models)
        begin = begins[self._models]
        known = found is not None and found.metadata == _metadata(self._topic_id)
        if known and found.offset > ends[self._models]:
            log.warning("the broker has lost models, all there are will be looked at again", offset=found.offset)
            known = False
        self._offset = max(begin, found.offset) if known else begin
        if generation != self._generation:
            return
        try:
            self._reader.seek(self._models, self._offset)
        except IllegalStateError:
            log.warning("the models went to another worker meanwhile")
            return
        self._writer = writer

    async def _read(self) -> Sequence[ConsumerRecord]:
        batch: dict[TopicPartition, list[ConsumerRecord]] = {}
        with translated_errors(self._config.kafka, f"reading {self._models.topic}"):
            try:
                batch = await self._reader.getmany(timeout_ms=WAIT_MS, max_records=BATCH_RECORDS)
            except NoOffsetForPartitionError:
                pass  # newly assigned: it is given its position in the next round
            except OffsetOutOfRangeError as error:
                log.warning("the models moved under the reader, it starts anew", reason=str(error))
                await self.let_go()
        return batch.get(self._models, [])

    async def _round(self, writer: AIOKafkaProducer, records: Sequence[ConsumerRecord]) -> None:
        faults = await asyncio.to_thread(self._faults, records)
        offset = records[-1].offset + 1
        kafka = self._config.kafka
        with translated_errors(kafka, "writing dead letters of models"):
            try:
                async with asyncio.timeout(DELIVERY_FACTOR * kafka.request_timeout_seconds):
                    await self._write(writer, faults, offset)
            except (ProducerFenced, InvalidProducerEpoch):
                log.warning("the models went to another worker, which looks at them again")
                await self.let_go()
                return
        self._offset = offset

    def _faults(self, records: Sequence[ConsumerRecord]) -> list[tuple[ConsumerRecord, RecordError]]:
        found = [(record, fault_of(record.key, record.value, self._qualities)) for record in records]
        return [(record, fault) for record, fault in found if fault is not None]

    async def _write(
        self, writer: AIOKafkaProducer, faults: Sequence[tuple[ConsumerRecord, RecordError]], offset: int
    ) -> None:
        letters = DeadLetters(writer, self._letters)
        await writer.begin_transaction()
        sent = [
            await letters.send(fault, self._models.topic, 0, record.offset, record.value) for record, fault in faults
        ]
        await asyncio.gather(*sent)
        position = {self._models: (offset, _metadata(self._topic_id))}
        await writer.send_offsets_to_transaction(position, self._group)
        if faults:
            reached(Failpoint.TRAIN_DEAD_LETTERS_SENT)
        await writer.commit_transaction()


def _metadata(topic_id: str) -> str:
    """What is committed beside an offset: which topic it counts in."""
    return orjson.dumps([topic_id]).decode()
