"""How metrics are made: in one registry, without the series that nothing reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, and nothing reads them

REGISTRY: Final = CollectorRegistry(auto_describe=True)


def counter(name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
    """Register a counter."""
    return Counter(name, help_text, labels, registry=REGISTRY)


def gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
    """Register a gauge: a value that goes up and down."""
    return Gauge(name, help_text, labels, registry=REGISTRY)


def histogram(name: str, help_text: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
    """Register a histogram."""
    return Histogram(name, help_text, labels, buckets=buckets, registry=REGISTRY)


def info(name: str, help_text: str, labels: Sequence[str] = ()) -> Info:
    """Register a metric whose labels are the information."""
    return Info(name, help_text, labels, registry=REGISTRY)
