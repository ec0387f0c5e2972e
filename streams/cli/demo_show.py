"""The demo: a day of posts through real Kafka in about two minutes, watched live, with a picture of each brand at the
end.

Without Kafka it says so and runs the same pipeline in one process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import yaml
from aiokafka import TopicPartition
from rich.console import Console

from streams.cli import scrape
from streams.config.loader import load_config
from streams.core.sentiment import LinearModel
from streams.errors import ConfigError, FirewatchError, KafkaError
from streams.kafka.admin import delete_topics, ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.topics import Topics
from streams.offline.replay import Replay
from streams.offline.simulate import SimulationSettings, write
from streams.records import Alert, Window, alert_from_bytes, window_from_bytes
from streams.render.charts import draw
from streams.render.live_view import LiveView, Throughput
from streams.runtime import clock, logs
from streams.sources.files import open_posts
from streams.sources.pacing import Paced, Pacing, measure_span
from streams.workers.ingest import IngestSummary, ingest
from streams.workers.supervisor import run as run_workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config import Config

KAFKA_SCRIPT: Final = Path(__file__).parents[2] / "deploy" / "local" / "kafka.py"
INSTANCE: Final = "demo"

POLL_MS: Final = 250
SHOWN: Final = ("firewatch_posts_scored_total", "firewatch_posts_matched_total", "firewatch_consumer_lag_records")

LOOK_SECONDS: Final = 1.0
"""Between two looks at the workers' metrics."""

SETTLE_SECONDS: Final = 120.0
"""What the workers get to finish once the last post is in."""

END_OF_STREAM_SECONDS: Final = 10
"""Shorter than the default, as nobody wants to wait at the end of a demo."""


def run(posts: Path | None, config_path: Path | None, seconds: float, out: Path) -> None:
    """Show it.

    Parameters
    ----------
    posts, config_path
        Anyone's posts and the config that goes with them; a simulated day if None.
    seconds
        How long replaying the posts shall take.
    out
        Folder for posts, config, logs of the workers, alerts and pictures.

    Raises
    ------
    FirewatchError
        If the posts or the config can't be used, or a worker fails.
    """
    if (posts is None) != (config_path is None):
        raise ConfigError(["posts and config go together: name both (POSTS= and CONFIG= of make demo) or neither"])
    console = Console()
    logs.configure("demo", level=logging.ERROR)
    out.mkdir(parents=True, exist_ok=True)
    truth: dict[str, Any] | None = None
    if posts is None or config_path is None:
        console.print("simulating a day of posts ...")
        posts, config_path = out / "posts.jsonl", out / "brands.yaml"
        truth = write(SimulationSettings(), posts, out / "truth.json", config_path)
    load_config(config_path)
    with _kafka(console) as bootstrap:
        config_path = _own_config(config_path, out, bootstrap)
        config = load_config(config_path)
        addresses = _metrics_addresses(config) if bootstrap else ""
        show = _Show(console, config, posts, seconds, out, truth, addresses)
        if bootstrap:
            asyncio.run(show.with_kafka(config_path))
        else:
            show.without_kafka()
        show.finish()


