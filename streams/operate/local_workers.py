"""What the workers of this machine say of themselves over HTTP, beside what Kafka has of all workers."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final

import orjson
from prometheus_client.parser import text_string_to_metric_families

from streams.workers.supervisor import RELOADING

if TYPE_CHECKING:
    from streams.config import Config

TIMEOUT_SECONDS: Final = 1.0
"""A worker of this machine answers within milliseconds."""

_PARTICULAR: Final = {
    "firewatch_posts_skipped_total": "skipped",
    "firewatch_post_fields_altered_total": "fields altered",
    "firewatch_posts_imported_total": "imported",
    "firewatch_posts_coarse_total": "coarse times",
}
"""Counters of posts that Kafka does not have, and their names in a status."""

_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  to compare with, not to listen on


def refused_configs(config: Config) -> dict[str, str]:
    """Return why each worker on the ports of a config could not use the config file as it is now.

    Workers that don't answer, or use the file, are left out.
    """
    host = _ANY_ADDRESS.get(config.metrics.host, config.metrics.host)
    found = {}
    for worker in RELOADING:
        port = getattr(config.metrics, f"{worker}_port")
        problem = _ready_page(host, port).get("config_problem") if port else None
        if isinstance(problem, str):
            found[worker] = problem
    return found


def left_out(config: Config) -> dict[str, int]:
    """Return how many posts the workers on the ports of a config have treated in a particular way since they started.

    Keys are those of `_PARTICULAR` whose count is not zero; without workers that answer there are none.
    """
    host = _ANY_ADDRESS.get(config.metrics.host, config.metrics.host)
    ports = {config.metrics.ingest_port, config.metrics.sources_port, config.metrics.score_port} - {0}
    scraped = [scrape(host, port) for port in ports]
    counts = {name: round(sum(each.get(series, 0) for each in scraped)) for series, name in _PARTICULAR.items()}
    return {name: count for name, count in counts.items() if count}


def scrape(host: str, port: int, timeout_seconds: float = TIMEOUT_SECONDS) -> dict[str, float]:
    """Return the value of each series of a worker, summed over its labels; nothing while the worker does not answer."""
    text = _page(host, port, "/metrics", timeout_seconds).decode(errors="replace")
    sums: defaultdict[str, float] = defaultdict(float)
    with suppress(ValueError):  # of another service on this port
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] += sample.value
    return sums


def _ready_page(host: str, port: int) -> dict[str, Any]:
    try:
        body = orjson.loads(_page(host, port, "/readyz"))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _page(host: str, port: int, path: str, timeout_seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Return a page of a worker; nothing if no worker answers."""
    connection = HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except (OSError, HTTPException):
        return b""
    finally:
        connection.close()
