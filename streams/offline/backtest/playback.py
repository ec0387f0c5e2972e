"""Run configs over scored mentions, by the code that detects live."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from streams.core.detect.partition import PartitionMonitor
from streams.offline.backtest.parallel import Job, run_jobs
from streams.offline.incident_matching import raised
from streams.render.bucket_series import BucketSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from streams.config import Config
    from streams.core.detect.outcome import Outcome
    from streams.core.detect.partition import PartitionScoring
    from streams.offline.backtest.partition_files import Mentions, PartitionFileReader
    from streams.offline.incident_matching import RaisedIncident
    from streams.records import Alert, MentionsContent


@dataclass(slots=True)
class BacktestRun:
    """The result of running a config over mentions.

    Attributes
    ----------
    name
        Name of the config, for messages.
    series
        Counts and scores of every bucket, by brand; empty if they were not asked for.
    alerts
        The alerts in order of time.
    counted, late
        Number of mentions that were counted in windows, and that came too late for theirs.
    seconds
        CPU time taken.
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
        """Return the incidents behind the alerts, in order of their first alerts, each of which is a rise."""
        return raised(self.alerts)


def run_configs(
    configs: Sequence[tuple[str, Config]], mentions: Mentions, *, series: bool = True, processes: int | None = None
) -> list[BacktestRun]:
    """Run configs over scored mentions.

    Parameters
    ----------
    configs
        Names and configs; none needs to be the config by which the mentions were scored.
    mentions
        Mentions that every config runs over.
    series
        Whether to keep the counts and scores of every bucket.
    processes
        Largest number of processes; by default the number of cores, or one for few mentions.
    """
    runs = [BacktestRun(name, config) for name, config in configs]
    jobs = [Job(file, partial(_detect, each.config, series)) for each in runs for file in mentions.files]
    for index, part in run_jobs(mentions.name, jobs, processes):
        whole = runs[index // len(mentions.files)]
        whole.series |= part.series
        whole.alerts += part.alerts
        whole.counted += part.counted
        whole.late += part.late
        whole.seconds += part.seconds
    for each in runs:
        each.alerts.sort(key=lambda alert: (alert.at, alert.brand))
    return runs


def outcomes(
    monitor: PartitionScoring[Any],
    batches: Iterable[Iterable[MentionsContent]],
    on_batch: Callable[[], None],
) -> Iterator[Outcome]:
    """Yield the outcomes of a monitor that reads batches of records: one a batch, and one at the end."""
    for batch in batches:
        for record in batch:
            monitor.absorb(record)
        yield monitor.advance()
        on_batch()
    yield monitor.finish()


@dataclass(slots=True)
class _Part:
    """The result of one config on one partition file."""

    series: dict[str, BucketSeries] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    counted: int = 0
    late: int = 0
    seconds: float = 0.0

    def add(self, outcome: Outcome, *, series: bool) -> None:
        for window in outcome.windows:
            self.counted += window.count
            self.late += window.late
            if series:
                self.series.setdefault(window.brand, BucketSeries()).add(window)
        self.alerts += outcome.alerts


def _detect(config: Config, series: bool, file: PartitionFileReader, on_batch: Callable[[], None]) -> _Part:
    part = _Part()
    started = time.process_time()
    for outcome in outcomes(PartitionMonitor(config, 0), file.batches(), on_batch):
        part.add(outcome, series=series)
    part.seconds = time.process_time() - started
    return part
