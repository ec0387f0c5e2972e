"""social.alerts → a receiver: the shell around the ledgers, and the only part of the bridge that knows Kafka.

A step is delivered, and only then its offset committed: a crash repeats steps, which receivers know by their id. What
was known of the incidents before is read again from the topic.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, Generic

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from streams.core.deliver.delivery import BACKLOG, Lane
from streams.core.deliver.suppression import Holding, Silences
from streams.errors import DeliveryError, DeliveryFailed, RecordError
from streams.kafka.clients import acknowledged, admin, consumer, producer, raw_client, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.names import group_of
from streams.kafka.preflight import preflight
from streams.kafka.reader import TopicReader
from streams.kafka.topic_ids import topic_id
from streams.kafka.topics import Topics
from streams.records import MAX_SILENCE_MS, verdict_in
from streams.runtime import clock, metrics
from streams.runtime.health import Health, serve_health
from streams.runtime.shutdown import work_until
from streams.workers.bridge_senders import LedgerT
from streams.workers.http import http_client

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from streams.core.deliver.step import Step
    from streams.workers.bridge_senders import Courier
    from streams.workers.http import Http

BATCH_RECORDS: Final = 200
WAIT_MS: Final = 500

log = structlog.get_logger()


async def bridge(config: Config, courier: Courier[Any], stop: asyncio.Event) -> None:
    """Run until `stop` is set, then finish the delivery in hand.

    Parameters
    ----------
    config
        All of it.
    courier
        Knows the receiver.
    stop
        Set it to end the worker.

    Raises
    ------
    KafkaError
        If no broker answers, a topic is missing or not as it must be, or a record can't be written.
    PortTaken
        If another process listens on `metrics.bridge_port`.
    """
    async with serve_health(config, "bridge") as (health, address):
        await preflight(config, "bridge")
        await _pass_on(config, courier, health, address, stop)
    log.info("stopped")


async def _pass_on(config: Config, courier: Courier[Any], health: Health, address: str, stop: asyncio.Event) -> None:
    group = group_of(f"bridge-{courier.target}", config.topics)
    async with (
        producer(config.kafka) as sender,
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
            _hear(silences, record)
        worker = _Worker(config, courier, silences, http=http, reader=reader, sender=sender, client=client)
        health.ready_unless(worker.not_ready_reason)
        await worker.run(stop, _listen(verdicts, silences))


async def _listen(verdicts: TopicReader, silences: Silences) -> None:
    async for record in verdicts.on():
        _hear(silences, record)


def _hear(silences: Silences, record: ConsumerRecord) -> None:
    if (verdict := verdict_in(record.value)) is not None:
        silences.take(verdict, record.timestamp)


class _Worker(ConsumerRebalanceListener, Generic[LedgerT]):  # type: ignore[misc]  # aiokafka is published without types
    """One member of the group."""

    def __init__(
        self,
        config: Config,
        courier: Courier[LedgerT],
        silences: Silences,
        *,
        http: Http,
        reader: AIOKafkaConsumer,
        sender: AIOKafkaProducer,
        client: AIOKafkaClient,
    ) -> None:
        self._config = config
        self._courier = courier
        self._holding = Holding(silences, send_suppressed=config.bridge.send_suppressed)
        self._http = http
        self._reader = reader
        self._client = client
        topics = Topics(config.topics)
        self._alerts = topics.alerts.name
        self._letters = DeadLetters(sender, topics.alerts_dlq.name)
        self._group = group_of(f"bridge-{courier.target}", config.topics)
        self._topic_id = ""
        self._assigned = False
        self._new: set[TopicPartition] = set()
        self._lanes: dict[TopicPartition, Lane[LedgerT]] = {}
        self._in_hand = asyncio.Lock()

    async def run(self, stop: asyncio.Event, listening: Coroutine[Any, Any, None]) -> None:
        """Pass alerts on until `stop` is set."""
        self._reader.subscribe([self._alerts], listener=self)
        await work_until(stop, self._in_hand, self._work(), listening)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the delivery in hand end before another worker takes over."""
        self._assigned = False
        self._new.clear()
        async with self._in_hand:
            self._lanes.clear()
        for tp in revoked:
            metrics.CONSUMER_LAG.remove(tp.topic, str(tp.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """They are taken over in the next round."""
        self._assigned, self._new = True, set(assigned)
        metrics.REBALANCES.labels("bridge").inc()
        log.info("assigned", partitions=sorted(tp.partition for tp in assigned))

    async def _work(self) -> None:
        while True:
            if self._new:
                await self._take_over(set(self._new))
            records = await self._read()
            async with self._in_hand:
                await self._take(records)
                for tp, lane in list(self._lanes.items()):
                    await self._round(tp, lane)
                self._show()

    def not_ready_reason(self) -> str | None:
        """Why it passes nothing on yet, or None."""
        if not self._assigned:
            return "no partitions are assigned yet: the group is rebalancing"
        if self._new:
            return f"partitions {sorted(tp.partition for tp in self._new)} are assigned and not taken over yet"
        return None

    # where each partition is gone on with

    async def _take_over(self, assigned: set[TopicPartition]) -> None:
        doing = f"reading the offsets of {self._alerts}"
        incarnation = await topic_id(self._client, self._config.kafka, self._alerts)
        with translated_errors(self._config.kafka, doing):
            begins = await self._reader.beginning_offsets(list(assigned))
            ends = await self._reader.end_offsets(list(assigned))
            async with admin(self._config.kafka) as client:
                committed = await client.list_consumer_group_offsets(self._group, partitions=list(assigned))
        if assigned != self._new:
            return  # the group has rebalanced meanwhile
        self._topic_id = incarnation
        try:
            for tp in assigned:
                found = committed.get(tp)
                settled = None if found is None or found.offset < 0 else found.offset
                if settled is not None and (found.metadata not in {incarnation, ""} or settled > ends[tp]):
                    log.warning("the topic was made anew, all of it is new", partition=tp.partition)
                    settled = begins[tp]
                self._reader.seek(tp, begins[tp])
                self._lanes[tp] = Lane(
                    self._courier.ledger(self._holding),
                    self._holding,
                    self._courier.target,
                    begin=begins[tp],
                    settled=settled,
                    end=ends[tp],
                )
        except IllegalStateError:
            log.warning("partitions went to another worker meanwhile")
            self._lanes.clear()
        self._new.clear()

    async def _read(self) -> dict[TopicPartition, list[ConsumerRecord]]:
        with translated_errors(self._config.kafka, f"reading {self._alerts}"):
            try:
                records: dict[TopicPartition, list[ConsumerRecord]] = await self._reader.getmany(
                    timeout_ms=WAIT_MS, max_records=BATCH_RECORDS
                )
            except NoOffsetForPartitionError:
                return {}  # newly assigned: it is given its position in the next round
            except OffsetOutOfRangeError as error:
                log.warning("the alerts moved under the reader, it starts anew", reason=str(error))
                self._new |= self._reader.assignment()
                return {}
        return records

    async def _take(self, records: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        for tp, batch in records.items():
            lane = self._lanes.get(tp)
            for record in batch if lane else ():
                await self._take_one(lane, record)

    async def _take_one(self, lane: Lane[LedgerT] | None, record: ConsumerRecord) -> None:
        if lane is None:
            return
        is_new = lane.is_ready
        try:
            lane.take(record, clock.now_ms())
        except RecordError as error:
            if is_new:
                log.warning(
                    "alert can't be read", reason=error.reason, partition=record.partition, offset=record.offset
                )
                await self._bury(error, record.partition, record.offset, record.value)

    # delivery

    async def _round(self, tp: TopicPartition, lane: Lane[LedgerT]) -> None:
        if not lane.is_ready:
            return
        now_ms = clock.now_ms()
        lane.start(now_ms)
        lane.ledger.tick(now_ms)
        if time.monotonic() >= lane.retry_at:
            await self._deliver(lane, now_ms)
        if lane.position > lane.committed:
            await self._commit(tp, lane)
        self._pace(tp, lane)

    async def _deliver(self, lane: Lane[LedgerT], now_ms: int) -> None:
        target = self._courier.target

        def sent(alerts: int) -> None:
            lane.succeeded()
            metrics.BRIDGE_SENT.labels(target).inc(alerts)
            metrics.BRIDGE_LAST_SUCCESS.labels(target).set_to_current_time()

        async def bury(step: Step, error: DeliveryError) -> None:
            metrics.BRIDGE_FAILURES.labels(target, error.reason).inc()
            log.error("alert given up", incident=step.incident, reason=error.reason, detail=error.detail)
            letter = RecordError(error.reason, f"{target}: {error.detail}")
            await self._bury(letter, step.partition, step.offset, step.value)

        try:
            await self._courier.deliver(lane.ledger, self._http, now_ms, sent, bury)
        except DeliveryFailed as failure:
            delay = lane.failed(time.monotonic(), failure.retry_after_seconds)
            metrics.BRIDGE_FAILURES.labels(target, failure.reason).inc()
            log.warning("receiver fails, it will be tried again", detail=failure.detail, seconds=round(delay, 1))

    async def _bury(self, error: RecordError, partition: int, offset: int, value: bytes | None) -> None:
        letter = await self._letters.send(error, self._alerts, partition, offset, value)
        await acknowledged(self._config.kafka, [letter], "sending dead letters")

    async def _commit(self, tp: TopicPartition, lane: Lane[LedgerT]) -> None:
        position = lane.position
        with translated_errors(self._config.kafka, "committing offsets"):
            try:
                await self._reader.commit({tp: (position, self._topic_id)})
            except (CommitFailedError, IllegalStateError):
                log.warning("the partition went to another worker, which may tell its last steps again")
                return
        lane.committed = position

    def _pace(self, tp: TopicPartition, lane: Lane[LedgerT]) -> None:
        """Read no further while too much waits, but go on asking: a member that does not ask leaves the group."""
        try:
            if lane.ledger.counts()[1] >= BACKLOG:
                self._reader.pause(tp)
            elif tp in self._reader.paused():
                self._reader.resume(tp)
        except IllegalStateError:
            return  # it is not ours any more

    def _show(self) -> None:
        counts: Sequence[tuple[int, int]] = [lane.ledger.counts() for lane in self._lanes.values()]
        metrics.BRIDGE_FIRING.labels(self._courier.target).set(sum(firing for firing, _ in counts))
        metrics.BRIDGE_WAITING.labels(self._courier.target).set(sum(waiting for _, waiting in counts))
        for tp, lane in self._lanes.items():
            if (highwater := self._reader.highwater(tp)) is not None:
                metrics.CONSUMER_LAG.labels(tp.topic, str(tp.partition)).set(max(0, highwater - lane.position))
