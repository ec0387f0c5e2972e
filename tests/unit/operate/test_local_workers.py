"""The workers of this machine: why they do not use the config file, and their series."""

from __future__ import annotations

import socket
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from streams.config import Config
from streams.operate.local_workers import left_out, refused_configs, scrape
from streams.runtime import metrics
from streams.runtime.health import Health
from streams.runtime.http_server import serve
from tests.support.ports import ANY_PORTS

BRANDS = [{"id": "a", "name": "A", "match": {"any": ["aa"]}}]


def config_with(metrics: dict[str, Any]) -> Config:
    """Return a config in which only the ports of `metrics` are known."""
    return Config.model_validate({"brands": BRANDS, "metrics": ANY_PORTS | metrics})


def test_the_config_that_a_worker_could_not_use_is_named_and_other_answers_are_not() -> None:
    health = Health(60)
    ports = [serve("127.0.0.1", 0, "x", {"/readyz": page}) for page in (health.readyz, lambda: (True, {"ready": True}))]
    own = {"host": "0.0.0.0", "score_port": ports[0], "detect_port": ports[1]}  # noqa: S104  nothing listens there
    config = config_with(own)
    assert refused_configs(config) == {}
    health.follow_config(lambda: "windoes: unknown key (line 4)")
    assert refused_configs(config) == {"score": "windoes: unknown key (line 4)"}


def test_posts_that_kafka_does_not_have_are_counted_where_a_worker_answers() -> None:
    port = serve("127.0.0.1", 0, "x")
    config = config_with({"score_port": port})
    before = left_out(config).get("imported", 0)
    metrics.POSTS_IMPORTED.labels("forum").inc(3)
    assert left_out(config)["imported"] == before + 3
    nobody = config_with({})
    assert left_out(nobody) == {}


def test_workers_that_do_not_run_are_left_out() -> None:
    port = serve("127.0.0.1", 0, "x")  # answers 404 to /readyz
    assert refused_configs(config_with({"score_port": port})) == {}


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


def test_a_worker_that_does_not_answer_has_no_series() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert scrape("127.0.0.1", probe.getsockname()[1]) == {}


def test_another_service_has_no_series() -> None:
    port = serve("127.0.0.1", 0, "x", {"/metrics": lambda: (True, {"no": "metrics"})})
    assert scrape("127.0.0.1", port) == {}
