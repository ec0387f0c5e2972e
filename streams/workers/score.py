"""Worker ``score``: reads `social.posts`, scores them with `Scorer`, writes `social.mentions`.

It reads, scores, writes, and only then commits the offset: a crash anywhere repeats work, and `detect` drops mentions
whose offsets it has seen.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import structlog

from streams.config.author_key import check_author_key
from streams.core.score.admission import records_to_know
from streams.core.score.idle import Idleness
from streams.core.score.position import Position, StartPosition, choose_start, committed_position
from streams.core.score.resolution import described
from streams.core.score.scorer import Scorer
from streams.core.sentiment import LinearModel
from streams.kafka.clients import consumer, producer, raw_client
from streams.kafka.group_member import GroupMember
from streams.kafka.model_store import live_model
from streams.kafka.names import group_of
from streams.kafka.preflight import preflight
from streams.kafka.topics import Topics
from streams.runtime import metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.health import Health, serve_health
from streams.runtime.live_config import LiveConfig
from streams.runtime.shutdown import work_until
from streams.runtime.watchdog import watch
from streams.sources.weights import best_model, load_model
from streams.workers.even_reader import EvenReader
from streams.workers.mentions_writer import MentionsWriter

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, QualityName
    from streams.core.score.scorer import ScoredBatch
    from streams.core.sentiment import SentimentModel
    from streams.kafka.group_member import Offsets
    from streams.kafka.model_store import LiveModel

WARM_RECORDS: Final = 5_000
"""Records before the position that are read at a time; some 50 ms of work."""

log = structlog.get_logger()


async def score(
    config: Config, stop: asyncio.Event, model: SentimentModel | None = None, file: LiveConfig | None = None
) -> None:
    """Run the worker until `stop` is set, then finish the batch in flight.

    Parameters
    ----------
    config
        The whole config.
    stop
        Set it to end the worker.
    model
        The model of quality ``fast`` until one is published; by default that of ``sentiment.weights``.
    file
        Follows the config file; without it the config never changes.

    Raises
    ------
    KafkaError
        If no broker answers, a topic is missing or not as it must be, or a record can't be written.
    ConfigError
        If the pinned model is not there, or authors would be hashed with a key that everybody knows where others can
        read the hashes.
    InputError
        If the weights of the config can't be used.
    MissingPackage
        If a brand has quality ``best`` and the sentence encoder is not installed.
    PortTaken
        If another process listens on `metrics.score_port`.
    """
    if warning := check_author_key(config):
        log.warning("there is no key of its own for hashing authors", detail=warning)
    bases: dict[QualityName, SentimentModel] = {"fast": model or load_model(config.sentiment.weights)}
    if best := best_model(config):
        bases["best"] = best
    async with serve_health(config, "score") as (health, address):
        await preflight(config, "score")
        await _score(file or LiveConfig(config), bases, health, address, stop)
    log.info("stopped")


async def _score(
    file: LiveConfig, bases: dict[QualityName, SentimentModel], health: Health, address: str, stop: asyncio.Event
) -> None:
    config = file.config
    group = group_of("score", config.topics)
    async with (
        producer(config.kafka) as sender,
        consumer(config.kafka, group) as reader,
        raw_client(config.kafka) as client,
        AsyncExitStack() as stack,
    ):
        lives = {
            quality: await stack.enter_async_context(live_model(config, base, quality))
            for quality, base in bases.items()
        }
        versions = {quality: live.model.version for quality, live in lives.items()}
        log.info("starting", metrics=address, group=group, models=versions)
        worker = ScoreWorker(file, lives, group, reader=reader, sender=sender, client=client)
        health.follow_config(lambda: file.refusal)
        health.ready_unless(worker.not_ready_reason)
        await worker.run(stop)


class ScoreWorker:
    """One member of the group of scorers."""

    def __init__(
        self,
        file: LiveConfig,
        lives: dict[QualityName, LiveModel],
        group: str,
        *,
        reader: AIOKafkaConsumer,
        sender: AIOKafkaProducer,
        client: AIOKafkaClient,
    ) -> None:
        self._file = file
        self._config = config = file.config
        self._lives = lives
        self._models = {quality: live.model for quality, live in lives.items()}
        self._scorer = Scorer(config, self._models["fast"], self._models.get("best"))
        self._remembered = dict.fromkeys(lives, (0, 0))
        self._series = metrics.Capped(metrics.MAX_SOURCES)
        self._coarse: dict[str, int] = {}
        self._reader = reader
        self._writer = MentionsWriter(config, sender)
        self._member = GroupMember(
            config.kafka,
            group,
            Topics(config.topics).posts.name,
            self._release,
            reader=reader,
            client=client,
            worker="score",
        )
        self._even_reader = EvenReader(self._member)
        self._idle: dict[TopicPartition, Idleness] = {}
        self._known: dict[TopicPartition, Position] = {}
        """The position that the scorer's state of each partition belongs to; a rebalance leaves it, so that the state
        need not be restored where the partition stays."""

    async def run(self, stop: asyncio.Event) -> None:
        """Score until `stop` is set."""
        self._member.subscribe()
        watching = watch(self._progress, self._config.liveness.stall_seconds)
        following = [self._file.follow(), *(live.follow() for live in self._lives.values())]
        await work_until(stop, self._member.in_flight, self._work(), watching, *following)

    async def _work(self) -> None:
        while True:
            await self._member.check_topic()
            await self._restore()
            batch = await self._read_batch()
            async with self._member.in_flight:
                await self._process(batch)
                await self._report_idle()
            for tp in self._member.restored:
                self._member.show_lag(tp, self._known[tp].offset)

    def not_ready_reason(self) -> str | None:
        """Return why the worker does not score yet, or None."""
        return self._member.not_ready_reason() or self._member.topic_id.unanswered_for()

    def _progress(self) -> tuple[Hashable, bool]:
        """Return a value that changes whenever the worker makes progress, and whether records are waiting."""
        offsets = tuple(sorted((tp.partition, position.offset) for tp, position in self._known.items()))
        waiting = any(self._member.lag(tp, self._known[tp].offset) for tp in self._member.restored)
        return (self._member.generation, offsets), waiting

    # assignment

    async def _release(self) -> None:
        self._idle.clear()

    async def _restore(self) -> None:
        """Set up partitions that are new: the state of the scorer, then the position."""
        generation = self._member.generation
        if self._member.assigned is not None:
            for tp in self._known.keys() - self._member.assigned:
                del self._known[tp]
                self._scorer.revoke(tp.partition)
        new = self._member.to_restore()
        if not new:
            return
        offsets = await self._member.offsets(new)
        if generation != self._member.generation:
            return
        starts = {tp: self._start(tp, offsets[tp]) for tp in new}
        for tp, start in starts.items():
            if start.lost:
                await self._writer.report_lost(tp.partition, start.position.offset - start.lost, start.lost)
        ranges = {tp: self._begin(tp, start) for tp, start in starts.items() if self._known.get(tp) != start.position}
        async for tp, records in self._member.history(ranges, WARM_RECORDS):
            self._scorer.warm(tp.partition, [_row(record) for record in records])
        positions = {tp: start.position for tp, start in starts.items()}
        if self._member.start_at({tp: position.offset for tp, position in positions.items()}, generation):
            self._known |= positions
            self._idle |= {tp: Idleness(time.monotonic()) for tp in positions}
            log.info("restored", offsets={tp.partition: position.offset for tp, position in positions.items()})

    def _start(self, tp: TopicPartition, offsets: Offsets) -> StartPosition:
        """Choose the position of a partition."""
        committed = committed_position(offsets.committed, offsets.metadata)
        start = choose_start(committed, self._member.topic_id.current, offsets.begin, offsets.end)
        if start.recreated:
            log.warning("topic was recreated; starting from its first offset", partition=tp.partition)
        return start

    def _begin(self, tp: TopicPartition, start: StartPosition) -> tuple[int, int]:
        """Reset the scorer's state of a partition; return the range of offsets whose ids it has to know."""
        position = start.position
        self._known.pop(tp, None)
        self._scorer.assign(tp.partition, position)
        return max(start.begin, position.known_from(records_to_know(self._config.ingest))), position.offset

    # batches

    async def _read_batch(self) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return up to `score.batch_records` records, or those that come within `score.batch_wait_ms`."""
        settings = self._config.score
        return await self._even_reader.read(self._known, settings.batch_records, settings.batch_wait_ms / 1000)

    async def _process(self, batch: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        scored: dict[TopicPartition, ScoredBatch] = {}
        await self._apply_config()
        self._apply_models()
        started = time.perf_counter()
        for tp, records in sorted(batch.items()):
            if tp in self._member.restored:
                rows = [_row(record) for record in records]
                if "best" in self._models:  # milliseconds a post: not in the way of heartbeats
                    scored[tp] = await asyncio.to_thread(self._scorer.score, tp.partition, rows)
                else:
                    scored[tp] = self._scorer.score(tp.partition, rows)
                    await asyncio.sleep(0)  # heartbeats
        if not scored:
            return
        metrics.SCORE_SECONDS.observe(time.perf_counter() - started)
        metrics.BATCH_RECORDS.labels("score").observe(sum(len(batch[tp]) for tp in scored))
        await self._writer.write(list(scored.values()))
        reached(Failpoint.SCORE_WRITTEN)
        positions = {tp: each.position for tp, each in scored.items()}
        self._known |= positions
        await self._member.commit({tp: (position.offset, position.metadata()) for tp, position in positions.items()})
        self._count(scored.values())

    async def _apply_config(self) -> None:
        """Apply a changed config between batches: no batch is matched by two configs."""
        if self._file.config is not self._config:
            self._config = self._file.config
            await asyncio.to_thread(self._scorer.reload, self._config)
            metrics.CONFIG.info({"version": self._config.version})

    def _apply_models(self) -> None:
        """Swap models between batches: no batch is scored by two models of a quality."""
        for quality, live in self._lives.items():
            if live.model is not self._models[quality]:
                self._models[quality] = live.model
                self._remembered[quality] = (0, 0)
                self._scorer.use(live.model, quality)

    async def _report_idle(self) -> None:
        reports = []
        for tp, idleness in self._idle.items():
            at_end = self._reader.highwater(tp) == await self._reader.position(tp)
            as_of_ms = idleness.as_of_ms(self._reader.last_poll_timestamp(tp), at_end=at_end, now=time.monotonic())
            if as_of_ms is not None:
                reports.append(self._scorer.idle(tp.partition, as_of_ms))
        if reports:
            await self._writer.write_progress(reports)

    # metrics

    def _count(self, scored: Iterable[ScoredBatch]) -> None:
        for each in scored:
            metrics.POSTS_SCORED.inc(each.posts)
            metrics.POSTS_REPEATED.labels("score").inc(each.repeated)
            metrics.POSTS_EDITED.inc(each.edited)
            metrics.POSTS_DELETED.inc(each.deleted)
            for source, count in Counter(post.source for post in each.over_quota).items():
                metrics.POSTS_OVER_QUOTA.labels(self._series(source)).inc(count)
            for source, count in each.imported.items():
                metrics.POSTS_IMPORTED.labels(self._series(source)).inc(count)
            for (source, resolution_ms), count in each.coarse.items():
                metrics.POSTS_COARSE.labels(self._series(source), str(resolution_ms // 1000)).inc(count)
                self._warn_of_coarse_times(source, resolution_ms)
            for envelope in each.envelopes:
                metrics.POSTS_MATCHED.labels(envelope.brand).inc(len(envelope.mentions))
            for source, at_ms in each.sources.items():
                metrics.SOURCE_LAST_POST.labels(self._series(source)).set(at_ms / 1000)
        for quality, model in self._models.items():
            if isinstance(model, LinearModel):
                hits, misses = model.remembered()
                metrics.TEXTS.labels(quality, "from memory").inc(hits - self._remembered[quality][0])
                metrics.TEXTS.labels(quality, "anew").inc(misses - self._remembered[quality][1])
                self._remembered[quality] = (hits, misses)

    def _warn_of_coarse_times(self, source: str, resolution_ms: int) -> None:
        """Log that the times of a source are coarse, once until they become coarser."""
        if len(self._coarse) < metrics.MAX_SOURCES and resolution_ms > self._coarse.get(source, 0):
            self._coarse[source] = resolution_ms
            log.warning(
                "times of a source are coarse; its posts are spread over the span that their time stands for",
                source=source,
                resolution=described(resolution_ms),
            )


def _row(record: ConsumerRecord) -> tuple[int, int, bytes | None]:
    """Return a record as the scorer reads it."""
    return record.offset, record.timestamp, record.value
