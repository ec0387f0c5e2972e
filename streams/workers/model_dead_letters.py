"""Part of worker ``train``: writes a dead letter for each record of `social.models` that no worker can use.

Every scorer reads every model, so none of them writes the dead letters. One train worker is assigned this topic, too;
it sends the dead letters and the offset they reach to in one transaction, under an ID whose epoch each new owner
raises. So a consumer with ``isolation.level=read_committed`` finds each of them once, wherever a worker dies.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import orjson
import structlog
from aiokafka import TopicPartition
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced

from streams.core.sentiment import LinearModel
from streams.errors import RecordError
from streams.kafka.clients import DELIVERY_FACTOR, answered_within, consumer, producer, raw_client
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.group_member import GroupMember
from streams.kafka.names import MODEL_DEAD_LETTERS, group_of
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

WAIT_SECONDS: Final = 0.5

log = structlog.get_logger()


def fault_of(key: bytes | None, value: bytes | None, qualities: Collection[QualityName]) -> RecordError | None:
    """Return why a record of `social.models` can't be used, or None.

    Parameters
    ----------
    key, value
        Key and value of the record.
    qualities
        The qualities in use: only their snapshots are parsed.
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
    """Write dead letters of models until `stop` is set.

    Parameters
    ----------
    config
        The whole config.
    stop
        Set it to end.
    parts
        Gets a function that returns why this part is not ready, or None.

    Raises
    ------
    KafkaError
        If no broker answers, or a dead letter can't be written.
    """
    group = group_of(MODEL_DEAD_LETTERS, config.topics)
    async with consumer(config.kafka, group) as reader, raw_client(config.kafka) as client, AsyncExitStack() as stack:
        worker = ModelDeadLetters(config, group, reader=reader, client=client)
        stack.push_async_callback(worker.release)
        parts.append(worker.not_ready_reason)
        await worker.run(stop)


class ModelDeadLetters:
    """One member of the group; only one of them has the partition of the models, and a producer to write with."""

    def __init__(self, config: Config, group: str, *, reader: AIOKafkaConsumer, client: AIOKafkaClient) -> None:
        self._config = config
        topics = Topics(config.topics)
        self._models = TopicPartition(topics.models.name, 0)
        self._dlq = topics.dlq.name
        self._qualities = config.models()
        self._member = GroupMember(config.kafka, group, self._models.topic, self.release, reader=reader, client=client)
        self._open = AsyncExitStack()
        self._writer: AIOKafkaProducer | None = None
        self._offset = -1

    async def run(self, stop: asyncio.Event) -> None:
        """Write dead letters until `stop` is set."""
        self._member.subscribe()
        watching = watch(self._progress, self._config.liveness.stall_seconds)
        await work_until(stop, self._member.in_flight, self._work(), watching)

    async def _work(self) -> None:
        while True:
            await self._member.check_topic()
            async with self._member.in_flight:  # else the epoch of a late producer could shut out the next owner
                if self._member.to_restore():
                    await self._restore()
            batch = await self._member.read(WAIT_SECONDS, BATCH_RECORDS)
            fenced = False
            async with self._member.in_flight:
                if self._writer is not None and (records := batch.get(self._models)):
                    fenced = not await self._round(self._writer, records)
            if fenced:
                await self._member.start_over()

    def not_ready_reason(self) -> str | None:
        """Return why models are neither checked nor left to another worker, or None."""
        why = self._member.not_ready_reason()
        return f"dead letters of models: {why}" if why else None

    def _progress(self) -> tuple[Hashable, bool]:
        waiting = self._writer is not None and bool(self._member.lag(self._models, self._offset))
        return (self._member.generation, self._offset), waiting

    async def release(self) -> None:
        """Close the producer."""
        self._writer = None
        await self._open.aclose()

    async def _restore(self) -> None:
        """Shut out former owners, and only then read which offset they reached."""
        await self.release()  # of a producer that was opened during a rebalance
        generation = self._member.generation
        kafka = self._config.kafka
        writer = await self._open.enter_async_context(producer(kafka, transactional_id=self._member.group))
        offsets = (await self._member.offsets([self._models]))[self._models]
        known = offsets.metadata == self._metadata()
        if known and offsets.committed > offsets.end:
            log.warning("the broker has lost models; checking all that are left", offset=offsets.committed)
            known = False
        self._offset = max(offsets.begin, offsets.committed) if known else offsets.begin
        if self._member.start_at({self._models: self._offset}, generation):
            self._writer = writer

    async def _round(self, writer: AIOKafkaProducer, records: Sequence[ConsumerRecord]) -> bool:
        """Check models; return whether the producer still belongs to the owner of the partition."""
        faults = await asyncio.to_thread(self._faults, records)
        offset = records[-1].offset + 1
        kafka = self._config.kafka
        async with answered_within(kafka, "writing dead letters of models", DELIVERY_FACTOR):
            try:
                await self._write(writer, faults, offset)
            except (ProducerFenced, InvalidProducerEpoch):
                log.warning("the models were assigned to another worker, which checks them again")
                return False
        self._offset = offset
        return True

    def _faults(self, records: Sequence[ConsumerRecord]) -> list[tuple[ConsumerRecord, RecordError]]:
        found = [(record, fault_of(record.key, record.value, self._qualities)) for record in records]
        return [(record, fault) for record, fault in found if fault is not None]

    async def _write(
        self, writer: AIOKafkaProducer, faults: Sequence[tuple[ConsumerRecord, RecordError]], offset: int
    ) -> None:
        dead_letters = DeadLetters(writer, self._dlq)
        await writer.begin_transaction()
        sent = [
            await dead_letters.send(fault, self._models.topic, 0, record.offset, record.value)
            for record, fault in faults
        ]
        await asyncio.gather(*sent)
        position = {self._models: (offset, self._metadata())}
        await writer.send_offsets_to_transaction(position, self._member.group)
        if faults:
            reached(Failpoint.TRAIN_DEAD_LETTERS_SENT)
        await writer.commit_transaction()

    def _metadata(self) -> str:
        """Return the text that is committed with an offset: the ID of the topic that it belongs to."""
        return orjson.dumps([self._member.topic_id.current]).decode()
