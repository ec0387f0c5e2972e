"""social.labels → social.models: the shell around `Feedback` and `Trainer`.

What was learned and the offset it was learned up to are published in one record, so that a crash anywhere loses and
doubles no label: the labels after that offset are read again.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, get_args

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from streams.core.sentiment import LinearModel
from streams.errors import RecordError
from streams.kafka.clients import acknowledged, consumer, producer, raw_client, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.model_store import ModelStore, refuse
from streams.kafka.names import group_of, worker_name
from streams.kafka.preflight import preflight
from streams.kafka.topic_ids import TopicId
from streams.kafka.topics import Topics
from streams.records import ModelHeader, PublishedModel, Verdict, VerdictValue, model_key
from streams.runtime import clock, metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.health import STARTING, serve_health
from streams.runtime.shutdown import work_until
from streams.runtime.watchdog import watch
from streams.workers.model_dead_letters import write_model_dead_letters
from streams.workers.train_restore import Mark, Start

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, QualityName
    from streams.core.learn.trainer import Candidate
    from streams.workers.train_restore import Learning

BATCH_RECORDS: Final[dict[QualityName, int]] = {"fast": 500, "best": 50}
"""Labels read at a time; some 150 ms of learning."""

WAIT_MS: Final = 200
"""How long to wait for the next label."""

log = structlog.get_logger()


async def train(config: Config, stop: asyncio.Event) -> None:
    """Run the worker until `stop` is set, then finish the labels in hand.

    Each quality of the config learns on its own, in a group of its own, from the same labels.

    Parameters
    ----------
    config
        All of it.
    stop
        Set it to end the worker.

    Raises
    ------
    KafkaError
        If no broker answers, a topic is missing or not as it must be, or a record can't be written.
    InputError
        If the weights of the config can't be used.
    MissingPackage
        If a brand has quality `best` and the sentence encoder is not installed.
    PortTaken
        If another process listens on `metrics.train_port`.
    """
    qualities = config.models()
    for quality in qualities:
        LinearModel.load(config.sentiment.weights_of(quality), quality)
    async with serve_health(config, "train") as (health, address):
        await preflight(config, "train")
        log.info("starting", metrics=address, qualities=qualities)
        async with producer(config.kafka) as sender, raw_client(config.kafka) as client:
            parts: list[Callable[[], str | None]] = []
            health.ready_unless(lambda: _not_ready_reason(parts, len(tasks)))
            tasks = [
                asyncio.create_task(write_model_dead_letters(config, stop, parts)),
                *(
                    asyncio.create_task(_learn_quality(config, stop, quality, parts, sender=sender, client=client))
                    for quality in qualities
                ),
            ]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
    log.info("stopped")


def _not_ready_reason(parts: Sequence[Callable[[], str | None]], expected: int) -> str | None:
    if len(parts) < expected:
        return STARTING
    return next((why for part in parts if (why := part())), None)


async def _learn_quality(
    config: Config,
    stop: asyncio.Event,
    quality: QualityName,
    parts: list[Callable[[], str | None]],
    *,
    sender: AIOKafkaProducer,
    client: AIOKafkaClient,
) -> None:
    name = worker_name("train", quality)
    group = group_of(name, config.topics)
    async with consumer(config.kafka, group) as reader, consumer(config.kafka, None) as models:
        store = ModelStore(config, models, name, quality)
        worker = _Worker(config, name, group, store, reader=reader, sender=sender, client=client)
        parts.append(worker.not_ready_reason)
        await worker.run(stop)


class _Worker(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is published without types
    """One member of the group; only one has the partition of the labels."""

    def __init__(
        self,
        config: Config,
        name: str,
        group: str,
        store: ModelStore,
        *,
        reader: AIOKafkaConsumer,
        sender: AIOKafkaProducer,
        client: AIOKafkaClient,
    ) -> None:
        self._config = config
        self._name = name
        self._quality = store.quality
        self._counts = store.quality == "fast"  # and writes dead letters: of each label once, however many learn it
        self._store = store
        self._reader = reader
        self._sender = sender
        self._start = Start(config, group, store, reader=reader, client=client)
        topics = Topics(config.topics)
        self._labels = TopicPartition(topics.labels.name, 0)
        self._topic_id = TopicId(client, config.kafka, self._labels.topic)
        self._models = topics.models.name
        self._letters = DeadLetters(sender, topics.dlq.name)
        self._series = metrics.Capped(metrics.MAX_SOURCES)
        self._assigned = False
        self._detector = metrics.Capped(metrics.MAX_DETECTORS)
        for detector in config.detectors:
            for verdict in get_args(VerdictValue):
                metrics.INCIDENT_VERDICTS.labels(self._detector(detector.name), verdict)
        self._mine = False
        self._lag = 0
        self._state: Learning | None = None
        self._generation = 0
        self._labels_in_hand = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Train until `stop` is set."""
        self._reader.subscribe([self._labels.topic], listener=self)
        watching = watch(self._progress, self._config.liveness.stall_seconds)
        await work_until(stop, self._labels_in_hand, self._work(), watching)

    def not_ready_reason(self) -> str | None:
        """Why it neither learns nor stands by, or None."""
        if not self._assigned:
            return "the group is rebalancing"
        if self._mine and self._state is None:
            return "the labels are assigned and not taken over yet"
        return self._topic_id.unanswered_for()

    def _progress(self) -> tuple[Hashable, bool]:
        """What changes whenever it gets on, and whether labels wait for it."""
        state = self._state
        return (self._generation, state.offset if state else -1), state is not None and self._lag > 0

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the labels in hand be learned before another worker takes over."""
        self._assigned = self._mine = False
        self._generation += 1
        async with self._labels_in_hand:
            self._state = None
        for tp in revoked:
            metrics.CONSUMER_LAG.remove(tp.topic, str(tp.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """What is published is read anew in the next round: another worker may have gone on."""
        self._assigned, self._mine = True, self._labels in assigned
        metrics.REBALANCES.labels(self._name).inc()
        log.info("assigned", quality=self._quality, learning=self._mine)

    async def _work(self) -> None:
        while True:
            if await self._topic_id.changed():
                log.warning("the topic of the labels was made anew, they are learned from its beginning")
                self._state = None
            if self._mine and self._state is None:
                await self._take_over()
            state = self._state
            records = await self._read()
            async with self._labels_in_hand:
                if state is not None and state is self._state:
                    await self._round(state, records)

    async def _take_over(self) -> None:
        generation = self._generation
        try:
            state = await self._start.restored()
            if generation == self._generation:
                self._reader.seek(self._labels, state.offset)
                self._state = state
        except IllegalStateError:
            log.warning("the labels went to another worker meanwhile")

    async def _round(self, state: Learning, records: Sequence[ConsumerRecord]) -> None:
        if records:
            await self._learn(state, records)
        if state.trainer.pending == 0 and state.offset > state.settled:
            state.settled = state.offset  # nothing that was learned since the model in use can be lost
            await self._commit(state.settled, state.mark)
        if state.trainer.due(time.monotonic() - state.judged):
            await self._judge(state)
        highwater = self._reader.highwater(self._labels)
        self._lag = max(0, highwater - state.offset) if highwater is not None else 0
        metrics.CONSUMER_LAG.labels(self._labels.topic, "0").set(self._lag)

    # learning

    async def _read(self) -> Sequence[ConsumerRecord]:
        records: dict[TopicPartition, list[ConsumerRecord]] = {}
        with translated_errors(self._config.kafka, f"reading {self._labels.topic}"):
            try:
                records = await self._reader.getmany(timeout_ms=WAIT_MS, max_records=BATCH_RECORDS[self._quality])
            except NoOffsetForPartitionError:
                pass  # newly assigned: it is given its position in the next round
            except OffsetOutOfRangeError as error:
                log.warning("the labels moved under the reader, it starts anew", reason=str(error))
                self._state = None
        return records.get(self._labels, [])

    async def _learn(self, state: Learning, records: Sequence[ConsumerRecord]) -> None:
        letters = []
        rises, falls = state.trainer.running.rises, state.trainer.running.falls
        for record in records:
            source = "unknown"
            try:
                answer = state.feedback.take(record.value, record.timestamp)
            except RecordError as error:
                outcome = error.reason
                if self._counts:
                    letters.append(await self._letters.send(error, self._labels.topic, 0, record.offset, record.value))
            else:
                outcome = "repeated"
                if isinstance(answer, Verdict):
                    source, outcome = "incident", answer.verdict
                    if self._counts:
                        self._count_verdict(answer)
                elif answer:
                    source = self._series(answer.source)
                    outcome = state.trainer.take(answer)
                    state.labels += outcome == "learned"
            if self._counts:
                metrics.LABELS.labels(source, outcome).inc()
            state.offset = record.offset + 1
        metrics.DRIFTS.labels(self._quality, "worse").inc(state.trainer.running.rises - rises)
        metrics.DRIFTS.labels(self._quality, "better").inc(state.trainer.running.falls - falls)
        metrics.BATCH_RECORDS.labels(self._name).observe(len(records))
        if running := state.trainer.running.quality():
            metrics.MACRO_F1.labels(self._quality).set(running.macro_f1)
            metrics.NEGATIVE_F1.labels(self._quality).set(running.negative_rest_f1)
        await acknowledged(self._config.kafka, letters, "sending dead letters")

    def _count_verdict(self, verdict: Verdict) -> None:
        for detector in verdict.detectors:
            metrics.INCIDENT_VERDICTS.labels(self._detector(detector), verdict.verdict).inc()

    # publishing

    async def _judge(self, state: Learning) -> None:
        candidate = await asyncio.to_thread(state.trainer.candidate)
        state.judged = time.monotonic()
        metrics.JUDGED_F1.labels(self._quality, "candidate").set(candidate.quality.macro_f1)
        metrics.JUDGED_F1.labels(self._quality, "in use").set(candidate.parent_quality.macro_f1)
        if not await self._commit(state.settled, state.mark):
            return  # others have the labels by now, and publish themselves
        if candidate.good:
            await self._publish(state, candidate)
            return
        refuse(self._name, "worse", f"{candidate.quality} where the one in use has {candidate.parent_quality}")
        pending = state.trainer.pending
        if state.trainer.refused():
            log.warning("labels dropped: with them the model is worse on those that judge", labels=pending)
            state.labels -= pending
            state.settled = state.offset
            await self._commit(state.settled, state.mark)

    async def _publish(self, state: Learning, candidate: Candidate) -> None:
        version = self._store.next_number()
        header = ModelHeader(
            version=version,
            parent=state.mark.version,
            created_ms=clock.now_ms(),
            kind=self._quality,
            labels=state.labels,
            incarnation=state.mark.incarnation,
            offset=state.offset,
            quality=candidate.quality,
            parent_quality=candidate.parent_quality,
        )
        published = PublishedModel(header, candidate.snapshot)
        await self._write(published.key, published.to_bytes())
        reached(Failpoint.TRAIN_PUBLISHED)
        self._store.put(published)
        state.trainer.published(candidate)
        state.mark = Mark(state.mark.incarnation, version)
        state.settled = state.offset
        metrics.MODELS_PUBLISHED.labels(self._quality).inc()
        metrics.MODEL_NUMBER.labels(self._name).set(version)
        metrics.MODEL_CREATED.labels(self._name).set(header.created_ms / 1000)
        log.info(
            "published",
            kind=self._quality,
            version=version,
            labels=state.labels,
            quality=candidate.quality.model_dump(),
        )
        await self._commit(state.settled, state.mark)
        for old in sorted(self._store.pruned()):
            await self._write(model_key(old, self._quality), None)
            self._store.numbers.discard(old)

    async def _write(self, key: bytes, value: bytes | None) -> None:
        doing = f"writing {self._models}"
        with translated_errors(self._config.kafka, doing):
            sent: Any = await self._sender.send(self._models, value, key=key)
        await acknowledged(self._config.kafka, [sent], doing)

    async def _commit(self, offset: int, mark: Mark) -> bool:
        """Commit; tells whether the labels are still ours."""
        with translated_errors(self._config.kafka, "committing offsets"):
            try:
                async with asyncio.timeout(self._config.kafka.request_timeout_seconds):
                    await self._reader.commit({self._labels: (offset, mark.metadata())})
            except (CommitFailedError, IllegalStateError):
                log.warning("the labels went to another worker, which learns them again")
                return False
        return True
