"""The bridge worker: delivers social.alerts to one receiver outside Kafka.

An offset is committed only after its step has been delivered, so a crash repeats steps, which receivers recognise by
their id. After a start the delivery state is restored from the topic itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any, Final, Generic

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from streams.core.deliver.delivery import BACKLOG, PartitionDelivery
from streams.core.deliver.state import StateT
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryError, DeliveryFailed, RecordError
from streams.kafka.clients import acknowledged, admin, consumer, producer, raw_client, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.names import bridge_name, group_of
from streams.kafka.preflight import preflight
from streams.kafka.reader import TopicReader
from streams.kafka.topic_ids import topic_id
from streams.kafka.topics import Topics
from streams.records import MAX_SILENCE_MS, verdict_in
from streams.runtime import clock, metrics
from streams.runtime.health import Health, serve_health
from streams.runtime.shutdown import work_until
from streams.workers.receivers.base import Attempt
from streams.workers.receivers.http_client import http_client

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiokafka import AIOKafkaConsumer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from streams.core.deliver.step import DeliveryStep
    from streams.workers.receivers.base import Sender
    from streams.workers.receivers.http_client import HttpClient

BATCH_RECORDS: Final = 200
WAIT_MS: Final = 500

log = structlog.get_logger()


async def bridge(config: Config, sender: Sender[Any], stop: asyncio.Event) -> None:
    """Deliver alerts until `stop` is set, then finish the delivery in flight.

    Parameters
    ----------
    config
        The whole configuration.
    sender
        Delivers to the receiver.
    stop
        Ends the worker when it is set.

    Raises
    ------
    KafkaError
        If no broker answers, a topic is missing or not as it must be, or a record can't be written.
    PortTaken
        If another process listens on `metrics.bridge_port`.
    """
    async with serve_health(config, "bridge") as (health, address):
        await preflight(config, "bridge")
        await _deliver_alerts(config, sender, health, address, stop)
    log.info("stopped")


async def _deliver_alerts(
    config: Config, sender: Sender[Any], health: Health, address: str, stop: asyncio.Event
) -> None:
    group = group_of(bridge_name(sender.target), config.topics)
    async with (
        producer(config.kafka) as dead_letter_producer,
        consumer(config.kafka, group) as reader,
        consumer(config.kafka, None) as labels,
        raw_client(config.kafka) as client,
        http_client(config.bridge.timeout_seconds) as http,
    ):
        log.info("starting", metrics=address, group=group)
        silences = Silences()
        verdicts = TopicReader(labels, config.kafka, Topics(config.topics).labels)
        await verdicts.seek(clock.now_ms() - MAX_SILENCE_MS)
        for record in await verdicts.to_the_end():
            _add_verdict(silences, record)
        dead_letters = DeadLetters(dead_letter_producer, Topics(config.topics).alerts_dlq.name)
        worker = _Worker(config, sender, silences, http=http, reader=reader, dead_letters=dead_letters, client=client)
        health.ready_unless(worker.not_ready_reason)
        await worker.run(stop, _follow_verdicts(verdicts, silences))


async def _follow_verdicts(verdicts: TopicReader, silences: Silences) -> None:
    async for record in verdicts.on():
        _add_verdict(silences, record)


def _add_verdict(silences: Silences, record: ConsumerRecord) -> None:
    if (verdict := verdict_in(record.value)) is not None:
        silences.add(verdict, record.timestamp)


class _Worker(ConsumerRebalanceListener, Generic[StateT]):  # type: ignore[misc]  # aiokafka is published without types
    """One member of the group."""

    def __init__(
        self,
        config: Config,
        sender: Sender[StateT],
        silences: Silences,
        *,
        http: HttpClient,
        reader: AIOKafkaConsumer,
        dead_letters: DeadLetters,
        client: AIOKafkaClient,
    ) -> None:
        self._config = config
        self._sender = sender
        self._suppression = Suppression(silences, send_suppressed=config.bridge.send_suppressed)
        self._http = http
        self._reader = reader
        self._client = client
        self._dead_letters = dead_letters
        self._alerts = Topics(config.topics).alerts.name
        self._group = group_of(bridge_name(sender.target), config.topics)
        self._topic_id = ""
        self._assigned = False
        self._new: set[TopicPartition] = set()
        self._deliveries: dict[TopicPartition, PartitionDelivery[StateT]] = {}
        self._in_flight = asyncio.Lock()

    async def run(self, stop: asyncio.Event, following: Coroutine[Any, Any, None]) -> None:
        """Deliver alerts until `stop` is set."""
        self._reader.subscribe([self._alerts], listener=self)
        await work_until(stop, self._in_flight, self._work(), following)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish the delivery in flight before another worker acquires the partitions."""
        self._assigned = False
        self._new.clear()
        async with self._in_flight:
            self._deliveries.clear()
        for tp in revoked:
            metrics.CONSUMER_LAG.remove(tp.topic, str(tp.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Note the partitions; the next round restores their delivery state."""
        self._assigned, self._new = True, set(assigned)
        metrics.REBALANCES.labels("bridge").inc()
        log.info("assigned", partitions=sorted(tp.partition for tp in assigned))

    async def _work(self) -> None:
        while True:
            if self._new:
                await self._restore(set(self._new))
            records = await self._read()
            async with self._in_flight:
                await self._add(records)
                for tp, delivery in list(self._deliveries.items()):
                    await self._round(tp, delivery)
                self._export_metrics()

    def not_ready_reason(self) -> str | None:
        """Return why the worker delivers nothing yet, or None."""
        if not self._assigned:
            return "no partitions are assigned yet: the group is rebalancing"
        if self._new:
            return f"partitions {sorted(tp.partition for tp in self._new)} are assigned and not restored yet"
        return None

    # restoring assigned partitions

    async def _restore(self, assigned: set[TopicPartition]) -> None:
        doing = f"reading the offsets of {self._alerts}"
        current_id = await topic_id(self._client, self._config.kafka, self._alerts)
        with translated_errors(self._config.kafka, doing):
            begins = await self._reader.beginning_offsets(list(assigned))
            ends = await self._reader.end_offsets(list(assigned))
            async with admin(self._config.kafka) as client:
                committed = await client.list_consumer_group_offsets(self._group, partitions=list(assigned))
        if assigned != self._new:
            return  # the group has rebalanced in the meantime
        self._topic_id = current_id
        try:
            for tp in assigned:
                found = committed.get(tp)
                settled = None if found is None or found.offset < 0 else found.offset
                if settled is not None and (found.metadata not in {current_id, ""} or settled > ends[tp]):
                    log.warning("topic was recreated; starting from its first offset", partition=tp.partition)
                    settled = begins[tp]
                self._reader.seek(tp, begins[tp])
                self._deliveries[tp] = PartitionDelivery(
                    tp.partition,
                    self._sender.new_state(self._suppression),
                    self._suppression,
                    begin=begins[tp],
                    settled=settled,
                    end=ends[tp],
                )
        except IllegalStateError:
            log.warning("partitions were assigned to another worker in the meantime")
            self._deliveries.clear()
        self._new.clear()

    async def _read(self) -> dict[TopicPartition, list[ConsumerRecord]]:
        with translated_errors(self._config.kafka, f"reading {self._alerts}"):
            try:
                records: dict[TopicPartition, list[ConsumerRecord]] = await self._reader.getmany(
                    timeout_ms=WAIT_MS, max_records=BATCH_RECORDS
                )
            except NoOffsetForPartitionError:
                return {}  # newly assigned: its position is set in the next round
            except OffsetOutOfRangeError as error:
                log.warning("the committed offset no longer exists; restoring again", reason=str(error))
                self._new |= self._reader.assignment()
                return {}
        return records

    async def _add(self, records: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        for tp, batch in records.items():
            delivery = self._deliveries.get(tp)
            if delivery is not None:
                for record in batch:
                    await self._add_record(delivery, record)

    async def _add_record(self, delivery: PartitionDelivery[StateT], record: ConsumerRecord) -> None:
        is_new = delivery.is_restored
        try:
            suppressed = delivery.add(record.value, record.offset, record.timestamp, clock.now_ms())
        except RecordError as error:
            if is_new:
                log.warning(
                    "alert can't be decoded", reason=error.reason, partition=record.partition, offset=record.offset
                )
                await self._send_to_dlq(error, record.partition, record.offset, record.value)
            return
        if suppressed is not None:
            metrics.BRIDGE_HELD_BACK.labels(self._sender.target, suppressed).inc()

    # delivery

    async def _round(self, tp: TopicPartition, delivery: PartitionDelivery[StateT]) -> None:
        if not delivery.is_restored:
            return
        now_ms = clock.now_ms()
        delivery.start(now_ms)
        delivery.state.tick(now_ms)
        if time.monotonic() >= delivery.retry_at:
            await self._deliver(delivery, now_ms)
        if delivery.position > delivery.committed:
            await self._commit(tp, delivery)
        self._throttle(tp, delivery)

    async def _deliver(self, delivery: PartitionDelivery[StateT], now_ms: int) -> None:
        target = self._sender.target

        def delivered(alerts: int) -> None:
            delivery.succeeded()
            metrics.BRIDGE_SENT.labels(target).inc(alerts)
            metrics.BRIDGE_LAST_SUCCESS.labels(target).set_to_current_time()

        async def drop(step: DeliveryStep, error: DeliveryError) -> None:
            metrics.BRIDGE_FAILURES.labels(target, error.reason).inc()
            log.error("alert dropped", incident=step.incident, reason=error.reason, detail=error.detail)
            reason = RecordError(error.reason, f"{target}: {error.detail}")
            await self._send_to_dlq(reason, step.partition, step.offset, step.value)

        try:
            await self._sender.deliver(delivery.state, Attempt(self._http, now_ms, delivered, drop))
        except DeliveryFailed as failure:
            delay = delivery.failed(time.monotonic(), failure.retry_after_seconds, random.uniform(-1, 1))
            metrics.BRIDGE_FAILURES.labels(target, failure.reason).inc()
            log.warning("delivery failed; it will be retried", detail=failure.detail, seconds=round(delay, 1))

    async def _send_to_dlq(self, error: RecordError, partition: int, offset: int, value: bytes | None) -> None:
        sent = await self._dead_letters.send(error, self._alerts, partition, offset, value)
        await acknowledged(self._config.kafka, [sent], "sending dead letters")

    async def _commit(self, tp: TopicPartition, delivery: PartitionDelivery[StateT]) -> None:
        position = delivery.position
        with translated_errors(self._config.kafka, "committing offsets"):
            try:
                await self._reader.commit({tp: (position, self._topic_id)})
            except (CommitFailedError, IllegalStateError):
                log.warning("the partition was assigned to another worker, which may repeat its last steps")
                return
        delivery.committed = position

    def _throttle(self, tp: TopicPartition, delivery: PartitionDelivery[StateT]) -> None:
        """Pause the partition while too much is waiting; polling continues, or the member would leave the group."""
        try:
            if delivery.state.counts().waiting >= BACKLOG:
                self._reader.pause(tp)
            elif tp in self._reader.paused():
                self._reader.resume(tp)
        except IllegalStateError:
            return  # the partition has been revoked

    def _export_metrics(self) -> None:
        counts = [delivery.state.counts() for delivery in self._deliveries.values()]
        metrics.BRIDGE_FIRING.labels(self._sender.target).set(sum(each.firing for each in counts))
        metrics.BRIDGE_WAITING.labels(self._sender.target).set(sum(each.waiting for each in counts))
        for tp, delivery in self._deliveries.items():
            if (highwater := self._reader.highwater(tp)) is not None:
                metrics.CONSUMER_LAG.labels(tp.topic, str(tp.partition)).set(max(0, highwater - delivery.position))
