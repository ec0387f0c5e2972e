"""Scored mentions played through configs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from streams.core.detect.partition import PartitionMonitor
from streams.offline.backtest.parallel import Job, side_by_side
from streams.offline.incident_matching import raised
from streams.render.bucket_series import BucketSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from streams.config import Config
    from streams.core.detect.outcome import Outcome
    from streams.core.detect.partition import PartitionScoring
    from streams.offline.backtest.partition_files import Mentions, PartitionFileReader
    from streams.offline.incident_matching import RaisedIncident
    from streams.records import Alert


@dataclass(slots=True)
class BacktestRun:
    """What a config made of the mentions.

    Attributes
    ----------
    name
        Of the config, for people.
    courses
        Counts and scores of each brand; none if they were not asked for.
    alerts
        In order of time.
    counted, late
        Mentions put into windows, and beside them.
    seconds
        Of CPU that it took.
    """

    name: str
    config: Config
    series: dict[str, BucketSeries] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    counted: int = 0
    late: int = 0
    seconds: float = 0.0

    @property
    def raised(self) -> list[RaisedIncident]:
        """The incidents behind the alerts."""
        return raised(self.alerts)

    def steps(self, brand: str) -> list[list[Alert]]:
        """The alerts of each incident of a brand; one that begins again counts again."""
        incidents: dict[tuple[str, int], list[Alert]] = {}
        for alert in self.alerts:
            if alert.brand == brand:
                incidents.setdefault((alert.fingerprint, alert.reopened), []).append(alert)
        return list(incidents.values())


def run_configs(
    configs: Sequence[tuple[str, Config]], mentions: Mentions, *, series: bool = True, processes: int | None = None
) -> list[BacktestRun]:
    """Run configs over scored mentions: what each would have raised, by the code that detects live.

    Parameters
    ----------
    configs
        With a name for people; none needs to be the one that scored.
    mentions
        Read by every config.
    courses
        Whether counts and scores of every bucket are kept.
    processes
        How many run at the same time; by default as many as there are cores, or one for few mentions.
    """
    run = [BacktestRun(name, config) for name, config in configs]
    jobs = [Job(lane, partial(_detect, each.config, series)) for each in run for lane in mentions.lanes]
    for place, part in side_by_side(mentions.name, jobs, processes):
        whole = run[place // len(mentions.lanes)]
        whole.series |= part.series
        whole.alerts += part.alerts
        whole.counted += part.counted
        whole.late += part.late
        whole.seconds += part.seconds
    for each in run:
        each.alerts.sort(key=lambda alert: (alert.at, alert.brand))
    return run


def outcomes(
    monitor: PartitionScoring[Any], lane: PartitionFileReader, on_batch: Callable[[], None]
) -> Iterator[Outcome]:
    """What a monitor makes of a lane, batch by batch and at its end."""
    for batch in lane.batches():
        for record in batch:
            monitor.absorb(record)
        yield monitor.advance()
        on_batch()
    yield monitor.finish()


@dataclass(slots=True)
class _Part:
    """What came of one lane by one config."""

    series: dict[str, BucketSeries] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    counted: int = 0
    late: int = 0
    seconds: float = 0.0

    def take(self, outcome: Outcome, *, series: bool) -> None:
        for window in outcome.windows:
            self.counted += window.count
            self.late += window.late
            if series:
                self.series.setdefault(window.brand, BucketSeries()).add(window)
        self.alerts += outcome.alerts


def _detect(config: Config, series: bool, lane: PartitionFileReader, on_batch: Callable[[], None]) -> _Part:
    part = _Part()
    started = time.process_time()
    for outcome in outcomes(PartitionMonitor(config, 0), lane, on_batch):
        part.take(outcome, series=series)
    part.seconds = time.process_time() - started
    return part
