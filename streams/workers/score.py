"""social.posts → social.mentions: the shell around `Scorer`.

Read, score, write, and only then commit the offset: a crash anywhere repeats work whose offsets the next step has seen.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from streams.core.score.idle import Idleness
from streams.core.score.position import Position, StartPosition, choose_start, committed_position
from streams.core.score.scorer import Scorer, best_model
from streams.core.sentiment import LinearModel
from streams.kafka.clients import admin, consumer, producer, raw_client, translated_errors
from streams.kafka.model_store import live_model
from streams.kafka.names import group_of
from streams.kafka.preflight import preflight
from streams.kafka.topic_ids import TopicId
from streams.kafka.topics import Topics
from streams.runtime import metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.health import Health, serve_health
from streams.runtime.live_config import LiveConfig
from streams.runtime.shutdown import work_until
from streams.runtime.watchdog import watch
from streams.workers.mentions_writer import MentionsWriter

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, QualityName
    from streams.core.score.scorer import ScoredBatch
    from streams.core.sentiment import SentimentModel
    from streams.kafka.model_store import LiveModel

WARM_RECORDS: Final = 5_000
"""Records read at a time before the position; some 20 ms of work."""

log = structlog.get_logger()


async def score(
    config: Config, stop: asyncio.Event, model: SentimentModel | None = None, file: LiveConfig | None = None
) -> None:
    """Run the worker until `stop` is set, then finish the batch in hand.

    Parameters
    ----------
    config
        All of it.
    stop
        Set it to end the worker.
    model
        To score by until one is published, quality ``fast``; by default that of ``sentiment.weights``.
    file
        Where changes of the config come from; none come without it.

    Raises
    ------
    KafkaError
        If no broker answers, a topic is missing or not as it must be, or a record can't be written.
    ConfigError
        If the pinned model is not there.
    InputError
        If the weights of the config can't be used.
    MissingPackage
        If a brand has quality ``best`` and the sentence encoder is not installed.
    PortTaken
        If another process listens on `metrics.score_port`.
    """
    bases: dict[QualityName, SentimentModel] = {"fast": model or LinearModel.load(config.sentiment.weights)}
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
        worker = _Worker(file, lives, group, reader=reader, sender=sender, client=client)
        health.ready_unless(worker.not_ready_reason)
        await worker.run(stop)


class _Worker(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is published without types
    """One member of the group."""

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
        self._group = group
        self._reader = reader
        self._writer = MentionsWriter(config, sender)
        self._posts = Topics(config.topics).posts.name
        self._topic_id = TopicId(client, config.kafka, self._posts)
        self._assigned: set[TopicPartition] | None = None  # None while the group rebalances
        self._generation = 0
        self._ready: dict[int, Idleness] = {}
        self._known: dict[int, Position] = {}  # where the scorer's state of each partition stands
        self._batch_in_hand = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Score until `stop` is set."""
        self._reader.subscribe([self._posts], listener=self)
        watching = watch(self._progress, self._config.liveness.stall_seconds)
        following = [self._file.follow(), *(live.follow() for live in self._lives.values())]
        await work_until(stop, self._batch_in_hand, self._work(), watching, *following)

    async def _work(self) -> None:
        while True:
            await self._round()

    async def _round(self) -> None:
        if await self._topic_id.changed():
            self._start_over()
        await self._set_up_new_partitions()
        batch = await self._read_batch()
        async with self._batch_in_hand:
            await self._process(batch)
            await self._report_idle()
        self._show_lag()

    def not_ready_reason(self) -> str | None:
        """Why it does not score yet, or None."""
        if self._assigned is None:
            return "no partitions are assigned yet: the group is rebalancing"
        behind = sorted({tp.partition for tp in self._assigned} - self._ready.keys())
        if behind:
            return f"partitions {behind} are assigned and not taken over yet"
        return self._topic_id.unanswered_for()

    def _progress(self) -> tuple[Hashable, bool]:
        """What changes whenever it gets on, and whether records wait for it."""
        offsets = tuple(sorted((partition, position.offset) for partition, position in self._known.items()))
        return (self._generation, offsets), any(self._lags().values())

    # assignment

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the batch in hand be committed before other workers take over."""
        self._assigned = None
        self._generation += 1
        async with self._batch_in_hand:
            self._ready.clear()
        for tp in revoked:
            metrics.CONSUMER_LAG.remove(tp.topic, str(tp.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Forget partitions that went to others; new ones are set up in the next round."""
        self._assigned = assigned
        self._topic_id.invalidate()
        metrics.REBALANCES.labels("score").inc()
        for partition in self._known.keys() - {tp.partition for tp in assigned}:
            self._forget(partition)
        log.info("assigned", partitions=sorted(tp.partition for tp in assigned))

    def _forget(self, partition: int) -> None:
        self._ready.pop(partition, None)
        self._known.pop(partition, None)
        self._scorer.revoke(partition)

    def _start_over(self) -> None:
        self._generation += 1
        self._topic_id.invalidate()
        self._ready.clear()
        for partition in list(self._known):
            self._forget(partition)

    async def _set_up_new_partitions(self) -> None:
        generation = self._generation
        new = sorted(tp for tp in self._assigned or () if tp.partition not in self._ready)
        if not new:
            return
        starts = await self._starts(new)
        if generation != self._generation:
            return
        cold = {}
        for tp, start in starts.items():
            if start.lost:
                log.warning("posts were deleted before they were scored", partition=tp.partition, posts=start.lost)
            if self._known.get(tp.partition) != start.position:
                cold[tp] = start
        if not await self._warm(cold, generation):
            return
        for tp, start in starts.items():
            self._reader.seek(tp, start.position.offset)
            self._ready[tp.partition] = Idleness(time.monotonic())
        log.info("took over", offsets={tp.partition: start.position.offset for tp, start in starts.items()})

    async def _starts(self, tps: list[TopicPartition]) -> dict[TopicPartition, StartPosition]:
        with translated_errors(self._config.kafka, f"reading the offsets of group {self._group}"):
            async with admin(self._config.kafka) as client:
                committed = await client.list_consumer_group_offsets(self._group, partitions=tps)
            begins = await self._reader.beginning_offsets(tps)
            ends = await self._reader.end_offsets(tps)
        starts = {}
        for tp in tps:
            position = committed_position(committed[tp].offset, committed[tp].metadata) if tp in committed else None
            starts[tp] = choose_start(position, self._topic_id.current, begins[tp], ends[tp])
            if starts[tp].recreated:
                log.warning("the topic was deleted and made again: starting at its beginning", partition=tp.partition)
        return starts

    async def _warm(self, starts: dict[TopicPartition, StartPosition], generation: int) -> bool:
        """Have the scorer read the ids before its positions; tells whether the partitions stayed ours meanwhile."""
        recent = self._config.ingest.recent_ids
        reading = {}
        for tp, (position, begin, *_) in starts.items():
            self._known.pop(tp.partition, None)
            self._scorer.assign(tp.partition, position)
            first = max(begin, position.known_from(recent))
            self._reader.seek(tp, first)
            if first < position.offset:
                reading[tp] = position.offset
        while reading:
            batch = await self._getmany(list(reading), 1.0, WARM_RECORDS)
            if generation != self._generation:
                return False
            await asyncio.sleep(0)  # heartbeats
            for tp, records in batch.items():
                rows = [_row(record) for record in records if record.offset < reading[tp]]
                self._scorer.warm(tp.partition, rows)
            for tp, end in list(reading.items()):
                if await self._reader.position(tp) >= end:
                    del reading[tp]
            if generation != self._generation:
                return False
        self._known |= {tp.partition: start.position for tp, start in starts.items()}
        return True

    # reading

    async def _read_batch(self) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Up to `score.batch_records` records, or what comes within `score.batch_wait_ms`."""
        settings = self._config.score
        deadline = time.monotonic() + settings.batch_wait_ms / 1000
        batch: dict[TopicPartition, list[ConsumerRecord]] = {}
        missing = settings.batch_records
        generation = self._generation
        while missing and (left := deadline - time.monotonic()) > 0 and generation == self._generation:
            tps = [TopicPartition(self._posts, partition) for partition in self._ready]
            for tp, records in (await self._getmany(tps, left, missing)).items():
                batch.setdefault(tp, []).extend(records)
                missing -= len(records)
        return batch if generation == self._generation else {}

    async def _getmany(
        self, tps: list[TopicPartition], timeout_seconds: float, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        records: dict[TopicPartition, list[ConsumerRecord]] = {}
        with translated_errors(self._config.kafka, f"reading {self._posts}"):
            try:
                records = await self._reader.getmany(
                    *tps, timeout_ms=round(timeout_seconds * 1000), max_records=max_records
                )
            except NoOffsetForPartitionError:
                pass  # newly assigned: it is given its position in the next round
            except OffsetOutOfRangeError as error:
                log.warning("the posts moved under the reader, it takes its position anew", reason=str(error))
                self._start_over()
        return records

    # writing

    async def _process(self, batch: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        scored: dict[TopicPartition, ScoredBatch] = {}
        await self._take_over_config()
        self._take_over_models()
        started = time.perf_counter()
        for tp, records in sorted(batch.items()):
            if tp.partition in self._ready:
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
        await self._commit(scored)
        self._count(scored.values())

    async def _take_over_config(self) -> None:
        """Between batches: no batch is matched by two configs."""
        if self._file.config is not self._config:
            self._config = self._file.config
            await asyncio.to_thread(self._scorer.reload, self._config)
            metrics.CONFIG.info({"version": self._config.version})

    def _take_over_models(self) -> None:
        """Between batches: no batch is scored by two models of a quality."""
        for quality, live in self._lives.items():
            if live.model is not self._models[quality]:
                self._models[quality] = live.model
                self._remembered[quality] = (0, 0)
                self._scorer.use(live.model, quality)

    async def _commit(self, scored: dict[TopicPartition, ScoredBatch]) -> None:
        positions = {tp: batch.position for tp, batch in scored.items()}
        self._known |= {tp.partition: position for tp, position in positions.items()}
        commit = {tp: (each.offset, each.metadata()) for tp, each in positions.items()}
        with translated_errors(self._config.kafka, "committing offsets"):
            try:
                async with asyncio.timeout(self._config.kafka.request_timeout_seconds):
                    await self._reader.commit(commit)
            except (CommitFailedError, IllegalStateError):
                log.warning("the partitions went to others before the commit: they repeat the batch")

    async def _report_idle(self) -> None:
        reports = []
        for partition, idleness in self._ready.items():
            tp = TopicPartition(self._posts, partition)
            at_end = self._reader.highwater(tp) == await self._reader.position(tp)
            as_of_ms = idleness.as_of_ms(self._reader.last_poll_timestamp(tp), at_end=at_end, now=time.monotonic())
            if as_of_ms is not None:
                reports.append(self._scorer.idle(partition, as_of_ms))
        if reports:
            await self._writer.write_progress(reports)

    # metrics

    def _count(self, scored: Iterable[ScoredBatch]) -> None:
        for each in scored:
            metrics.POSTS_SCORED.inc(each.posts)
            metrics.POSTS_REPEATED.labels("score").inc(each.repeated)
            metrics.POSTS_DELETED.inc(sum(len(record.posts) for record in each.deletions))
            for source, count in Counter(post.source for post in each.over_quota).items():
                metrics.POSTS_OVER_QUOTA.labels(self._series(source)).inc(count)
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

    def _show_lag(self) -> None:
        for partition, lag in self._lags().items():
            metrics.CONSUMER_LAG.labels(self._posts, str(partition)).set(lag)

    def _lags(self) -> dict[int, int]:
        lags = {}
        for partition in self._ready.keys() & self._known.keys():
            highwater = self._reader.highwater(TopicPartition(self._posts, partition))
            if highwater is not None:
                lags[partition] = max(0, highwater - self._known[partition].offset)
        return lags


def _row(record: ConsumerRecord) -> tuple[int, int, bytes | None]:
    """A record as the scorer takes it."""
    return record.offset, record.timestamp, record.value
