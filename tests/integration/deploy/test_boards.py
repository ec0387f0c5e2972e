"""A simulated firestorm runs through all workers, and every panel of every board shows something of it."""

from __future__ import annotations

import base64
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import IO, TYPE_CHECKING, Final

import pytest

from streams.config import WEBHOOK_KEY_VARIABLE
from tests.support.paths import ROOT
from tests.support.patience import wait_for
from tests.support.prometheus import answer, board_queries, prometheus
from tests.support.story import Story, firewatch, pid_of, webhook_that_fails_once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEED: Final = 8_000
"""Times real time: the day takes eleven seconds, long enough for some scrapes."""

SECONDS_TO_SHOW: Final = 150

NEVER_HERE: Final = {
    "firewatch-health: Quarantined detectors A": "takes a detector with a defect, and there is none",
    "firewatch-health: Learned states dropped A": "takes an upgrade that learns differently",
    "firewatch-health: Over quota, badly dated and deleted B": "takes a live stream in which posts are dated back",
    "firewatch-health: Gaps A": "takes a live source that misses posts",
    "firewatch-health: Length of gaps A": "takes a live source that misses posts",
    "firewatch-health: Failures A": "takes a live source whose connection fails",
    "firewatch-health: Failures B": "takes a defect of firewatch",
    "firewatch-health: Records lost to retention A": "takes a retention that is shorter than a worker's absence",
}
"""Queries that are not answered, with the reason."""


def has_data(address: str, expr: str) -> bool:
    """Whether there is a number; NaN is drawn as a gap."""
    return any(math.isfinite(float(series["value"][1])) for series in answer(address, expr))


def expectations(brand: str) -> dict[str, str]:
    """Every query of every board that must have data, and what must be seen of the firestorm."""
    expected = {name: expr for name, expr in board_queries("2m", brand) if name not in NEVER_HERE}
    expected["the firestorm is an incident"] = f'firewatch_incidents_open{{brand="{brand}"}} > 0'
    expected["the firestorm is detected"] = f'firewatch_detections_total{{brand="{brand}", suppressed=""}} > 0'
    expected["a detector is in shadow"] = 'firewatch_anomaly_score{detector="trial", mode="shadow"}'
    return expected


@contextmanager
def jetstream_server() -> Iterator[str]:
    """Yield the address of a Jetstream server that publishes a post each half a second."""
    command = [sys.executable, str(ROOT / "deploy" / "local" / "jetstream_server.py"), "--end-with-input"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        ends = threading.Event()
        publishing = threading.Thread(target=publish_until, args=(process.stdin, ends))
        publishing.start()
        try:
            yield url
        finally:
            ends.set()
            publishing.join()
            process.stdin.close()


def publish_until(posts: IO[str], ends: threading.Event) -> None:
    for number in count():
        post = {"id": str(number), "author": "kim", "text": "nothing to see here", "created_at": time.time()}
        posts.write(json.dumps(post) + "\n")
        posts.flush()
        if ends.wait(0.5):
            return


def run_to_end(log: Path, *arguments: str) -> None:
    with firewatch(log, *arguments) as process:
        assert process.wait() == 0, log.read_text(encoding="utf-8")[-3000:]


@pytest.mark.skipif(sys.platform != "linux", reason="it finds a worker's process in /proc")
def test_every_panel_shows_the_firestorm(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEBHOOK_KEY_VARIABLE, "whsec_" + base64.b64encode(b"a key that only this test has").decode())
    log = tmp_path / "workers.log"
    with webhook_that_fails_once() as webhook, ExitStack() as stack:
        story = Story(tmp_path, kafka, webhook)
        story.read_source(stack.enter_context(jetstream_server()))
        waiting = expectations(story.brand)
        config = ("-c", str(story.config_path))
        with firewatch(log, "run", *config) as supervisor, prometheus(tmp_path, story.ports) as address:

            def disturb() -> None:
                os.kill(pid_of(supervisor.pid, "detect"), signal.SIGKILL)
                story.change_config()

            def confirm() -> None:
                run_to_end(log, "alerts", "confirm", story.incident(), *config)

            wait_for(lambda: supervisor.poll() is not None or has_data(address, "sum(up) == 4"), SECONDS_TO_SHOW)
            run_to_end(log, "label", *config, "--import", str(story.labels))
            story.publish_a_damaged_model()
            due = {
                "sum(firewatch_buckets_closed_total) > 20": disturb,
                "sum(firewatch_incidents_total) > 0": confirm,
            }
            with (
                firewatch(log, "bridge", "webhook", *config),
                firewatch(log, "ingest", str(story.posts), *config, "--keep-order", "--speed", str(SPEED)),
            ):
                deadline = time.monotonic() + SECONDS_TO_SHOW
                while waiting and time.monotonic() < deadline and supervisor.poll() is None:
                    waiting = {name: expr for name, expr in waiting.items() if not has_data(address, expr)}
                    for condition in [condition for condition in due if has_data(address, condition)]:
                        due.pop(condition)()
    assert not list(waiting), log.read_text(encoding="utf-8")[-3000:]
