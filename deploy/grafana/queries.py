"""PromQL of the boards.

Three traps of counters are dealt with here rather than in every panel:

- A rate needs at least two scrapes, hence ``$__rate_interval`` throughout.
- ``increase()`` does not see the first events of a series that is born with them, which is how rare events (an
  incident, a new reason for a reject) arrive; nor those that happen while scrapes are missed for longer than its range.
- A counter that Prometheus sees for the first time is not born for that: a new Prometheus, or one that could not reach
  the worker for hours, finds the events of months in it.

`events_in` counts each event once through all of these. The rules of deploy/prometheus use the same expression.
"""

from __future__ import annotations

from typing import Final

UNSEEN: Final = "1h"
"""Time without a sample after which nothing is known of a series, or of a process, any more."""

STARTED: Final = "process_start_time_seconds"
"""The gauge of each worker that distinguishes a process from the one before it at the same address."""

RESTARTS: Final = "firewatch_restarts_total"
"""The counter that a worker inherits from the process before it."""


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
    return f"{events(counter, *matchers, by=by)} / (time() - {_beginning_of('$__rate_interval')})"


def used(seconds: str, *matchers: str, by: str = "") -> str:
    """Seconds a second, of a counter of each process that does not count events."""
    return aggregate("sum", f"rate({select(seconds, *matchers)}[$__rate_interval])", by)


def events(counter: str, *matchers: str, by: str = "") -> str:
    """Events within the rate interval, each counted once."""
    return aggregate("sum", events_in("$__rate_interval", select(counter, *matchers), _processes(matchers)), by)


def within_range(counter: str, *matchers: str, by: str = "") -> str:
    """Events within the shown time, each counted once."""
    return aggregate("sum", events_in("$__range", select(counter, *matchers), _processes(matchers)), by)


def _processes(matchers: tuple[str, ...]) -> str:
    return select(STARTED, *(each for each in matchers if each == "instance"))


def events_in(span: str, counter: str, started: str = STARTED) -> str:
    """Events that each series of a counter has counted within a span of time, with those that are born with the series.

    The value before the span is subtracted from the newest one. What counts as the value before:

    1. If the process is another than before: zero, since it counts anew. Its predecessor's events within the span, as
       far as they were scraped, are in ``increase()``.
    2. If the series was seen before: its value then, however many scrapes were missed in between.
    3. If the process was seen before, but not the series: zero, since the series was born with these events.
    4. If neither was seen before: unknown. Only what was counted from scrape to scrape is known to be new.

    Parameters
    ----------
    span
        A duration or a variable of Grafana.
    counter
        Selector of the counter.
    started
        Selector of `STARTED` of the same workers.
    """
    beginning = _beginning_of(span)
    newest_seen, before, scraped = _newest_in(span, counter), _before(span, counter), _scraped_in(span, counter)
    process, process_before = _newest_in(span, started), _before(span, started)
    return f"""(
  (({scraped} > {counter}) or {counter})
    and on (job, instance) (({process} != {process_before}) or ({process} > {beginning}))
  or
  ({newest_seen} - {before} >= 0)
  or
  ({newest_seen} and on (job, instance) {process_before})
  or
  {scraped}
  or
  0 * {newest_seen}
)"""


def restarts(span: str, *matchers: str, by: str = "") -> str:
    """Restarts by the supervisor of `firewatch run` within a span of time, each counted once."""
    return aggregate("sum", restarts_in(span, select(RESTARTS, *matchers)), by)


def restarts_in(span: str, counter: str = RESTARTS) -> str:
    """Restarts by the supervisor that each series of `RESTARTS` has counted within a span of time.

    Each process inherits the counter from the one before it, so that only a new supervisor resets it; and all its
    series are there from the first process on, so that none is born with events.
    """
    newest_seen, before, scraped = _newest_in(span, counter), _before(span, counter), _scraped_in(span, counter)
    return f"""(
  ({newest_seen} - {before} >= 0)
  or
  ({newest_seen} and {before})
  or
  {scraped}
  or
  0 * {newest_seen}
)"""


def _newest_in(span: str, series: str) -> str:
    """Return the newest value within a span of time, however many scrapes were missed since."""
    return f"last_over_time({series}[{span}])"


def _before(span: str, series: str) -> str:
    """Return the last value before a span of time, of what is known then (`UNSEEN`)."""
    return f"last_over_time({series}[{UNSEEN}] offset {span})"


def _scraped_in(span: str, counter: str) -> str:
    """Return the events that were counted from scrape to scrape within a span of time."""
    return f"round(increase({counter}[{span}]))"


def _beginning_of(span: str) -> str:
    """Return the clock at the beginning of a span, because PromQL does not calculate with durations."""
    return f"scalar(last_over_time(vector(time())[1s:1s] offset {span}))"


def starts(by: str, *matchers: str) -> str:
    """Processes of workers that have started within the rate interval in place of another."""
    return aggregate("sum", starts_in("$__rate_interval", select(STARTED, *matchers)), by)


def starts_in(span: str, started: str = STARTED) -> str:
    """Processes that have started within a span of time in place of another, at each address of a worker.

    ``changes()`` sees those that were scraped before and after within the span; a process that returns after a longer
    gap differs from the one before the span.
    """
    first = f"min_over_time({started}[{span}])"  # times only grow
    return f"(changes({started}[{span}]) + (({first} > bool {_before(span, started)}) or 0 * {first}))"


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
