"""PromQL of the boards.

Two traps of counters are dealt with here rather than in every panel. A rate needs at least two scrapes, hence
``$__rate_interval`` throughout. And ``increase()`` does not see the first event of a series that is born with it, which
is how rare events (an incident, a new reason for a reject) arrive; `events` adds those births. A series that some
scrapes missed is not born again: only one without a sample in `UNSEEN` before is new.
"""

from __future__ import annotations

from typing import Final

UNSEEN: Final = "1h"
"""Time without a sample after which a series counts as new."""


def select(series: str, *matchers: str) -> str:
    """A selector within the chosen jobs; a bare label stands for what is chosen in the variable of that name.

    >>> select("firewatch_expected", "brand", 'bound="upper"')
    'firewatch_expected{job=~"$job", brand=~"$brand", bound="upper"}'
    """
    written = [f'{each}=~"${each}"' if each.isidentifier() else each for each in ("job", *matchers)]
    return f"{series}{{{', '.join(written)}}}"


def aggregate(operator: str, vector: str, by: str = "") -> str:
    """``operator`` over all workers, by some labels.

    >>> aggregate("max", "up", "brand")
    'max by (brand) (up)'
    """
    return f"{operator} by ({by}) ({vector})" if by else f"{operator}({vector})"


def newest(gauge: str, *matchers: str, by: str = "") -> str:
    """Largest value over all workers: only the owner of a partition shows what belongs to it."""
    return aggregate("max", select(gauge, *matchers), by)


def rate(counter: str, *matchers: str, by: str = "") -> str:
    """Events a second, summed over all workers."""
    return aggregate("sum", f"rate({select(counter, *matchers)}[$__rate_interval])", by)


def events(counter: str, *matchers: str, by: str) -> str:
    """Events within the rate interval, those with which a series is born included."""
    return _events_within("$__rate_interval", select(counter, *matchers), by)


def within_range(counter: str, *matchers: str, by: str) -> str:
    """Events within the shown time, those with which a series is born included."""
    return _events_within("$__range", select(counter, *matchers), by)


def _events_within(span: str, chosen: str, by: str) -> str:
    born = f"({chosen} unless present_over_time({chosen}[{UNSEEN}] offset {span}))"
    return aggregate("sum", f"{born} or increase({chosen}[{span}])", by)


def quantile(q: float, histogram: str, *matchers: str, by: str = "") -> str:
    """Quantile over all workers; NaN, drawn as a gap, where nothing happened."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', *matchers, by=labels)})"


LIVE: Final = 'mode="live"'
"""Of detectors that are not in shadow: they alone can page."""


def heat(by: str, *matchers: str) -> str:
    """Highest live score in units of its threshold: 1 and more is anomalous."""
    score = newest("firewatch_anomaly_score", *matchers, LIVE, by="brand, detector")
    threshold = newest("firewatch_anomaly_threshold", *matchers, by="brand, detector")
    return aggregate("max", f"{score} / {threshold}", by)


def delay(timestamp: str) -> str:
    """Seconds from a moment to now."""
    return f"time() - {timestamp}"
