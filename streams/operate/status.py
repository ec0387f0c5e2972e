"""The state of the service as Kafka has it, so that it can be read from any machine."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from detectors.units import MINUTE_MS, WEEK_MS
from streams.config import receiver_names
from streams.core.detect.outcome import DropReason
from streams.errors import BrokerUnreachable, KafkaError, RecordError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import admin, answered_within, consumer, translated_errors
from streams.kafka.model_store import ModelStore
from streams.kafka.names import bridge_name, group_of, worker_name
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.operate.incident_log import read_incidents
from streams.operate.local_workers import left_out, refused_configs
from streams.operate.losses import Losses, read_dead_letters, read_losses
from streams.operate.source_status import SourceStatus, read_sources
from streams.records import SEVERITIES, post_from_bytes, window_from_bytes
from streams.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.config import Config, QualityName
    from streams.kafka.topics import Topic
    from streams.operate.incident_log import LoggedIncident
    from streams.operate.losses import DeadLetterHead

INCIDENTS_MS: Final = WEEK_MS
"""How far back incidents are read."""

COORDINATOR_POLL_SECONDS: Final = 0.2

REQUIRED: Final = frozenset({"score", "detect"})
"""Workers without which no incident is detected."""


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """The processes of one kind of worker.

    Parameters
    ----------
    name
        Name of the worker.
    members
        Number of processes that are running.
    state
        State of their consumer group, in Kafka's words.
    topic
        The topic that they read.
    lag
        Records of the topic that have not been processed; None if no such worker has ever run.
    """

    name: str
    members: int
    state: str
    topic: str
    lag: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How recent the data is; times in milliseconds since the epoch, None without data.

    Parameters
    ----------
    arrived_ms
        When the broker appended the newest post.
    written_ms
        When the author wrote the newest post.
    windows_ms
        End of the newest closed bucket, up to which detection has progressed in event time.
    """

    arrived_ms: int | None = None
    written_ms: int | None = None
    windows_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """The newest published model of a quality."""

    version: int
    created_ms: int
    labels: int
    macro_f1: float


@dataclass(frozen=True, slots=True)
class IncidentStatus:
    """An incident by its newest step and its newest verdict; `since` is when it opened or last reopened."""

    fingerprint: str
    brand: str
    severity: str
    status: str
    label: str | None
    suppressed: str | None
    starts_at: str
    since: str
    ends_at: str | None
    summary: str
    verdict: str | None
    by: str | None


@dataclass(slots=True)
class Status:
    """The state of the service.

    Attributes
    ----------
    broker
        Address of the broker.
    at_ms
        When the state was read, in milliseconds since the epoch.
    config_version
        Version of the config; None if a part of it is broken.
    workers
        The workers, without bridges that have never run.
    dead_letters
        Number of records in each dead letter queue, by topic.
    dropped_states
        Number of learned states that detectors could not restore in the past week, by reason; None if the dead letters
        can't be read.
    losses
        What was lost lately.
    freshness
        How recent the data is.
    models
        The newest model of each quality; None if none has been published and the weights of the config are used.
    firing, latest
        Incidents that are firing, the most important ones first, and those that are resolved, the latest first.
    problems
        One sentence for each problem.
    config_problems
        First problem of the config and the number of the others: of the file, as ``file``, and of each worker of this
        machine that could not use it and runs with the last good one.
    left_out
        Posts that workers of this machine have skipped, altered, imported or read with coarse times since they started.
    sources
        The live sources of the config.
    """

    broker: str
    at_ms: int
    config_version: str | None
    workers: list[WorkerStatus] = field(default_factory=list)
    dead_letters: dict[str, int] = field(default_factory=dict)
    dropped_states: dict[str, int] | None = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    freshness: Freshness = field(default_factory=Freshness)
    models: dict[str, ModelStatus | None] = field(default_factory=dict)
    firing: list[IncidentStatus] = field(default_factory=list)
    latest: list[IncidentStatus] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    config_problems: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    sources: list[SourceStatus] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)


