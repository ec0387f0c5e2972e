"""A real Prometheus scrapes every metric there is, and answers every query of the boards."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

import pytest

from tests.support.patience import PATIENCE_SECONDS, wait_for
from tests.support.prometheus import answer, board_queries, prometheus, rule_health

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_INTERVAL: Final = "4s"

WORKER: Final = """
import time
from itertools import product
from prometheus_client import Counter, Gauge, Histogram, Info
from streams.runtime.metrics import catalogue
from streams.runtime.http_server import serve

CHOICES = {
    "brand": ["nordtel"],
    "detector": ["volume", "tone"],
    "bound": ["lower", "expected", "upper"],
    "judged": ["anew", "from memory"],
    "mode": ["live", "shadow"],
    "suppressed": ["", "spam"],
    "verdict": ["confirmed", "false_alarm"],
    "kind": ["open", "resolve"],
    "verdict": ["ack", "confirmed", "false_alarm"],
    "mode": ["live", "shadow"],
}

def children(metric):
    if not metric._labelnames:
        return [metric]
    values = product(*(CHOICES.get(name, ["x"]) for name in metric._labelnames))
    return [metric.labels(*each) for each in values]

print(serve("127.0.0.1", 0, "metrics.detect_port"), flush=True)
while True:
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
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a Prometheus that has scraped a worker with every metric for a while."""
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            port = int(worker.stdout.readline())
            with prometheus(tmp_path_factory.mktemp("prometheus"), {"detect": port}) as address:
                enough = f"count_over_time(firewatch_brand_mentions[{RATE_INTERVAL}]) >= 6"
                wait_for(lambda: bool(answer(address, enough)))
                yield address
        finally:
            worker.terminate()


def test_every_query_of_the_boards_has_an_answer(address: str) -> None:
    unanswered = dict(board_queries(RATE_INTERVAL))

    def all_answered() -> bool:
        """Whether each had an answer at some moment: a rate has none while a busy machine scrapes too rarely."""
        for name in [name for name, expr in unanswered.items() if answer(address, expr)]:
            del unanswered[name]
        return not unanswered

    wait_for(all_answered, what=unanswered)


def test_the_first_event_of_a_series_is_counted(address: str) -> None:
    """`increase` alone misses it; the boards' expression for rare events does not."""
    (expr,) = (expr for name, expr in board_queries("1h") if name == "firewatch-overview: Steps of incidents A")
    (difference,) = answer(address, f"sum({expr}) - sum(firewatch_incidents_total)")
    assert float(difference["value"][1]) == 0


def test_every_rule_can_be_evaluated(address: str) -> None:
    wait_for(lambda: "unknown" not in rule_health(address).values())
    assert set(rule_health(address).values()) == {"ok"}


def test_workers_labels_are_kept(address: str) -> None:
    (batches,) = answer(address, "sum by (worker) (firewatch_batch_records_count)")
    assert batches["metric"] == {"worker": "x"}
    (up,) = answer(address, "up")
    assert up["metric"]["worker"] == "detect"


def test_prometheus_serves_the_runbook_to_which_an_alert_links(address: str) -> None:
    with urlopen(f"http://{address}/user/runbooks.html", timeout=PATIENCE_SECONDS) as response:
        page = response.read().decode()
    assert '<h2 id="firewatchworkerdown">FirewatchWorkerDown</h2>' in page
    assert response.headers["Content-Type"].startswith("text/html")
