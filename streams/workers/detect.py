"""The detect worker: from social.mentions to social.alerts and social.windows. It alone runs on Faust.

Faust distributes the partitions among the workers. It is not trusted with offsets: only a processed batch can be
acknowledged, and the order of the offsets is checked. Nor is it trusted with state, which `Changelog` keeps.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import faust
import structlog
from aiokafka import errors
from faust.exceptions import ConsumerNotStarted
from mode.supervisors import CrashingSupervisor

from streams.errors import DetectorFailed, KafkaError, WorkerFailed
from streams.kafka.changelog import Changelog
from streams.kafka.clients import consumer, producer, translated
from streams.kafka.names import group_of
from streams.kafka.offsets import group_offsets
from streams.kafka.preflight import preflight
from streams.kafka.topics import Topics
from streams.runtime import metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.health import serve_health
from streams.runtime.live_config import LiveConfig
from streams.runtime.watchdog import Heartbeat, Stall
from streams.workers.detect_faust import HEARTBEAT_SECONDS, SESSION_SECONDS, DetectEvent, faust_settings
from streams.workers.detect_partitions import PartitionMonitors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from faust.streams import Stream
    from faust.types import EventT, StreamT

    from streams.config import Config

BATCH_RECORDS: Final = 500
"""Maximum number of envelopes in a batch."""

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Bytes of envelopes after which a batch is processed and saved before the next: some 17,000 mentions, half a second of
work. In a firestorm an envelope holds 250 mentions."""

BATCH_SECONDS: Final = 0.5
"""Time for which envelopes are collected. The state of a brand is written once a batch, so less time costs writes."""

STALLED_SECONDS: Final = 0.9 * (SESSION_SECONDS - HEARTBEAT_SECONDS)
"""A process suspended for longer may have lost its partitions: Kafka counts from the last heartbeat, which is up to an
interval old when the process stops, and a tenth more if it was late."""

LAG_SECONDS: Final = 5
STOP_SECONDS: Final = 20
FAILED_STOP_SECONDS: Final = 5
"""Time that Faust has to stop after a failure: its in-flight work is repeated anyway."""

UNEXPECTED: Final = 1
"""Exit code of Python after an exception that nothing handles."""

log = structlog.get_logger()


async def detect(config: Config, stop: asyncio.Event, file: LiveConfig | None = None) -> None:
    """Run the worker until `stop` is set, then finish its in-flight work.

    Parameters
    ----------
    config
        The whole config.
    stop
        Event that ends the worker.
    file
        Source of changes of the config; without it the config never changes.

    Raises
    ------
    DetectorFailed
        If a detector raised; the failure is counted in the changelog (`streams.core.detect.quarantine`).
    KafkaError
        If no broker answers, a topic is missing or misconfigured, or a record can't be written.
    PortTaken
        If another process listens on `metrics.detect_port`.
    RecordError
        If the state that was recovered is damaged, or was written by a newer firewatch.
    WorkerFailed
        If the worker made no progress, was suspended for so long that others may own its partitions, or Faust skipped
        records.
    """
    with _thread_failures_logged():
        await _detect(config, stop, file)


async def _detect(config: Config, stop: asyncio.Event, file: LiveConfig | None) -> None:
    group = group_of("detect", config.topics)
    async with serve_health(config, "detect") as (health, address):
        await preflight(config, "detect")
        with (
            tempfile.TemporaryDirectory(prefix="firewatch-detect-") as directory,
            Heartbeat(STALLED_SECONDS) as heartbeat,
        ):
            async with (
                producer(config.kafka) as sender,
                Changelog(config) as changelog,
                consumer(config.kafka, group) as observer,
            ):
                log.info("starting", group=group, metrics=address)
                followed = file or LiveConfig(config)
                worker = DetectWorker(followed, sender, changelog, observer, heartbeat, directory)
                health.follow_config(lambda: followed.refusal)
                health.ready_unless(worker.not_ready_reason)
                await worker.run(stop)
    log.info("stopped")


@contextmanager
def _thread_failures_logged() -> Iterator[None]:
    """Log exceptions that end threads, instead of printing tracebacks, while the body runs.

    Faust's consumer has a thread of its own, which may end with an error when it is stopped without a broker.
    """
    before = threading.excepthook
    threading.excepthook = _log_thread_failure
    try:
        yield
    finally:
        threading.excepthook = before


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    thread = failure.thread.name if failure.thread else None
    log.warning("a thread ended with an error", thread=thread, error=repr(failure.exc_value))