async def status(config: Config, config_problem: str | None = None, *, max_lag: int, stale_seconds: float) -> Status:
    """Read the state of the service from Kafka.

    Parameters
    ----------
    config
        The whole configuration, as far as it can be read.
    config_problem
        Problem of the config file (`streams.config.fallback.ReadableConfig.problem`); None if there is none.
    max_lag
        Number of unprocessed records above which a worker's lag is a problem.
    stale_seconds
        Age of the newest post above which it is a problem.

    Raises
    ------
    KafkaError
        If no broker answers.
    """
    found = Status(config.kafka.bootstrap_servers, clock.now_ms(), None if config_problem else config.version)
    found.config_problems = await asyncio.to_thread(refused_configs, config)
    found.left_out = await asyncio.to_thread(left_out, config)
    if config_problem is not None:
        found.config_problems["file"] = config_problem
    try:
        await ensure_topics(config, create=False)
    except BrokerUnreachable:
        raise
    except KafkaError as error:
        found.problems += [*_of_config(found), str(error)]
        return found
    topics = Topics(config.topics)
    async with consumer(config.kafka, None) as reader:
        found.workers = await _workers(config, topics, reader)
        for topic in (topics.dlq, topics.alerts_dlq):
            found.dead_letters[topic.name] = await _record_count(config, reader, topic)
        letters = await read_dead_letters(config, reader, topics.dlq)
        found.dropped_states = _dropped_states(letters, found.at_ms - WEEK_MS)
        found.losses = await read_losses(config, reader, letters or [], found.at_ms)
        found.freshness = await _freshness(config, topics, reader)
        found.sources = await read_sources(config, reader, found.at_ms)
        for quality in config.models():
            found.models[quality] = await _model(config, reader, quality)
        log = await read_incidents(config, reader, found.at_ms - INCIDENTS_MS)
    incidents = sorted(log.incidents.values(), key=_rank, reverse=True)
    found.firing = [_incident(each) for each in incidents if each.newest.status == "firing"]
    found.latest = [_incident(each) for each in incidents if each.newest.status == "resolved"]
    found.problems += find_problems(found, max_lag=max_lag, stale_seconds=stale_seconds)
    return found


def find_problems(found: Status, *, max_lag: int, stale_seconds: float) -> list[str]:
    """Return the problems of a state, one sentence each; parameters as for `status`."""
    problems = _of_config(found)
    for worker in found.workers:
        if not worker.members and worker.name in REQUIRED:
            problems.append(f"no {worker.name} worker runs: start `firewatch {worker.name}` or `firewatch run`")
        elif not worker.members and worker.lag:
            problems.append(f"{worker.lag:,} records of {worker.topic} wait for {worker.name}, which does not run")
        elif worker.lag is not None and worker.lag > max_lag:
            problems.append(f"{worker.name} is {worker.lag:,} records behind in {worker.topic} (more than {max_lag:,})")
    arrived = found.freshness.arrived_ms
    if arrived is None:
        problems.append("no post has ever arrived: start `firewatch ingest`")
    elif found.at_ms - arrived > stale_seconds * 1000:
        minutes = (found.at_ms - arrived) / MINUTE_MS
        problems.append(
            f"no post has arrived for {minutes:,.0f} minutes (more than {stale_seconds / 60:g}): is ingest up?"
        )
    problems += [problem for source in found.sources for problem in source.problems(found.at_ms)]
    return problems + found.losses.problems()


def _of_config(found: Status) -> list[str]:
    """Return the problems of the config: that of the file, and those of workers that it does not explain."""
    of_file = found.config_problems.get("file")
    refusing = sorted(name for name in found.config_problems if name != "file")
    if of_file:
        kept = f" ({' and '.join(refusing)} still run with the last good one)" if refusing else ""
        return [f"the config is broken{kept}: {of_file}"]
    return [
        f"{name} keeps an earlier config, since it could not use the changed file: {found.config_problems[name]}"
        for name in refusing
    ]


