"""The demo through Kafka: the posts are ingested, the workers run as processes, and their output is shown."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING, Final

from aiokafka import TopicPartition

from streams.errors import KafkaError
from streams.kafka.admin import delete_topics, ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.topics import Topics
from streams.operate.local_workers import scrape
from streams.records import alert_from_bytes, window_from_bytes
from streams.render.live_view import Throughput
from streams.workers.ingest import ingest
from streams.workers.supervisor import SOURCES
from streams.workers.supervisor import run as run_workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence
    from pathlib import Path

    from aiokafka import AIOKafkaConsumer

    from streams.cli.demo.show import Show
    from streams.cli.demo.wire import Wire
    from streams.config import MetricsSettings

POLL_MS: Final = 250

SCORED: Final = "firewatch_posts_scored_total"
MATCHED: Final = "firewatch_posts_matched_total"
LAG: Final = "firewatch_consumer_lag_records"
INGESTED: Final = "firewatch_posts_ingested_total"

ARRIVED: Final = (
    INGESTED, "firewatch_posts_repeated_total", "firewatch_posts_skipped_total", "firewatch_posts_rejected_total",
)  # fmt: skip
"""Totals of the worker of live sources that together are all posts it has read."""

SCRAPE_SECONDS: Final = 1.0
"""Time between two scrapes of the workers' metrics."""

SCRAPE_TIMEOUT_SECONDS: Final = 2.0

SETTLE_SECONDS: Final = 120.0
"""Time for the workers to finish after the last post is ingested."""


async def replay_through_workers(show: Show, config_path: Path, log_path: Path, wire: Wire | None = None) -> None:
    """Replay the posts through topics of their own, until every mention is counted or the user presses Ctrl-C.

    Parameters
    ----------
    show
        The posts, and what is shown.
    config_path, log_path
        Config of the workers, and the file for what they print.
    wire
        Servers that the posts come from; by default they are ingested as a file.

    Raises
    ------
    FirewatchError
        If a worker fails, or the workers do not finish in time.
    """
    async with _topics(show, log_path) as (stop, log):
        feed = asyncio.create_task(wire.feed(show, stop) if wire else _ingest(show, stop))
        watch = _watch(show, feed, stop, log, by_wire=wire is not None)
        names = ["score", "detect", *([SOURCES] if wire else [])]
        try:
            await _run_all(config_path, names, stop, log, watch)
        finally:
            await asyncio.gather(feed, return_exceptions=True)


async def listen_through_workers(show: Show, config_path: Path, log_path: Path, seconds: float | None) -> None:
    """Read the sources of the config and show what comes of them, until the user presses Ctrl-C.

    Parameters
    ----------
    show
        What is shown.
    config_path, log_path
        Config of the workers, and the file for what they print.
    seconds
        Time after which it ends by itself; None for never.

    Raises
    ------
    FirewatchError
        If a worker fails.
    """
    async with _topics(show, log_path) as (stop, log):
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        await _run_all(config_path, ["score", "detect", SOURCES], stop, log, _watch(show, None, stop, log))


@asynccontextmanager
async def _topics(show: Show, log_path: Path) -> AsyncIterator[tuple[asyncio.Event, IO[str]]]:
    """Create topics for one run; yield an event that Ctrl-C sets, and the log."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await ensure_topics(show.config, create=True)
    try:
        with log_path.open("w") as log:
            yield stop, log
    finally:
        await delete_topics(show.config)


async def _run_all(
    config_path: Path, names: Sequence[str], stop: asyncio.Event, log: IO[str], watching: Coroutine[None, None, None]
) -> None:
    """Run workers until what watches them ends, or `stop` is set."""
    end = asyncio.Event()

    def emit(name: str, line: str) -> None:
        log.write(f"{name:<7}| {line}\n")
        log.flush()

    workers = asyncio.create_task(run_workers(config_path, names, end, emit=emit))
    watch = asyncio.create_task(watching)
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([workers, watch, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopped}:
            task.result()
    finally:
        stop.set()
        end.set()
        watch.cancel()
        await asyncio.gather(workers, watch, stopped, return_exceptions=True)


async def _ingest(show: Show, stop: asyncio.Event) -> int:
    """Ingest the posts; return how many the broker has."""
    with show.open_posts() as source:
        return (await ingest(show.config, source, stop=stop, speed=show.speed())).ingested


async def _watch(
    show: Show, feed: asyncio.Task[int] | None, stop: asyncio.Event, log: IO[str], *, by_wire: bool = False
) -> None:
    """Show windows, alerts and throughput as they arrive, until all mentions of the posts that are fed are in windows.

    Without a feed, there is no end to wait for.
    """
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
                if feed is None:
                    show.ingested = int(posts)
                elif feed.done():
                    show.ingested, all_arrived = feed.result(), True
                    if by_wire:
                        show.ingested, all_arrived = await _arrived(show.config.metrics, feed.result())
                    deadline = min(deadline, now + SETTLE_SECONDS)
                    if all_arrived and posts >= show.ingested and show.counted == show.matched:
                        return
                if now > deadline:
                    raise KafkaError(
                        f"the workers did not finish within {SETTLE_SECONDS:.0f} s of the last post: see {log.name}"
                    )


async def _arrived(settings: MetricsSettings, sent: int) -> tuple[int, bool]:
    """Return how many posts the worker of the sources has written, and whether it has read all that were sent."""
    totals = await asyncio.to_thread(scrape, settings.host, settings.sources_port, SCRAPE_TIMEOUT_SECONDS)
    return int(totals.get(INGESTED, 0)), sum(totals.get(name, 0) for name in ARRIVED) >= sent


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
