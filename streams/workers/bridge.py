"""The bridge worker: delivers social.alerts to one receiver outside Kafka.

An offset is committed only after its step has been delivered, so a crash repeats steps, which receivers recognise by
their id. After a start the delivery state is restored from the topic itself.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic

import structlog
from aiokafka.errors import IllegalStateError

from streams.core.deliver.delivery import BACKLOG, PartitionDelivery
from streams.core.deliver.state import StateT
from streams.core.deliver.step import DeliveryVerdict
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryDenied, DeliveryError, DeliveryFailed, RecordError
from streams.kafka.clients import acknowledged, consumer, producer, raw_client
from streams.kafka.connection import Connection
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.group_member import GroupMember
from streams.kafka.names import bridge_name, group_of
from streams.kafka.preflight import preflight
from streams.kafka.reader import TopicReader
from streams.kafka.retention import report_lost
from streams.kafka.topics import Topics
from streams.records import MAX_SILENCE_MS, verdict_in
from streams.runtime import clock, metrics
from streams.runtime.health import Health, serve_health
from streams.runtime.shutdown import work_until
from streams.workers.receivers.base import Attempt
from streams.workers.receivers.http_client import http_client

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from streams.core.deliver.step import DeliveryStep
    from streams.workers.receivers.base import Sender
    from streams.workers.receivers.http_client import HttpClient

BATCH_RECORDS: Final = 200
WAIT_SECONDS: Final = 0.5

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
        dead_letters = DeadLetters(dead_letter_producer, Topics(config.topics).alerts_dlq.name)
        worker = BridgeWorker(config, sender, http=http, reader=reader, dead_letters=dead_letters, client=client)
        verdicts = TopicReader(labels, config.kafka, Topics(config.topics).labels)
        await verdicts.seek(clock.now_ms() - MAX_SILENCE_MS)
        for record in await verdicts.to_the_end():
            worker.add_verdict(record)
        connection = Connection(config.kafka)
        health.ready_unless(lambda: connection.problem or worker.not_ready_reason())
        await worker.run(stop, _follow_verdicts(verdicts, worker), connection.watch())


async def _follow_verdicts(verdicts: TopicReader, worker: BridgeWorker[Any]) -> None:
    async for record in verdicts.on():
        worker.add_verdict(record)


class BridgeWorker(Generic[StateT]):
    """One member of the group of bridges to one receiver."""

    def __init__(
        self,
        config: Config,
        sender: Sender[StateT],
        *,
        http: HttpClient,
        reader: AIOKafkaConsumer,
        dead_letters: DeadLetters,
        client: AIOKafkaClient,
    ) -> None:
        self._config = config
        self._sender = sender
        self._silences = Silences()
        self._verdicts: deque[DeliveryVerdict] = deque()
        self._suppression = Suppression(self._silences, send_suppressed=config.bridge.send_suppressed)
        self._http = http
        self._reader = reader
        self._dead_letters = dead_letters
        self._alerts = Topics(config.topics).alerts.name
        self._member = GroupMember(
            config.kafka,
            group_of(bridge_name(sender.target), config.topics),
            self._alerts,
            self._release,
            reader=reader,
            client=client,
            worker="bridge",
        )
        self._deliveries: dict[TopicPartition, PartitionDelivery[StateT]] = {}
        self._denials: dict[TopicPartition, str] = {}
        self._denial: str | None = None

    async def run(self, stop: asyncio.Event, *beside: Coroutine[Any, Any, None]) -> None:
        """Deliver alerts until `stop` is set, and run what else has to run meanwhile."""
        self._member.subscribe()
        await work_until(stop, self._member.in_flight, self._work(), *beside)

    async def _work(self) -> None:
        while True:
            if self._member.to_restore():
                # Not in every round: during an outage of Kafka, firing alerts must still be repeated to receivers.
                await self._member.check_topic()
                await self._restore()
            batch = await self._member.read(WAIT_SECONDS, BATCH_RECORDS)
            async with self._member.in_flight:
                await self._add(batch)
                for tp, delivery in list(self._deliveries.items()):
                    await self._round(tp, delivery)
                self._export_metrics()

    def not_ready_reason(self) -> str | None:
        """Return why the worker delivers nothing yet or any more, or None."""
        return self._member.not_ready_reason() or self._denial

    # verdicts

    def add_verdict(self, record: ConsumerRecord) -> None:
        """Apply a record of social.labels, and pass it on if it is a verdict; call it for the records in order."""
        verdict = verdict_in(record.value)
        if verdict is None:
            return
        self._silences.add(verdict, record.timestamp)
        id = hashlib.blake2b(record.value, digest_size=16).hexdigest()
        delivered = DeliveryVerdict(verdict, id, record.timestamp)
        now_ms = clock.now_ms()
        self._verdicts.append(delivered)
        while now_ms - self._verdicts[0].broker_ms > MAX_SILENCE_MS and len(self._verdicts) > 1:
            self._verdicts.popleft()
        for delivery in self._deliveries.values():
            if delivery.has_started:
                delivery.state.add_verdict(delivered, now_ms, is_new=True)

    # restoring assigned partitions

    async def _release(self) -> None:
        self._deliveries.clear()
        self._denials.clear()

    async def _restore(self) -> None:
        """Read assigned partitions from their first offset again: their delivery state is in the records."""
        generation = self._member.generation
        deliveries: dict[TopicPartition, PartitionDelivery[StateT]] = {}
        for tp, offsets in (await self._member.offsets(self._member.to_restore())).items():
            settled = None if offsets.committed < 0 else offsets.committed
            same_topic = offsets.metadata in {self._member.topic_id.current, ""}
            if settled is not None and (not same_topic or settled > offsets.end):
                log.warning("topic was recreated; starting from its first offset", partition=tp.partition)
                settled = offsets.begin
            elif settled is not None and settled < offsets.begin:
                lost = offsets.begin - settled
                await report_lost(self._config.kafka, self._dead_letters, tp.topic, tp.partition, settled, lost)
                settled = offsets.begin
            deliveries[tp] = PartitionDelivery(
                tp.partition,
                self._sender.new_state(self._suppression),
                self._suppression,
                begin=offsets.begin,
                settled=settled,
                end=offsets.end,
            )
        if self._member.start_at({tp: delivery.next for tp, delivery in deliveries.items()}, generation):
            self._deliveries |= deliveries

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
        if delivery.start(now_ms):
            for verdict in self._verdicts:
                delivery.state.add_verdict(verdict, now_ms, is_new=False)
        delivery.state.tick(now_ms)
        if time.monotonic() >= delivery.retry_at:
            await self._deliver(tp, delivery, now_ms)
        if delivery.position > delivery.committed:
            position = delivery.position
            if await self._member.commit({tp: (position, self._member.topic_id.current)}):
                delivery.committed = position
        self._throttle(tp, delivery)

    async def _deliver(self, tp: TopicPartition, delivery: PartitionDelivery[StateT], now_ms: int) -> None:
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

        def links_refused(step: DeliveryStep, error: DeliveryError) -> None:
            metrics.BRIDGE_FAILURES.labels(target, "links_refused").inc()
            log.warning(
                "alert was sent without its links, with which it was refused",
                incident=step.incident,
                detail=error.detail,
            )

        def drop_verdict(verdict: DeliveryVerdict, error: DeliveryError) -> None:
            metrics.BRIDGE_FAILURES.labels(target, error.reason).inc()
            log.error("verdict dropped", incident=verdict.incident, reason=error.reason, detail=error.detail)

        def warn(incident: str, sentence: str, error: DeliveryError) -> None:
            metrics.BRIDGE_FAILURES.labels(target, error.reason).inc()
            log.warning(sentence, incident=incident, reason=error.reason, detail=error.detail)

        attempt = Attempt(self._http, now_ms, delivered, drop, drop_verdict, links_refused, warn)
        try:
            await self._sender.deliver(delivery.state, attempt)
            self._denials.pop(tp, None)
        except DeliveryFailed as failure:
            if isinstance(failure, DeliveryDenied):
                self._denials[tp] = f"{target}: {failure.detail}"
            else:
                self._denials.pop(tp, None)
            delay = delivery.failed(time.monotonic(), failure.retry_after_seconds, random.uniform(-1, 1))
            metrics.BRIDGE_FAILURES.labels(target, failure.reason).inc()
            log.warning("delivery failed; it will be retried", detail=failure.detail, seconds=round(delay, 1))

    async def _send_to_dlq(self, error: RecordError, partition: int, offset: int, value: bytes | None) -> None:
        sent = await self._dead_letters.send(error, self._alerts, partition, offset, value)
        await acknowledged(self._config.kafka, [sent], "sending dead letters")

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
        self._denial = next(iter(self._denials.values()), None)
        metrics.BRIDGE_DENIED.labels(self._sender.target).set(self._denial is not None)
        counts = [delivery.state.counts() for delivery in self._deliveries.values()]
        metrics.BRIDGE_FIRING.labels(self._sender.target).set(sum(each.firing for each in counts))
        metrics.BRIDGE_WAITING.labels(self._sender.target).set(sum(each.waiting for each in counts))
        for tp, delivery in self._deliveries.items():
            self._member.show_lag(tp, delivery.position)
