"""Where the trainer goes on: the newest model that can be read, and the labels after those it has learned.

A published model names the offset up to which it was learned. The group's commit only says more where labels were read
after it and taught nothing; it carries the version it belongs to, so that an old commit can't skip labels.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import orjson
import structlog
from aiokafka import TopicPartition

from streams.core.learn.label_filter import Answer, Feedback
from streams.core.learn.trainer import Trainer
from streams.core.sentiment import LinearModel
from streams.core.sentiment.linear import read_snapshot
from streams.errors import KafkaError, RecordError
from streams.kafka.clients import admin, translated_errors
from streams.kafka.model_store import refuse
from streams.kafka.names import worker_name
from streams.kafka.topic_ids import topic_id
from streams.kafka.topics import Topics
from streams.runtime import metrics

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.client import AIOKafkaClient

    from streams.config import Config
    from streams.kafka.model_store import ModelStore

log = structlog.get_logger()


class Mark(NamedTuple):
    """What is committed beside an offset.

    Parameters
    ----------
    incarnation
        Of the topic of the labels.
    version
        Nothing is to be learned of the labels before the offset on top of this model: they are in it, or taught
        nothing, or were dropped. 0 is the weights of the config.
    """

    incarnation: str
    version: int

    def metadata(self) -> str:
        """As it is committed.

        >>> Mark("sGSl10KTR6ek7OrYMaAWew", 3).metadata()
        '["sGSl10KTR6ek7OrYMaAWew",3]'
        """
        return orjson.dumps(tuple(self)).decode()


@dataclass(slots=True)
class Learning:
    """All that the worker holds while the labels are its own.

    Parameters
    ----------
    feedback, trainer
        What must be known of the labels before `offset`.
    mark
        Of the model in use.
    labels
        Learned since the weights of the config.
    offset
        Of the next label.
    settled
        The offset that belongs to the mark.
    judged
        When a model was judged last, monotonic seconds.
    """

    feedback: Feedback
    trainer: Trainer
    mark: Mark
    labels: int
    offset: int
    settled: int
    judged: float


class Start:
    """Restores what was known.

    Parameters
    ----------
    config
        All of it.
    group
        Of the trainers.
    store
        What is published, of the quality that learns.
    reader
        A started consumer that the labels are assigned to.
    client
        Asks for the id of the topic.
    """

    def __init__(
        self, config: Config, group: str, store: ModelStore, *, reader: AIOKafkaConsumer, client: AIOKafkaClient
    ) -> None:
        self._config = config
        self._group = group
        self._store = store
        self._worker = worker_name("train", store.quality)
        self._reader = reader
        self._client = client
        self._tp = TopicPartition(Topics(config.topics).labels.name, 0)

    async def restored(self) -> Learning:
        """Read what is published and the latest labels before the place where it stands.

        Raises
        ------
        KafkaError
            If the broker does not answer, or has lost labels that were learned.
        """
        await self._store.read_all()
        incarnation = await topic_id(self._client, self._config.kafka, self._tp.topic)
        state = await asyncio.to_thread(self._newest, incarnation)
        begin, end = await self._bounds()
        committed, mark = await self._committed()
        if mark == state.mark and committed > state.offset:
            state.offset = committed
        if state.offset > end:
            raise KafkaError(
                f"labels up to offset {state.offset} were learned, but {self._tp.topic} ends at {end}: the broker "
                "has lost records. Delete the topic and run `firewatch topics` to go on with new labels"
            )
        if 0 < state.offset < begin:
            log.warning("labels were deleted before they were learned", labels=begin - state.offset)
        state.offset = state.settled = max(begin, state.offset)
        await self._warm(state, begin)
        metrics.MODEL_NUMBER.labels(self._worker).set(state.mark.version)
        log.info("took over", version=state.mark.version, labels=state.labels, offset=state.offset)
        return state

    def _newest(self, incarnation: str) -> Learning:
        learn, quality = self._config.sentiment.learn, self._store.quality
        base = LinearModel.load(self._config.sentiment.weights)
        for version in sorted(self._store.models, reverse=True):
            header = self._store.models[version].header
            try:
                trainer = Trainer(learn, self._store.models[version].snapshot, base, quality)
            except RecordError as error:
                refuse(self._worker, error.reason, f"version {version}: {error.detail}")
                continue
            offset = header.offset if header.incarnation == incarnation else 0
            metrics.MODEL_CREATED.labels(self._worker).set(header.created_ms / 1000)
            return self._fresh(trainer, Mark(incarnation, version), header.labels, offset)
        weights = read_snapshot(self._config.sentiment.weights_of(quality), quality)
        trainer = Trainer(learn, weights, base, quality)
        return self._fresh(trainer, Mark(incarnation, 0), 0, 0)

    def _fresh(self, trainer: Trainer, mark: Mark, labels: int, offset: int) -> Learning:
        return Learning(Feedback(self._config), trainer, mark, labels, offset, offset, time.monotonic())

    async def _bounds(self) -> tuple[int, int]:
        with translated_errors(self._config.kafka, f"reading the offsets of {self._tp.topic}"):
            begins = await self._reader.beginning_offsets([self._tp])
            ends = await self._reader.end_offsets([self._tp])
        return begins[self._tp], ends[self._tp]

    async def _committed(self) -> tuple[int, Mark | None]:
        with translated_errors(self._config.kafka, f"reading the offsets of group {self._group}"):
            async with admin(self._config.kafka) as client:
                committed = await client.list_consumer_group_offsets(self._group, partitions=[self._tp])
        found = committed.get(self._tp)
        try:
            return (-1, None) if found is None else (found.offset, Mark(*orjson.loads(found.metadata)))
        except (orjson.JSONDecodeError, TypeError):
            return -1, None  # none yet, or another tool's

    async def _warm(self, state: Learning, begin: int) -> None:
        """Take in the latest labels before the offset: repeats are noticed, and judges go on judging."""
        position = max(begin, state.offset - self._config.sentiment.learn.recent_labels)
        self._reader.seek(self._tp, position)
        while position < state.offset:
            with translated_errors(self._config.kafka, f"reading {self._tp.topic}"):
                batch = await self._reader.getmany(self._tp, timeout_ms=1000)
                position = await self._reader.position(self._tp)
            for record in batch.get(self._tp, []):
                if record.offset < state.offset:
                    _take_in(state, record.value, record.timestamp)


def _take_in(state: Learning, value: bytes | None, broker_ms: int) -> None:
    try:
        answer = state.feedback.take(value, broker_ms)
    except RecordError:
        return  # it was refused then, too
    if isinstance(answer, Answer):
        state.trainer.warm(answer)
