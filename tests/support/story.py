"""A simulated firestorm for workers that are processes: config, posts with all that may be wrong with them, labels."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from streams.config.loader import load_config
from streams.core.sentiment import LABELS
from streams.kafka.clients import acknowledged, producer
from streams.kafka.topics import Topics
from streams.offline.simulate import SimulationSettings, write
from streams.records import Label, alert_from_bytes, model_key
from tests.support.broker import read_topic
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SIMULATION: Final = SimulationSettings(brands=3, scenario="firestorm,spam")

WORKERS: Final = ("ingest", "score", "detect", "train", "bridge", "sources")
DAY_SECONDS: Final = 86_400
"""As long as the run, so that its incidents stay open to be looked at."""

BAD_LINES: Final = 20
LATE_POSTS: Final = 20

QUOTA: Final = 500
"""Posts of a source in a minute: more than any but a flood has."""


class Story:
    """One day.

    Attributes
    ----------
    brand
        The one that the firestorm befalls.
    ports
        Where each worker serves its metrics.
    """

    def __init__(self, folder: Path, bootstrap: str, webhook: str) -> None:
        self.posts, self.config_path = folder / "posts.jsonl", folder / "brands.yaml"
        self.labels = folder / "labels.jsonl"
        truth = write(SIMULATION, self.posts, folder / "truth.json", self.config_path)
        (self.brand,) = (event["brand"] for event in truth["events"] if event["kind"] == "firestorm")
        self.ports = ports_of_workers()
        self._write_config(bootstrap, webhook)
        lines = self.posts.read_text(encoding="utf-8").splitlines()
        self._write_labels([json.loads(line)["text"] for line in lines[:80]])
        first = enumerate(lines[:LATE_POSTS])
        late = [json.dumps(json.loads(line) | {"id": f"late{number}"}) for number, line in first]
        half = len(lines) // 2
        flood = {"created_at": json.loads(lines[half])["created_at"], "text": "nothing to see here", "source": "flood"}
        flooding = [json.dumps(flood | {"id": f"flood{number}"}) for number in range(2 * QUOTA)]
        odd = [json.dumps(post) for post in _odd_posts(json.loads(lines[half])["created_at"])]
        told = [*lines[:half], *flooding, *odd, *["{no post"] * BAD_LINES, *lines[half:], *late]
        self.posts.write_text("\n".join(told) + "\n")

    def _write_config(self, bootstrap: str, webhook: str) -> None:
        self._change(
            kafka={"bootstrap_servers": bootstrap},
            topics={"prefix": f"boards{os.getpid()}.", "partitions": 2},
            metrics={f"{worker}_port": port for worker, port in self.ports.items()},
            score={"max_posts_per_source_per_minute": QUOTA},
            windows={"end_of_stream_seconds": 10},
            incidents={"resolve_after_seconds": DAY_SECONDS},
            detectors=[
                {"name": "volume", "kind": "volume"},
                {"name": "tone", "kind": "sentiment_shift"},
                {"name": "crisis", "kind": "composite"},
                {"name": "trial", "kind": "volume", "once_in_days": 7, "mode": "shadow"},
            ],
            sentiment={"learn": {"publish_labels": 20, "publish_seconds": 1, "min_judges": 5, "max_loss": 1}},
            bridge={"webhook": {"url": webhook}},
        )
        self.config = load_config(self.config_path, {})

    def _change(self, **sections: object) -> None:
        tree = yaml.safe_load(self.config_path.read_text(encoding="utf-8")) | sections
        self.config_path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")

    def read_source(self, url: str) -> None:
        """Have a Jetstream server read, none of whose posts enter Kafka."""
        entry = {"id": "wire", "kind": "jetstream", "hosts": [url], "brand_filter": True, "unmatched_share": 0}
        self._change(sources=[entry])

    def _write_labels(self, texts: list[str]) -> None:
        now_ms = time.time_ns() // 1_000_000
        labels = [
            Label(post=f"forum:{number}", text=text, label=LABELS[number % 3], by="anna", at_ms=now_ms)
            for number, text in enumerate(texts)
        ]
        self.labels.write_bytes(b"".join(label.to_bytes() + b"\n" for label in labels))

    def change_config(self) -> None:
        """Change what running workers take over."""
        self._change(incidents={"resolve_after_seconds": DAY_SECONDS, "quiet_below": 0.6})

    def publish_a_damaged_model(self) -> None:
        """Put what no scorer can use where models are."""

        async def publish() -> None:
            async with producer(self.config.kafka) as sender:
                sent = await sender.send(Topics(self.config.topics).models.name, b"damaged", key=model_key(1_000))
                await acknowledged(self.config.kafka, [sent], "sending")

        asyncio.run(publish())

    def incident(self) -> str:
        """Fingerprint of the first incident that was raised."""
        first, *_ = asyncio.run(read_topic(self.config, Topics(self.config.topics).alerts.name))
        return alert_from_bytes(first.value).fingerprint


def _odd_posts(created_at: str) -> list[dict[str, object]]:
    """Return pictures, posts with odd fields, and posts of a source that states whole hours."""
    posts: list[dict[str, object]] = [{"created_at": created_at, "text": "", "source": "pictures"}] * 5
    posts += [{"created_at": created_at, "text": "nothing", "source": "odd", "likes": "3", "lang": {}}] * 5
    hour = created_at[:13]
    earlier = f"{created_at[:11]}{int(created_at[11:13]) - 1:02}"
    posts += [{"created_at": f"{each}:00:00Z", "text": "nothing", "source": "hourly"} for each in (earlier, hour) * 10]
    return [post | {"id": f"odd{number}"} for number, post in enumerate(posts)]


def ports_of_workers() -> dict[str, int]:
    """Return a port for each worker's metrics."""
    return {worker: reserved_port() for worker in WORKERS}


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


class _FailsOnce(BaseHTTPRequestHandler):
    failed = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if _FailsOnce.failed else 503)
        _FailsOnce.failed = True
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def webhook_that_fails_once() -> Iterator[str]:
    """Address of a receiver of webhooks that is not ready for the first."""
    with HTTPServer(("127.0.0.1", 0), _FailsOnce) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