def portions(events: Iterable[EventT[bytes]]) -> Iterator[list[EventT[bytes]]]:
    """Yield events in lists of at most `BATCH_BYTES`, or of one event."""
    portion: list[EventT[bytes]] = []
    size = 0
    for event in events:
        needed = len(event.message.value or b"")
        if portion and size + needed > BATCH_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += needed
    if portion:
        yield portion


class DetectWorker:
    """One Faust app with its agent and its watchdogs."""

    def __init__(
        self,
        file: LiveConfig,
        sender: AIOKafkaProducer,
        changelog: Changelog,
        observer: AIOKafkaConsumer,
        heartbeat: Heartbeat,
        directory: str,
    ) -> None:
        self._file = file
        self._config = config = file.config
        self._kafka = config.kafka
        self._stall_seconds = config.liveness.stall_seconds
        self._unanswered: str | None = None
        self._mentions = Topics(config.topics).mentions.name
        self._partitions = range(config.topics.partitions)
        self._monitors = PartitionMonitors(config, sender, changelog)
        self._changelog = changelog
        self._observer = observer
        self._heartbeat = heartbeat
        self._generation = -1
        self._restoring = False
        self._expected: dict[int, int] = {}
        self._app = faust.App(Topics(config.topics).detect_app, **faust_settings(config, directory))
        # Without these serializers Faust decodes JSON, and silently drops records that are not JSON.
        topic = self._app.topic(self._mentions, key_serializer="raw", value_serializer="raw")
        self._app.agent(topic, name="mentions", supervisor_strategy=CrashingSupervisor)(self._consume)
        self._app.on_partitions_assigned.connect(self._on_assigned)
        self._app.on_rebalance_complete.connect(self._stop_fetching)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set or something fails."""
        starting = asyncio.create_task(self._app.start())
        ends = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._app.wait_until_stopped()),
            asyncio.create_task(self._heartbeat.watch()),
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._file.follow()),
        ]
        try:
            await asyncio.wait([starting, *ends], return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and not starting.exception():
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = [task.exception() for task in (starting, *ends) if task.done() and not task.cancelled()]
            await self._shut_down(self._failure(ended))
            for task in (starting, *ends):
                task.cancel()
            results = await asyncio.gather(starting, *ends, return_exceptions=True)
        if failure := self._failure(results):
            raise failure

    def _failure(self, results: Iterable[object]) -> Exception | None:
        """Return the first failure, translated where it came from aiokafka; None if nothing failed."""
        for failure in (self._app.crash_reason, *results):
            if isinstance(failure, errors.KafkaError):
                return translated(self._kafka, "detecting", failure)
            if isinstance(failure, Exception):
                return failure
        return None

    async def _shut_down(self, failure: Exception | None) -> None:
        # `wait_for` would wait for the end of the cancelled task, and Faust may still wait for its own queues.
        stopping = asyncio.create_task(self._app.stop())
        seconds = FAILED_STOP_SECONDS if failure else STOP_SECONDS
        done, _ = await asyncio.wait({stopping}, timeout=seconds)
        if not done:
            log.critical("did not stop in time", seconds=seconds, failure=repr(failure) if failure else None)
            # Faust's threads are not daemons: they would keep the process alive.
            os._exit(KafkaError.exit_code if failure is None else getattr(failure, "exit_code", UNEXPECTED))
        stopping.result()

    async def _consume(self, stream: StreamT[bytes]) -> None:
        # Without this, an error below would make `noack_take` acknowledge events that it has not yielded yet.
        stream.enable_acks = False
        async for events in cast("Stream[Any]", stream).noack_take(BATCH_RECORDS, within=BATCH_SECONDS):
            try:
                for portion in portions(events):
                    await self._process(stream, portion)
            except DetectorFailed as failed:
                await self._monitors.note(failed)
                raise
            except WorkerFailed:
                self._heartbeat.check()  # a worker that was suspended may first notice the consequences
                raise

    async def _process(self, stream: StreamT[bytes], batch: Sequence[EventT[bytes]]) -> None:
        generation = self._app.consumer_generation_id
        events = [cast("DetectEvent", event) for event in batch if event.message.generation_id == generation]
        if not events:
            return
        self._check_ownership(generation)
        if generation != self._generation and not await self._restore(generation):
            return
        if self._file.config is not self._config:
            await self._reload(generation)
        self._check_order(events)
        metrics.BATCH_RECORDS.labels("detect").observe(len(events))
        await self._monitors.process([event.message for event in events])
        self._check_ownership(generation)
        reached(Failpoint.DETECT_OWNERSHIP_CHECKED)
        await self._monitors.save()
        for event in events:
            event.processed = True
            await stream.ack(event)
        reached(Failpoint.DETECT_UNCOMMITTED)

    async def _restore(self, generation: int) -> bool:
        """Restore the state of the assigned partitions; return whether this worker still owns them afterwards."""
        assigned = self._assigned()
        self._restoring = True
        state = await self._changelog.acquire(assigned)
        self._restoring = False
        offsets = await group_offsets(self._observer, self._kafka, self._mentions, assigned)
        self._expected = {partition: offset.next for partition, offset in offsets.items()}
        if generation != self._app.consumer_generation_id:
            return False
        for partition, offset in offsets.items():
            if offset.lost:
                await self._monitors.report_lost(partition, offset.next - offset.lost, offset.lost)
        self._monitors.restore(assigned, state)
        self._generation = generation
        log.info("restored", partitions=assigned, entries=len(state))
        return True

    async def _reload(self, generation: int) -> None:
        """Apply the present config of the file."""
        self._check_ownership(generation)
        self._config = self._file.config
        await self._monitors.reload(self._config)
        self._check_ownership(generation)
        metrics.CONFIG.info({"version": self._config.version})
        log.info("config applied", version=self._config.version)

    def _check_ownership(self, generation: int) -> None:
        """Raise `WorkerFailed` if this worker may have lost its partitions: only their owner may write their state."""
        self._heartbeat.check()
        if self._app.consumer_generation_id != generation:
            raise WorkerFailed("the partitions were reassigned in the middle of a batch")

    def _check_order(self, events: Iterable[DetectEvent]) -> None:
        """Raise `WorkerFailed` if Faust has skipped records: offsets may repeat, but never leave a gap."""
        for event in events:
            message = event.message
            expected = self._expected[message.partition]
            if message.offset > expected:
                raise WorkerFailed(
                    f"{message.topic}[{message.partition}]: Faust skipped the offsets {expected} to "
                    f"{message.offset - 1}; none of them is lost: a restart reads them"
                )
            self._expected[message.partition] = max(expected, message.offset + 1)

    async def _on_assigned(self, *_: Any, **__: Any) -> None:
        self._monitors.hide()
        metrics.REBALANCES.labels("detect").inc()
        metrics.CONSUMER_LAG.clear()
        log.info("assigned", partitions=self._assigned())

    async def _stop_fetching(self, *_: Any, **__: Any) -> None:
        """Stop fetching while Faust seeks.

        Faust starts to fetch, then seeks to the committed offsets, then empties its queue and starts the flow: records
        that it fetched in between would never reach the agent.
        """
        self._app.consumer.stop_flow()

    async def _watch(self) -> None:
        """Show the lag; raise if it does not shrink, or if the broker does not answer.

        A worker without partitions waits twice as long: there may be more workers than partitions, but the group may
        also have assigned nothing to any of them.
        """
        stall, idle = Stall(self._stall_seconds), Stall(2 * self._stall_seconds)
        answered = time.monotonic()
        while True:
            await asyncio.sleep(LAG_SECONDS)
            try:
                offsets = await group_offsets(self._observer, self._kafka, self._mentions, self._partitions)
            except KafkaError as error:
                if time.monotonic() - answered > self._kafka.request_timeout_seconds:
                    raise
                self._unanswered = str(error)
                log.warning("the lag is unknown", reason=self._unanswered)
                stall, idle = Stall(self._stall_seconds), Stall(2 * self._stall_seconds)
                continue
            self._unanswered, answered = None, time.monotonic()
            own = {partition: offsets[partition] for partition in self._assigned()}
            for partition, offset in own.items():
                metrics.CONSUMER_LAG.labels(self._mentions, str(partition)).set(offset.lag)
            read = tuple(offset.next for offset in own.values())
            progress = (self._app.consumer_generation_id, read, self._changelog.read)
            stall.check(progress, any(offset.lag for offset in own.values()), answered)
            done = tuple(offset.next for offset in offsets.values())
            idle.check(done, not own and any(offset.lag for offset in offsets.values()), answered)

    def not_ready_reason(self) -> str | None:
        """Return why the worker does not detect yet; None if it does."""
        if self._unanswered:
            return self._unanswered
        if self._app.consumer_generation_id < 0 or self._app.rebalancing:
            return "no partitions are assigned yet: the group is rebalancing"
        if self._restoring:
            return f"its state is being read: {self._changelog.read} records so far"
        return None

    def _assigned(self) -> list[int]:
        try:
            assignment = self._app.consumer.assignment()
        except ConsumerNotStarted:
            return []
        return sorted(tp.partition for tp in assignment if tp.topic == self._mentions)
