"""The demo through Kafka: the posts are ingested, the workers run as processes, and their output is shown."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import IO, TYPE_CHECKING, Final

from aiokafka import TopicPartition

from streams.errors import KafkaError
from streams.kafka.admin import delete_topics, ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.topics import Topics
from streams.operate.local_workers import scrape
from streams.records import alert_from_bytes, window_from_bytes
from streams.render.live_view import Throughput
from streams.workers.ingest import IngestSummary, ingest
from streams.workers.supervisor import run as run_workers

if TYPE_CHECKING:
    from pathlib import Path

    from aiokafka import AIOKafkaConsumer

    from streams.cli.demo.show import Show
    from streams.config import MetricsSettings

POLL_MS: Final = 250

SCORED: Final = "firewatch_posts_scored_total"
MATCHED: Final = "firewatch_posts_matched_total"
LAG: Final = "firewatch_consumer_lag_records"

SCRAPE_SECONDS: Final = 1.0
"""Time between two scrapes of the workers' metrics."""

SCRAPE_TIMEOUT_SECONDS: Final = 2.0

SETTLE_SECONDS: Final = 120.0
"""Time for the workers to finish after the last post is ingested."""


async def replay_through_workers(show: Show, config_path: Path, log_path: Path) -> None:
    """Replay the posts through topics of their own, until every mention is counted or the user presses Ctrl-C.

    Raises
    ------
    FirewatchError
        If a worker fails, or the workers do not finish in time.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await ensure_topics(show.config, create=True)
    try:
        with log_path.open("w") as log:
            await _run_all(show, config_path, stop, log)
    finally:
        await delete_topics(show.config)


async def _run_all(show: Show, config_path: Path, stop: asyncio.Event, log: IO[str]) -> None:
    end = asyncio.Event()

    def emit(name: str, line: str) -> None:
        log.write(f"{name:<7}| {line}\n")
        log.flush()

    workers = asyncio.create_task(run_workers(config_path, ["score", "detect"], end, emit=emit))
    feed = asyncio.create_task(_ingest(show, stop))
    watch = asyncio.create_task(_watch(show, feed, stop, log))
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([workers, watch, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopped}:
            task.result()
    finally:
        stop.set()
        end.set()
        watch.cancel()
        await asyncio.gather(workers, feed, watch, stopped, return_exceptions=True)


async def _ingest(show: Show, stop: asyncio.Event) -> IngestSummary:
    with show.open_posts() as source:
        return await ingest(show.config, source, stop=stop, speed=show.speed())


async def _watch(show: Show, feed: asyncio.Task[IngestSummary], stop: asyncio.Event, log: IO[str]) -> None:
    """Show windows, alerts and throughput as they arrive, until all mentions are in windows."""
    async with consumer(show.config.kafka, None) as reader:
        await _read_from_beginning(reader, Topics(show.config.topics))
        scraped, posts, deadline = 0.0, 0.0, float("inf")
        with show.view as view:
            while not stop.is_set():
                await _show_records(show, reader)
                view.tick()
                now = time.monotonic()
                if now - scraped < SCRAPE_SECONDS:
                    continue
                totals = await asyncio.to_thread(worker_totals, show.config.metrics)
                rate = (totals[SCORED] - posts) / (now - scraped)
                scraped, posts = now, totals[SCORED]
                view.throughput(Throughput(int(posts), max(0.0, rate), int(totals[LAG])))
                show.matched = int(totals[MATCHED])
                if feed.done():
                    show.ingested = feed.result().ingested
                    deadline = min(deadline, now + SETTLE_SECONDS)
                    if posts >= show.ingested and show.counted == show.matched:
                        return
                if now > deadline:
                    raise KafkaError(
                        f"the workers did not finish within {SETTLE_SECONDS:.0f} s of the last post: see {log.name}"
                    )


async def _read_from_beginning(reader: AIOKafkaConsumer, topics: Topics) -> None:
    reader.assign(
        [
            TopicPartition(topic.name, number)
            for topic in (topics.windows, topics.alerts)
            for number in range(topic.partitions)
        ]
    )
    await reader.seek_to_beginning()


async def _show_records(show: Show, reader: AIOKafkaConsumer) -> None:
    windows = Topics(show.config.topics).windows.name
    for partition, records in (await reader.getmany(timeout_ms=POLL_MS)).items():
        for record in records:
            if partition.topic == windows:
                show.add_window(window_from_bytes(record.value))
            else:
                show.add_alert(alert_from_bytes(record.value))


def worker_totals(settings: MetricsSettings) -> dict[str, float]:
    """Return the totals that are shown, summed over the workers."""
    ports = (settings.score_port, settings.detect_port)
    scraped = [scrape(settings.host, port, SCRAPE_TIMEOUT_SECONDS) for port in ports]
    return {name: sum(totals.get(name, 0.0) for totals in scraped) for name in (SCORED, MATCHED, LAG)}
