"""Worker ``train``: reads `social.labels`, learns with `Trainer`, writes `social.models`.

A model and the offset up to which it was learned are published in one record, so that a crash anywhere loses and
doubles no label: the labels after that offset are read again.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, get_args

import structlog
from aiokafka import TopicPartition

from streams.errors import RecordError
from streams.kafka.clients import acknowledged, consumer, producer, raw_client, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.group_member import GroupMember
from streams.kafka.model_store import ModelStore, refuse
from streams.kafka.names import group_of, worker_name
from streams.kafka.preflight import preflight
from streams.kafka.topics import Topics
from streams.records import ModelHeader, PublishedModel, Verdict, VerdictValue, model_key
from streams.runtime import clock, metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.health import STARTING, serve_health
from streams.runtime.shutdown import work_until
from streams.runtime.watchdog import watch
from streams.sources.weights import load_model
from streams.workers.model_dead_letters import write_model_dead_letters
from streams.workers.train_restore import ModelRef, restore_training

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, QualityName
    from streams.core.learn.trainer import Candidate
    from streams.workers.train_restore import TrainState

BATCH_RECORDS: Final[dict[QualityName, int]] = {"fast": 500, "best": 50}
"""Labels read at a time; some 150 ms of learning."""

WAIT_SECONDS: Final = 0.2
"""How long to wait for the next label."""

log = structlog.get_logger()


async def train(config: Config, stop: asyncio.Event) -> None:
    """Run the worker until `stop` is set, then finish the labels in flight.

    Each quality of the config learns separately, in a group of its own, from the same labels.

    Parameters
    ----------
    config
        The whole config.
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
        load_model(config.sentiment.weights_of(quality), quality)
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
        worker = TrainWorker(config, name, group, store, reader=reader, sender=sender, client=client)
        parts.append(worker.not_ready_reason)
        await worker.run(stop)


class TrainWorker:
    """One member of the group that learns one quality; only one of them has the partition of the labels."""

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
        self._sender = sender
        topics = Topics(config.topics)
        self._labels = TopicPartition(topics.labels.name, 0)
        self._models = topics.models.name
        self._dead_letters = DeadLetters(sender, topics.dlq.name)
        self._member = GroupMember(
            config.kafka, group, self._labels.topic, self._release, reader=reader, client=client, worker=name
        )
        self._series = metrics.Capped(metrics.MAX_SOURCES)
        self._detector = metrics.Capped(metrics.MAX_DETECTORS)
        for detector in config.detectors:
            for verdict in get_args(VerdictValue):
                metrics.INCIDENT_VERDICTS.labels(self._detector(detector.name), verdict)
        self._state: TrainState | None = None
        self._lag = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Train until `stop` is set."""
        self._member.subscribe()
        watching = watch(self._progress, self._config.liveness.stall_seconds)
        await work_until(stop, self._member.in_flight, self._work(), watching)

    async def _work(self) -> None:
        while True:
            await self._member.check_topic()
            if self._member.to_restore():
                self._state = await restore_training(
                    self._config, self._store, self._member, self._labels, self._dead_letters
                )
            batch = await self._member.read(WAIT_SECONDS, BATCH_RECORDS[self._quality])
            async with self._member.in_flight:
                if self._state is not None:
                    await self._round(self._state, batch.get(self._labels, []))

    def not_ready_reason(self) -> str | None:
        """Return why the worker neither learns nor stands by, or None."""
        return self._member.not_ready_reason() or self._member.topic_id.unanswered_for()

    def _progress(self) -> tuple[Hashable, bool]:
        """Return a value that changes whenever the worker makes progress, and whether labels are waiting."""
        state = self._state
        return (self._member.generation, state.offset if state else -1), state is not None and self._lag > 0

    async def _release(self) -> None:
        """Drop the state: another worker may publish the next model."""
        self._state = None

    async def _round(self, state: TrainState, records: Sequence[ConsumerRecord]) -> None:
        if records:
            await self._learn(state, records)
        if state.trainer.pending == 0 and state.offset > state.settled:
            state.settled = state.offset  # nothing that was learned since the model in use can be lost
            await self._commit(state)
        if state.trainer.due(time.monotonic() - state.evaluated):
            await self._evaluate(state)
        self._lag = self._member.show_lag(self._labels, state.offset)

    # learning

    async def _learn(self, state: TrainState, records: Sequence[ConsumerRecord]) -> None:
        dead_letters = []
        rises, falls = state.trainer.running.rises, state.trainer.running.falls
        for record in records:
            source = "unknown"
            try:
                answer = state.label_filter.accept(record.value, record.timestamp)
            except RecordError as error:
                outcome = error.reason
                if self._counts:
                    dead_letters.append(
                        await self._dead_letters.send(error, self._labels.topic, 0, record.offset, record.value)
                    )
            else:
                outcome = "repeated"
                if isinstance(answer, Verdict):
                    source, outcome = "incident", answer.verdict
                    if self._counts:
                        self._count_verdict(answer)
                elif answer:
                    source = self._series(answer.source)
                    outcome = state.trainer.add(answer)
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
        await acknowledged(self._config.kafka, dead_letters, "sending dead letters")

    def _count_verdict(self, verdict: Verdict) -> None:
        for detector in verdict.detectors:
            metrics.INCIDENT_VERDICTS.labels(self._detector(detector), verdict.verdict).inc()

    # publishing

    async def _evaluate(self, state: TrainState) -> None:
        candidate = await asyncio.to_thread(state.trainer.candidate)
        state.evaluated = time.monotonic()
        metrics.JUDGED_F1.labels(self._quality, "candidate").set(candidate.quality.macro_f1)
        metrics.JUDGED_F1.labels(self._quality, "in use").set(candidate.parent_quality.macro_f1)
        if not await self._commit(state):
            return  # another worker has the labels by now, and publishes its own models
        if candidate.good:
            await self._publish(state, candidate)
            return
        refuse(self._name, "worse", f"{candidate.quality} where the one in use has {candidate.parent_quality}")
        pending = state.trainer.pending
        if state.trainer.refused():
            log.warning("labels dropped: they make the model worse on the holdout labels", labels=pending)
            state.labels -= pending
            state.settled = state.offset
            await self._commit(state)

    async def _publish(self, state: TrainState, candidate: Candidate) -> None:
        version = self._store.next_version()
        header = ModelHeader(
            version=version,
            parent=state.model.version,
            created_ms=clock.now_ms(),
            kind=self._quality,
            labels=state.labels,
            incarnation=state.model.topic_id,
            offset=state.offset,
            quality=candidate.quality,
            parent_quality=candidate.parent_quality,
        )
        published = PublishedModel(header, candidate.snapshot)
        await self._write(published.key, published.to_bytes())
        reached(Failpoint.TRAIN_PUBLISHED)
        self._store.add(published)
        state.trainer.published(candidate)
        state.model = ModelRef(state.model.topic_id, version)
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
        await self._commit(state)
        for old in sorted(self._store.outdated()):
            await self._write(model_key(old, self._quality), None)
            self._store.versions.discard(old)

    async def _write(self, key: bytes, value: bytes | None) -> None:
        doing = f"writing {self._models}"
        with translated_errors(self._config.kafka, doing):
            sent: Any = await self._sender.send(self._models, value, key=key)
        await acknowledged(self._config.kafka, [sent], doing)

    async def _commit(self, state: TrainState) -> bool:
        """Commit, and return whether the labels are still this worker's."""
        return await self._member.commit({self._labels: (state.settled, state.model.metadata())})
