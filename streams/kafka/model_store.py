"""Published models on `social.models`: the trainer resumes from them, and scorers follow them.

A model that can't be read is refused, logged and counted; the newest good one stays in use.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from streams.core.sentiment import LinearModel
from streams.errors import ConfigError, RecordError
from streams.kafka.clients import consumer, translated_errors
from streams.kafka.names import worker_name
from streams.kafka.topics import Topics
from streams.records import model_from_record, model_of_key
from streams.runtime import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, QualityName
    from streams.core.sentiment import SentimentModel
    from streams.records import PublishedModel

POLL_SECONDS: Final = 1.0

log = structlog.get_logger()


def refuse(worker: str, reason: str, detail: str) -> None:
    """Log and count a model that is refused."""
    metrics.MODELS_REFUSED.labels(worker, reason).inc()
    log.warning("model refused", reason=reason, detail=detail)


class ModelStore:
    """The published models of one quality, read from the beginning of the topic.

    Parameters
    ----------
    config
        Sections `kafka`, `topics`, `sentiment`.
    reader
        A started consumer without a group.
    worker
        Name of the worker that reads, for metrics.
    quality
        Quality of the models; others are skipped.

    Attributes
    ----------
    models
        The newest models and the pinned one, by version.
    versions
        Versions that the topic holds, readable or not.
    """

    def __init__(self, config: Config, reader: AIOKafkaConsumer, worker: str, quality: QualityName = "fast") -> None:
        self.quality = quality
        self._settings = config.sentiment
        self._kafka = config.kafka
        self._reader = reader
        self._worker = worker
        self._tp = TopicPartition(Topics(config.topics).models.name, 0)
        self.models: dict[int, PublishedModel] = {}
        self.versions: set[int] = set()

    async def read_all(self) -> None:
        """Read the topic from its beginning to its end."""
        self.models.clear()
        self.versions.clear()
        self._reader.assign([self._tp])
        with translated_errors(self._kafka, f"reading {self._tp.topic}"):
            ends = await self._reader.end_offsets([self._tp])
            begins = await self._reader.beginning_offsets([self._tp])
            self._reader.seek(self._tp, begins[self._tp])
            while await self._reader.position(self._tp) < ends[self._tp]:
                await self.read_on()

    async def read_on(self) -> bool:
        """Wait for records, and return whether there were any."""
        with translated_errors(self._kafka, f"reading {self._tp.topic}"):
            try:
                batch = await self._reader.getmany(timeout_ms=round(POLL_SECONDS * 1000))
            except OffsetOutOfRangeError:
                log.warning("models were deleted; reading the topic again", topic=self._tp.topic)
                await self.read_all()
                return True
        for records in batch.values():
            for record in records:
                self._add(record)
        return bool(batch)

    def next_version(self) -> int:
        """Return the version after the newest readable one, except for versions of unreadable models in the topic."""
        version = max(self.models, default=0) + 1
        while version in self.versions:
            version += 1
        return version

    def add(self, model: PublishedModel) -> None:
        """Add a readable model, or one that has just been published."""
        self.versions.add(model.header.version)
        self.models[model.header.version] = model
        for old in self.outdated() & self.models.keys():
            del self.models[old]

    def outdated(self) -> set[int]:
        """Return versions older than the `sentiment.learn.keep_versions` newest readable ones; not the pinned one."""
        oldest = min(sorted(self.models)[-self._settings.learn.keep_versions :], default=0)
        return {version for version in self.versions if version < oldest} - {self._settings.pin_of(self.quality)}

    def _add(self, record: ConsumerRecord) -> None:
        try:
            quality, version = model_of_key(record.key)
        except RecordError as error:
            refuse(self._worker, error.reason, f"offset {record.offset}: {error.detail}")
            return
        if quality != self.quality:
            return
        if record.value is None:
            self.versions.discard(version)
            self.models.pop(version, None)
            return
        self.versions.add(version)
        try:
            model = model_from_record(record.key, record.value)
        except RecordError as error:
            refuse(self._worker, error.reason, f"version {version}: {error.detail}")
            return
        self.add(model)


class LiveModel:
    """The model that a scorer uses: the newest one published, the pinned one, or the weights of the config.

    Parameters
    ----------
    config
        Section `sentiment` above all.
    base
        The model of the weights.
    store
        The published models.

    Attributes
    ----------
    model
        The model to use from the next batch on.
    """

    def __init__(self, config: Config, base: SentimentModel, store: ModelStore) -> None:
        self._pin = config.sentiment.pin_of(store.quality)
        self._store = store
        self._worker = worker_name("score", store.quality)
        self.model = base
        self.number = 0
        self._show(created_ms=None)

    async def catch_up(self) -> None:
        """Use the newest model that is published, or the pinned one.

        Raises
        ------
        ConfigError
            If the pinned version is not there or can't be used.
        """
        if self._pin == 0:
            return
        await self._store.read_all()
        if self._pin is None:
            await self._use_newest()
            return
        pinned = self._store.models.get(self._pin)
        if pinned is None or not await self._use(pinned):
            there = ", ".join(map(str, sorted(self._store.models))) or "none"
            setting = "best_pin" if self._store.quality == "best" else "pin"
            raise ConfigError([f"sentiment.{setting}: no usable version {self._pin} is published; there are {there}"])

    async def follow(self) -> None:
        """Use newer models as they are published, until cancelled."""
        while self._pin is None:
            if await self._store.read_on():
                await self._use_newest()
        await asyncio.Event().wait()

    async def _use_newest(self) -> None:
        if self.number not in self._store.versions:
            self.number = 0  # the topic was recreated: its versions start again
        for version in sorted(self._store.models, reverse=True):
            if version <= self.number or await self._use(self._store.models[version]):
                return
            del self._store.models[version]

    async def _use(self, published: PublishedModel) -> bool:
        header = published.header
        try:
            self.model = await asyncio.to_thread(LinearModel.from_snapshot, published.snapshot, self._store.quality)
        except RecordError as error:
            refuse(self._worker, error.reason, f"version {header.version}: {error.detail}")
            return False
        self.number = header.version
        self._show(header.created_ms)
        log.info("model in use", number=header.version, model=self.model.version, labels=header.labels)
        return True

    def _show(self, created_ms: int | None) -> None:
        metrics.MODEL.labels(self._store.quality).info({"version": self.model.version})
        metrics.MODEL_NUMBER.labels(self._worker).set(self.number)
        if created_ms is not None:
            metrics.MODEL_CREATED.labels(self._worker).set(created_ms / 1000)


@asynccontextmanager
async def live_model(config: Config, base: SentimentModel, quality: QualityName = "fast") -> AsyncIterator[LiveModel]:
    """Yield the model of a quality that is in use; call `LiveModel.follow` to use newer ones.

    Raises
    ------
    ConfigError
        If the pinned version is not there or can't be used.
    """
    async with consumer(config.kafka, None) as reader:
        live = LiveModel(config, base, ModelStore(config, reader, worker_name("score", quality), quality))
        await live.catch_up()
        yield live
