"""Reads a worker's `/metrics`, for those on the same machine who want a few totals."""

from __future__ import annotations

from collections import defaultdict
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_SECONDS: Final = 2.0


def totals(host: str, port: int) -> dict[str, float]:
    """Value of each series name, summed over its labels; empty while the worker does not answer."""
    try:
        with urlopen(f"http://{host}:{port}/metrics", timeout=TIMEOUT_SECONDS) as answer:
            text = answer.read().decode()
    except (URLError, TimeoutError, ConnectionError):
        return {}
    sums: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] += sample.value
    return sums
