"""The totals that the demo shows of its workers."""

from __future__ import annotations

import socket

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from streams.cli.demo.workers import scrape


def test_series_are_summed_over_their_labels() -> None:
    registry = CollectorRegistry()
    posts = Counter("posts_scored", "Posts", ["partition"], registry=registry)
    posts.labels("0").inc(3)
    posts.labels("1").inc(4)
    Gauge("lag", "Lag", registry=registry).set(5)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        totals = scrape("127.0.0.1", server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (totals["posts_scored_total"], totals["lag"]) == (7.0, 5.0)


def test_a_worker_that_does_not_answer_has_none() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert scrape("127.0.0.1", probe.getsockname()[1]) == {}
