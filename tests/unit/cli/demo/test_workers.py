"""The totals that the demo shows of its workers."""

from __future__ import annotations

import socket

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from streams.cli.demo.workers import LAG, MATCHED, SCORED, worker_totals
from streams.config import MetricsSettings


def test_totals_are_those_of_the_workers_that_answer() -> None:
    registry = CollectorRegistry()
    Counter(SCORED, "Posts", registry=registry).inc(7)
    lag = Gauge(LAG, "Lag", ["partition"], registry=registry)
    lag.labels("0").set(2)
    lag.labels("1").set(3)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports = {"score_port": server.server_port, "detect_port": probe.getsockname()[1]}
            totals = worker_totals(MetricsSettings(host="127.0.0.1", **ports))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert totals == {SCORED: 7.0, MATCHED: 0.0, LAG: 5.0}