async def _workers(config: Config, topics: Topics, reader: AIOKafkaConsumer) -> list[WorkerStatus]:
    reads = {"score": topics.posts, "detect": topics.mentions}
    reads |= {worker_name("train", quality): topics.labels for quality in config.models()}
    bridges = dict.fromkeys(map(bridge_name, receiver_names()), topics.alerts)
    reads |= bridges
    workers = []
    with translated_errors(config.kafka, "asking for the consumer groups"):
        async with admin(config.kafka) as client:
            await _wait_for_coordinator(config, client, group_of("score", config.topics))
            for name, topic in reads.items():
                group = group_of(name, config.topics)
                (answer,) = await client.describe_consumer_groups([group])
                (_, _, state, _, _, members, *_) = answer.groups[0]
                tps = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
                committed = await client.list_consumer_group_offsets(group, partitions=tps)
                begins, ends = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
                known = [tp for tp in tps if tp in committed and committed[tp].offset >= 0]
                if not members and not known and name in bridges:
                    continue  # this receiver is not used
                lag = sum(ends[tp] - max(begins[tp], committed[tp].offset if tp in known else 0) for tp in tps)
                workers.append(WorkerStatus(name, len(members), state, topic.name, lag if known or members else None))
    return workers


async def _wait_for_coordinator(config: Config, client: AIOKafkaAdminClient, group: str) -> None:
    """Wait until the broker has the topic of committed offsets, which it creates at the first request for a group."""
    async with answered_within(config.kafka, "asking for the consumer groups"):
        while True:
            try:
                await client.find_coordinator(group)
            except GroupCoordinatorNotAvailableError:
                await asyncio.sleep(COORDINATOR_POLL_SECONDS)
            else:
                return


async def _record_count(config: Config, reader: AIOKafkaConsumer, topic: Topic) -> int:
    tps = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
    with translated_errors(config.kafka, f"reading {topic.name}"):
        begins, ends = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
    return sum(ends[tp] - begins[tp] for tp in tps)


def _dropped_states(letters: Sequence[DeadLetterHead] | None, since_ms: int) -> dict[str, int] | None:
    if letters is None:
        return None
    reasons = [letter.reason for letter in letters if letter.at_ms >= since_ms]
    return dict(Counter(reason for reason in reasons if reason in get_args(DropReason)))


async def _freshness(config: Config, topics: Topics, reader: AIOKafkaConsumer) -> Freshness:
    posts = TopicReader(reader, config.kafka, topics.posts)
    await posts.seek_back(1)
    arrived_ms = written_ms = windows_ms = None
    for record in await posts.to_the_end():
        arrived_ms = max(arrived_ms or 0, record.timestamp)
        try:
            written_ms = max(written_ms or 0, post_from_bytes(record.value).ts_ms)
        except RecordError:
            continue
    windows = TopicReader(reader, config.kafka, topics.windows)
    await windows.seek_back(1)
    for record in await windows.to_the_end():
        try:
            window = window_from_bytes(record.value)
        except RecordError:
            continue
        windows_ms = max(windows_ms or 0, window.start_ms + window.length_ms)
    return Freshness(arrived_ms, written_ms, windows_ms)


async def _model(config: Config, reader: AIOKafkaConsumer, quality: QualityName) -> ModelStatus | None:
    store = ModelStore(config, reader, "status", quality)
    await store.read_all()
    if not store.models:
        return None
    header = store.models[max(store.models)].header
    return ModelStatus(header.version, header.created_ms, header.labels, header.quality.macro_f1)


def _rank(incident: LoggedIncident) -> tuple[Any, ...]:
    alert = incident.newest
    is_firing = alert.status == "firing"
    return is_firing, is_firing and alert.suppressed is None, is_firing and SEVERITIES.index(alert.severity), alert.at


def _incident(incident: LoggedIncident) -> IncidentStatus:
    alert = incident.newest
    verdict = incident.verdicts[-1] if incident.verdicts else None
    return IncidentStatus(
        fingerprint=alert.fingerprint,
        brand=alert.brand,
        severity=alert.severity,
        status=alert.status,
        label=alert.label,
        suppressed=alert.suppressed,
        starts_at=alert.starts_at.isoformat(),
        since=alert.since.isoformat(),
        ends_at=alert.ends_at.isoformat() if alert.ends_at else None,
        summary=alert.summary,
        verdict=verdict.verdict if verdict else None,
        by=verdict.by if verdict else None,
    )
