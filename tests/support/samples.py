"""The values of metrics, as a scrape would show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge


def value_of(metric: Counter | Gauge, *labels: str) -> float:
    """Return the value of a metric with these labels in the metric's order, 0 if it has none yet."""
    samples = [sample for family in metric.collect() for sample in family.samples]
    return sum(
        each.value for each in samples if tuple(each.labels.values()) == labels and not each.name.endswith("_created")
    )
