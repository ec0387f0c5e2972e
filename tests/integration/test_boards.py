"""A simulated firestorm runs through all workers, and every panel of every board shows something of it."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from streams.config.file import load_config
from streams.kafka import acknowledged, producer
from streams.records import Label, model_key
from streams.sentiment import LABELS
from streams.simulate import SimulationSettings, write
from streams.topics import Topics
from tests.prometheus import answer, board_queries, prometheus, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config import Config

SIMULATION: Final = SimulationSettings(brands=3, scenario="firestorm,spam")
SPEED: Final = 8_000
"""Times real time: the day takes eleven seconds, long enough for some scrapes."""

SECONDS_TO_SHOW: Final = 90

WORKERS: Final = ("ingest", "score", "detect", "train")
BAD_LINES: Final = 20
LATE_POSTS: Final = 20

NEVER_HERE: Final = {"firewatch-health: Detectors out of use A": "takes a detector with a defect, and there is none"}
"""Queries that are not answered, with the reason."""

pytestmark = pytest.mark.timeout(240)


class Story:
    """Config, posts and truth of a day, with all that may be wrong with posts."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        self.posts, self.config_path = folder / "posts.jsonl", folder / "brands.yaml"
        self.labels = folder / "labels.jsonl"
        truth = write(SIMULATION, self.posts, folder / "truth.json", self.config_path)
        (self.brand,) = (event["brand"] for event in truth["events"] if event["kind"] == "firestorm")
        self.ports = dict(zip(WORKERS, _free_ports(len(WORKERS)), strict=True))
        self._write_config(bootstrap)
        lines = self.posts.read_text(encoding="utf-8").splitlines()
        self._write_labels([json.loads(line)["text"] for line in lines[:80]])
        late = [
            json.dumps(json.loads(line) | {"id": f"late{number}"}) for number, line in enumerate(lines[:LATE_POSTS])
        ]
        half = len(lines) // 2
        self.posts.write_text("\n".join([*lines[:half], *["{no post"] * BAD_LINES, *lines[half:], *late]) + "\n")

    def _write_config(self, bootstrap: str) -> None:
        tree = yaml.safe_load(self.config_path.read_text(encoding="utf-8"))
        tree |= {
            "kafka": {"bootstrap_servers": bootstrap},
            "topics": {"prefix": f"boards{os.getpid()}.", "partitions": 2},
            "metrics": {f"{worker}_port": port for worker, port in self.ports.items()},
            "windows": {"end_of_stream_seconds": 10},
            "sentiment": {"learn": {"publish_labels": 20, "publish_seconds": 1, "min_judges": 5, "max_loss": 1}},
        }
        self.config_path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        self.config = load_config(self.config_path, {})

    def change_config(self) -> None:
        """Change what running workers take over."""
        tree = yaml.safe_load(self.config_path.read_text(encoding="utf-8"))
        tree["incidents"] = {"quiet_below": 0.6}
        self.config_path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")

    def _write_labels(self, texts: list[str]) -> None:
        now_ms = time.time_ns() // 1_000_000
        labels = [
            Label(post=f"forum:{number}", text=text, label=LABELS[number % 3], by="anna", at_ms=now_ms)
            for number, text in enumerate(texts)
        ]
        self.labels.write_bytes(b"".join(label.to_bytes() + b"\n" for label in labels))


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def firewatch(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of its own, asked to end at the end."""
    with log.open("ab") as output:
        command = [sys.executable, "-m", "streams.cli", *arguments]
        with subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.terminate()


def pid_of(supervisor: int, worker: str) -> int:
    """Process id of a worker that a supervisor has started."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text(encoding="ascii").split()
    (pid,) = (int(child) for child in children if worker.encode() in Path(f"/proc/{child}/cmdline").read_bytes())
    return pid


async def put_a_damaged_model(config: Config) -> None:
    async with producer(config.kafka) as sender:
        sent = await sender.send(Topics(config.topics).models.name, b"damaged", key=model_key(1_000))
        await acknowledged(config.kafka, [sent], "sending")


def has_data(address: str, expr: str) -> bool:
    """Whether there is a number; NaN is drawn as a gap."""
    return any(math.isfinite(float(series["value"][1])) for series in answer(address, expr))


@pytest.mark.skipif(sys.platform != "linux", reason="it finds a worker's process in /proc")
def test_every_panel_shows_the_firestorm(kafka: str, tmp_path: Path) -> None:
    story = Story(tmp_path, kafka)
    config, log = str(story.config_path), tmp_path / "workers.log"
    waiting = {name: expr for name, expr in board_queries("2m", story.brand) if name not in NEVER_HERE}
    waiting["the firestorm is an incident"] = f'firewatch_incidents_open{{brand="{story.brand}"}} > 0'
    waiting["the firestorm is detected"] = f'firewatch_detections_total{{brand="{story.brand}", suppressed=""}} > 0'
    with firewatch(log, "run", "-c", config) as supervisor, prometheus(tmp_path, story.ports) as address:

        def shows(expr: str) -> None:
            wait_for(lambda: supervisor.poll() is not None or has_data(address, expr), SECONDS_TO_SHOW)
            assert supervisor.poll() is None, log.read_text(encoding="utf-8")[-3000:]

        shows("sum(up) == 3")
        with firewatch(log, "label", "-c", config, "--import", str(story.labels)) as labelling:
            assert labelling.wait() == 0
        asyncio.run(put_a_damaged_model(story.config))
        killed = False
        with firewatch(log, "ingest", str(story.posts), "-c", config, "--speed", str(SPEED)):
            deadline = time.monotonic() + SECONDS_TO_SHOW
            while waiting and time.monotonic() < deadline:
                waiting = {name: expr for name, expr in waiting.items() if not has_data(address, expr)}
                if not killed and has_data(address, "sum(firewatch_buckets_closed_total) > 20"):
                    os.kill(pid_of(supervisor.pid, "detect"), signal.SIGKILL)
                    story.change_config()
                    killed = True
    assert not waiting, log.read_text(encoding="utf-8")[-3000:]