class _Show:
    """One demo: what it has seen so far."""

    def __init__(
        self,
        console: Console,
        config: Config,
        posts: Path,
        seconds: float,
        out: Path,
        truth: dict[str, Any] | None,
        addresses: str,
    ) -> None:
        self._console = console
        self._config = config
        self._posts = posts
        self._seconds = seconds
        self._out = out
        self._truth = truth
        self._windows: dict[tuple[str, int], Window] = {}
        self._alerts: dict[str, Alert] = {}
        self._ingested = 0
        self._matched = 0
        self._view = LiveView(console, {brand.id: brand.name for brand in config.brands}, metrics=addresses)

    async def with_kafka(self, config_path: Path) -> None:
        """Replay through the workers, until everything is counted or someone presses Ctrl-C."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await ensure_topics(self._config, create=True)
        try:
            with (self._out / "workers.log").open("w") as log:
                await self._watch(config_path, stop, log)
        finally:
            await delete_topics(self._config)

    async def _watch(self, config_path: Path, stop: asyncio.Event, log: IO[str]) -> None:
        end = asyncio.Event()

        def emit(name: str, line: str) -> None:
            log.write(f"{name:<7}| {line}\n")
            log.flush()

        workers = asyncio.create_task(run_workers(config_path, ["score", "detect"], end, emit=emit))
        feed = asyncio.create_task(self._feed(stop))
        look = asyncio.create_task(self._look(feed, stop))
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([workers, look, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            stop.set()
            end.set()
            look.cancel()
            await asyncio.gather(workers, feed, look, stopped, return_exceptions=True)

    async def _feed(self, stop: asyncio.Event) -> IngestSummary:
        with open_posts(str(self._posts), self._config.ingest.max_record_bytes) as source:
            return await ingest(self._config, source, stop=stop, speed=self._speed(), progress=False)

    def _speed(self) -> float:
        with open_posts(str(self._posts), self._config.ingest.max_record_bytes) as source:
            span = measure_span(source, self._config.ingest, clock.now_ms())
        return max(1.0, (span.last_ms - span.first_ms) / 1000 / self._seconds)

    async def _look(self, feed: asyncio.Task[IngestSummary], stop: asyncio.Event) -> None:
        """Show windows and alerts as they come, until all mentions are in windows."""
        topics = Topics(self._config.topics)
        async with consumer(self._config.kafka, None) as reader:
            reader.assign(
                [
                    TopicPartition(topic.name, number)
                    for topic in (topics.windows, topics.alerts)
                    for number in range(topic.partitions)
                ]
            )
            await reader.seek_to_beginning()
            looked, posts, give_up = 0.0, 0.0, float("inf")
            with self._view as view:
                while not stop.is_set():
                    for tp, records in (await reader.getmany(timeout_ms=POLL_MS)).items():
                        for record in records:
                            if tp.topic == topics.windows.name:
                                self._on_window(window_from_bytes(record.value))
                            else:
                                self._on_alert(alert_from_bytes(record.value))
                    view.tick()
                    now = time.monotonic()
                    if now - looked < LOOK_SECONDS:
                        continue
                    told = await asyncio.to_thread(self._totals)
                    rate = (told["firewatch_posts_scored_total"] - posts) / (now - looked)
                    looked, posts = now, told["firewatch_posts_scored_total"]
                    view.throughput(Throughput(int(posts), max(0.0, rate), int(told["firewatch_consumer_lag_records"])))
                    self._matched = int(told["firewatch_posts_matched_total"])
                    if feed.done():
                        self._ingested = feed.result().ingested
                        give_up = min(give_up, now + SETTLE_SECONDS)
                        if posts >= self._ingested and self._counted() == self._matched:
                            return
                    if now > give_up:
                        raise KafkaError(
                            f"the workers did not finish within {SETTLE_SECONDS:.0f} s of the last post: "
                            f"see {self._out / 'workers.log'}"
                        )

    def _totals(self) -> dict[str, float]:
        settings = self._config.metrics
        scored = scrape.totals(settings.host, settings.score_port)
        detected = scrape.totals(settings.host, settings.detect_port)
        return {name: scored.get(name, 0.0) + detected.get(name, 0.0) for name in SHOWN}

    def without_kafka(self) -> None:
        """Replay in this process, at the same pace."""
        with open_posts(str(self._posts), self._config.ingest.max_record_bytes) as source, self._view as view:
            paced = Paced(source, Pacing(speed=self._speed(), redate=False, span=None, now_ms=clock.now_ms))
            replay = Replay(self._config, LinearModel.load(), self._on_alert, self._on_window)
            started = time.monotonic()

            def show() -> None:
                seconds = time.monotonic() - started
                view.throughput(Throughput(replay.summary.posts, replay.summary.posts / max(seconds, 1.0), 0))

            summary = replay.run(paced, show)
        self._ingested, self._matched = summary.posts - summary.repeated, summary.matched

    def _on_window(self, window: Window) -> None:
        self._windows[window.brand, window.start_ms] = window
        self._view.window(window)

    def _on_alert(self, alert: Alert) -> None:
        self._alerts[alert.id] = alert
        self._view.alert(alert)

    def _counted(self) -> int:
        return sum(window.count + window.late for window in self._windows.values())

    def finish(self) -> None:
        """Write the alerts and the pictures, and say what there was."""
        alerts = sorted(self._alerts.values(), key=lambda alert: (alert.at, alert.brand))
        (self._out / "alerts.jsonl").write_bytes(b"".join(alert.to_bytes() + b"\n" for alert in alerts))
        names = {brand.id: brand.name for brand in self._config.brands}
        pictures = draw(self._windows.values(), alerts, self._out / "pictures", self._truth, names=names)
        self._console.print(
            f"posts {self._ingested:,}  mentions matched {self._matched:,}  counted {self._counted():,}  "
            f"alerts {len(alerts)}"
        )
        self._console.print(
            f"alerts   {self._out / 'alerts.jsonl'}\npictures {pictures[-1] if pictures else 'none'}", soft_wrap=True
        )


@contextmanager
def _kafka(console: Console) -> Iterator[str | None]:
    """Address of a broker: the one named by KAFKA_BOOTSTRAP, or one started for the demo; None if none can be had."""
    if address := os.environ.get("KAFKA_BOOTSTRAP"):
        yield address
        return
    if not KAFKA_SCRIPT.exists():
        console.print(
            f"[bold red]NO KAFKA[/]: {KAFKA_SCRIPT} is missing; run the demo in a source checkout, "
            "or set KAFKA_BOOTSTRAP. The same pipeline runs in one process, without Kafka:"
        )
        yield None
        return
    console.print("starting Kafka ...")
    try:
        started = subprocess.run(_kafka_command("start"), stdout=subprocess.PIPE, text=True, check=False)
        if started.returncode == 0:
            console.print(f"Kafka at {started.stdout.strip()}")
            yield started.stdout.strip()
        else:
            console.print(
                "[bold red]NO KAFKA CAN BE HAD HERE (see above).[/] "
                "The same pipeline runs in one process, without Kafka:"
            )
            yield None
    finally:
        subprocess.run(_kafka_command("wipe"), capture_output=True, check=False)


def _kafka_command(command: str) -> list[str]:
    return [sys.executable, str(KAFKA_SCRIPT), command, "--name", INSTANCE, "--docker"]


def _own_config(config_path: Path, out: Path, bootstrap: str | None) -> Path:
    """The config with Kafka's address, topics and ports of this run."""
    tree = yaml.safe_load(config_path.read_text(encoding="utf-8"))
    settings = load_config(config_path).metrics
    own: dict[str, dict[str, Any]] = {
        "topics": {"prefix": f"demo-{uuid.uuid4().hex[:8]}."},
        "windows": {"end_of_stream_seconds": END_OF_STREAM_SECONDS},
        "metrics": {
            f"{worker}_port": _free_port(getattr(settings, f"{worker}_port"))
            for worker in ("ingest", "score", "detect")
        },
    }
    if bootstrap:
        own["kafka"] = {"bootstrap_servers": bootstrap}
    for section, values in own.items():
        tree[section] = (tree.get(section) or {}) | values
    path = out / "config.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _metrics_addresses(config: Config) -> str:
    settings = config.metrics
    ports = {"ingest": settings.ingest_port, "score": settings.score_port, "detect": settings.detect_port}
    return "  ".join(f"{worker} http://{settings.host}:{port}/metrics" for worker, port in ports.items())


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise FirewatchError("no free port on 127.0.0.1")
