"""A real Prometheus, with the project's own config, scrapes every metric and answers every query of the dashboard."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from deploy.grafana.build import dashboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIG: Final = Path(__file__).parents[2] / "deploy" / "prometheus" / "prometheus.yml"
SECONDS_TO_START: Final = 30
RATE_INTERVAL: Final = "4s"

WORKER: Final = """
import time
from itertools import product
from prometheus_client import Counter, Gauge, Histogram, Info
from streams.metrics import catalogue, serve

CHOICES = {
    "brand": ["nordtel"],
    "detector": ["volume", "tone"],
    "bound": ["lower", "expected", "upper"],
    "judged": ["anew", "from memory"],
}

def children(metric):
    if not metric._labelnames:
        return [metric]
    values = product(*(CHOICES.get(name, ["x"]) for name in metric._labelnames))
    return [metric.labels(*each) for each in values]

print(serve("127.0.0.1", 0, "metrics.detect_port"), flush=True)
for _ in range(600):
    for metric in catalogue():
        for child in children(metric):
            match child:
                case Info(): child.info({"version": "1"})
                case Histogram(): child.observe(0.3)
                case Counter(): child.inc()
                case Gauge(): child.set(1)
    time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Prometheus that has scraped a worker with every metric for a while."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no Prometheus on this machine (Debian: apt-get install prometheus)")
    folder = tmp_path_factory.mktemp("prometheus")
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            port = worker.stdout.readline().strip()
            config = yaml.safe_load(CONFIG.read_text())
            config["global"]["scrape_interval"] = "500ms"
            (folder / CONFIG.name).write_text(yaml.safe_dump(config))
            targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"worker": "detect"}}]
            (folder / "targets.yml").write_text(yaml.safe_dump(targets))
            yield from running(program, folder)
        finally:
            worker.terminate()


def running(program: str, folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        program,
        f"--config.file={folder / CONFIG.name}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    log = folder / "log"
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            enough = f"count_over_time(firewatch_brand_mentions[{RATE_INTERVAL}]) >= 6"
            wait_for(lambda: server.poll() is None and bool(answer(address, enough)), log)
            yield address
        finally:
            server.terminate()


def wait_for(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.2)
    pytest.fail(f"Prometheus scraped nothing in {SECONDS_TO_START} s:\n{log.read_text()[-2000:]}")


def answer(address: str, expr: str) -> list[Any]:
    """Result of an instant query."""
    parameters = urllib.parse.urlencode({"query": expr})
    with urllib.request.urlopen(f"http://{address}/api/v1/query?{parameters}", timeout=10) as response:
        body = json.load(response)
    assert body["status"] == "success"
    return list(body["data"]["result"])


def test_every_query_of_the_dashboard_has_an_answer(prometheus: str) -> None:
    chosen = {
        "$__rate_interval": RATE_INTERVAL,
        "$volume_detector": "volume",
        "$tone_detector": "tone",
        "$brand": "nordtel|fjell-air",
        "$detector": ".*",
    }
    unanswered = []
    for panel in dashboard()["panels"]:
        for query in panel.get("targets", ()):
            expr = query["expr"]
            for variable, value in chosen.items():
                expr = expr.replace(variable, value)
            if not answer(prometheus, expr):
                unanswered.append((panel["title"], expr))
    assert not unanswered


def test_the_first_event_of_a_series_is_counted(prometheus: str) -> None:
    """`increase` alone misses it; the dashboard's expression for rare events does not."""
    title = "Steps of incidents"
    (expr,) = (panel["targets"][0]["expr"] for panel in dashboard()["panels"] if panel["title"] == title)
    since_birth = expr.replace("$__rate_interval", "1h")
    (difference,) = answer(prometheus, f"sum({since_birth}) - sum(firewatch_incidents_total)")
    assert float(difference["value"][1]) == 0


def test_workers_labels_are_kept(prometheus: str) -> None:
    (batches,) = answer(prometheus, "sum by (worker) (firewatch_batch_records_count)")
    assert batches["metric"] == {"worker": "x"}
    (up,) = answer(prometheus, "up")
    assert up["metric"]["worker"] == "detect"
