"""Restore of the trainer's state: the newest model that can be read, and the labels after those it has learned.

A published model names the offset up to which it was learned. The group's commit only adds to that where the labels
after it taught nothing; it carries the version that it belongs to, so that an old commit can't skip labels.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson
import structlog

from streams.core.learn.label_filter import AcceptedLabel, LabelFilter
from streams.core.learn.trainer import Trainer
from streams.errors import KafkaError, RecordError
from streams.kafka.model_store import refuse
from streams.kafka.names import worker_name
from streams.kafka.retention import report_lost
from streams.runtime import metrics
from streams.sources.weights import load_model, read_weights

if TYPE_CHECKING:
    from aiokafka import TopicPartition

    from streams.config import Config
    from streams.kafka.dead_letters import DeadLetters
    from streams.kafka.group_member import GroupMember, Offsets
    from streams.kafka.model_store import ModelStore

HISTORY_RECORDS: Final = 500
"""Labels before the position that are read at a time."""

log = structlog.get_logger()


class ModelRef(NamedTuple):
    """A model version and the topic whose labels it has learned; committed as the metadata of an offset.

    Parameters
    ----------
    topic_id
        ID of the topic that the labels were read from.
    version
        The labels before the committed offset add nothing to this model: they are in it, taught nothing, or were
        dropped. 0 is the weights of the config.
    """

    topic_id: str
    version: int

    def metadata(self) -> str:
        """Return the text that is committed.

        >>> ModelRef("sGSl10KTR6ek7OrYMaAWew", 3).metadata()
        '["sGSl10KTR6ek7OrYMaAWew",3]'
        """
        return orjson.dumps(tuple(self)).decode()


@dataclass(slots=True)
class TrainState:
    """The state of the worker that has the labels.

    Parameters
    ----------
    label_filter, trainer
        What they know comes from the labels before `offset`.
    model
        The model in use.
    labels
        How many labels were learned since the weights of the config.
    offset
        Offset of the next label.
    settled
        The offset that may be committed with `model`.
    evaluated
        When a model was evaluated last, in monotonic seconds.
    """

    label_filter: LabelFilter
    trainer: Trainer
    model: ModelRef
    labels: int
    offset: int
    settled: int
    evaluated: float


async def restore_training(
    config: Config, store: ModelStore, member: GroupMember, tp: TopicPartition, dead_letters: DeadLetters
) -> TrainState | None:
    """Restore the state from the published models and the latest labels, and start reading after those.

    Parameters
    ----------
    config
        The whole config.
    store
        The published models of the quality that learns.
    member
        The member of the group.
    tp
        The partition of the labels, assigned to the member.
    dead_letters
        The dead letter queue of the labels.

    Returns
    -------
    TrainState or None
        None if a rebalance took the labels away meanwhile.

    Raises
    ------
    KafkaError
        If the broker does not answer, or has lost labels that were learned.
    """
    generation = member.generation
    await store.read_all()
    await member.check_topic()
    state = await asyncio.to_thread(_newest, config, store, member.topic_id.current)
    offsets = (await member.offsets([tp]))[tp]
    if generation != member.generation:
        return None
    next_label = _next(state, offsets, tp)
    if 0 < next_label < offsets.begin:
        lost = offsets.begin - next_label
        await report_lost(config.kafka, dead_letters, tp.topic, tp.partition, next_label, lost)
    state.offset = state.settled = max(offsets.begin, next_label)
    first = max(offsets.begin, state.offset - config.sentiment.learn.recent_labels)
    async for _, records in member.history({tp: (first, state.offset)}, HISTORY_RECORDS):
        for record in records:
            _warm(state, record.value, record.timestamp)
    if not member.start_at({tp: state.offset}, generation):
        return None
    metrics.MODEL_NUMBER.labels(worker_name("train", store.quality)).set(state.model.version)
    log.info("restored", version=state.model.version, labels=state.labels, offset=state.offset)
    return state


def _newest(config: Config, store: ModelStore, topic_id: str) -> TrainState:
    """Return the state of the newest model that can be read, or of the weights of the config."""
    learn, quality = config.sentiment.learn, store.quality
    worker = worker_name("train", quality)
    base = load_model(config.sentiment.weights)
    for version in sorted(store.models, reverse=True):
        header = store.models[version].header
        try:
            trainer = Trainer(learn, store.models[version].snapshot, base, quality)
        except RecordError as error:
            refuse(worker, error.reason, f"version {version}: {error.detail}")
            continue
        offset = header.offset if header.incarnation == topic_id else 0
        metrics.MODEL_CREATED.labels(worker).set(header.created_ms / 1000)
        return _fresh(config, trainer, ModelRef(topic_id, version), header.labels, offset)
    trainer = Trainer(learn, read_weights(config.sentiment.weights_of(quality), quality), base, quality)
    return _fresh(config, trainer, ModelRef(topic_id, 0), 0, 0)


def _fresh(config: Config, trainer: Trainer, model: ModelRef, labels: int, offset: int) -> TrainState:
    return TrainState(LabelFilter(config), trainer, model, labels, offset, offset, time.monotonic())


def _next(state: TrainState, offsets: Offsets, tp: TopicPartition) -> int:
    """Return the offset after the last label that was learned."""
    offset = state.offset
    if _committed_model(offsets.metadata) == state.model:
        offset = max(offset, offsets.committed)
    if offset > offsets.end:
        raise KafkaError(
            f"labels up to offset {offset} were learned, but {tp.topic} ends at {offsets.end}: the broker has lost "
            "records. Delete the topic and run `firewatch topics` to go on with new labels"
        )
    return offset


def _committed_model(metadata: str) -> ModelRef | None:
    try:
        return ModelRef(*orjson.loads(metadata))
    except (orjson.JSONDecodeError, TypeError):
        return None  # nothing is committed, or another tool has committed it


def _warm(state: TrainState, value: bytes | None, broker_ms: int) -> None:
    """Add a label from before the position: repeats must be noticed, and holdout labels go on being that."""
    try:
        answer = state.label_filter.accept(value, broker_ms)
    except RecordError:
        return  # it was refused before the restart, too
    if isinstance(answer, AcceptedLabel):
        state.trainer.restore(answer)
