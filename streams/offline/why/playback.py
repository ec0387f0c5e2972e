"""Run the mentions of one brand through the code that detects live, up to a moment and on.

They run twice: the first time finds the evaluation that belongs to the moment, which is the last one up to it, and the
second time stops there and explains it. So nothing has to be kept of the evaluations before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.detect.explaining import ExplainingMonitor
from streams.core.detect.partition import PartitionScoring
from streams.core.detect.quarantine import Quarantine
from streams.offline.backtest.partition_files import PartitionFileReader
from streams.offline.backtest.playback import outcomes
from streams.records import Envelope, Progress
from streams.render.bucket_series import BucketSeries
from streams.render.progress_bar import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from streams.config import BrandSettings, Config
    from streams.core.detect.explaining import ExplainedMoment
    from streams.core.detect.outcome import Outcome
    from streams.core.detect.scoring import Evaluation
    from streams.offline.backtest.partition_files import Mentions
    from streams.records import Alert, MentionsContent

_NEVER: Final = (-1, -1)

_RECENT: Final = 5
"""Number of the last buckets whose scores are kept."""


@dataclass(slots=True)
class Run:
    """A time in which the score of a detector stayed at 1 and more.

    Attributes
    ----------
    detector, shadow
        Name of the detector, and whether it runs in shadow mode.
    begin_ms, end_ms
        Event times of the first and the last evaluation in it.
    peak
        The highest score.
    suppressed
        Why the first of these scores was suppressed, or None.
    """

    detector: str
    shadow: bool
    begin_ms: int
    end_ms: int
    peak: float
    suppressed: str | None


class Recent(NamedTuple):
    """The latest evaluation of a bucket up to the moment.

    Parameters
    ----------
    start_ms, closed
        Start of the bucket, and whether it was complete.
    mentions, negative
        Its mentions, and the expected number of negative ones.
    values
        Scores by detector, those in shadow mode included.
    """

    start_ms: int
    closed: bool
    mentions: float
    negative: float
    values: Mapping[str, float]


@dataclass(slots=True)
class Played:
    """What a brand's mentions gave.

    Attributes
    ----------
    moment
        The explained evaluation; None if there is none up to the moment that was asked for.
    runs
        When each detector was at 1 and more, in order of time.
    recent
        The latest evaluations of the last buckets up to the moment, in order of time.
    alerts
        The alerts of the brand.
    series
        Its closed buckets.
    mentions
        Number of its mentions.
    oldest_ms, newest_ms
        Event times of the oldest and the newest post of all brands; -1 without any.
    first_ms
        Event time of the brand's first mention; -1 without any.
    """

    moment: ExplainedMoment | None = None
    runs: list[Run] = field(default_factory=list)
    recent: list[Recent] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    series: BucketSeries = field(default_factory=BucketSeries)
    mentions: int = 0
    oldest_ms: int = -1
    newest_ms: int = -1
    first_ms: int = -1


class _Place(NamedTuple):
    """The place of an evaluation: its event time and bucket, by which the last one is found, and its number."""

    order: tuple[int, int]
    number: int


def play(mentions: Mentions, config: Config, brand: BrandSettings, at_ms: int) -> Played:
    """Run the mentions of a brand through its detectors, and explain its last evaluation up to a moment.

    Parameters
    ----------
    mentions
        Mentions of all brands, whose platform load the detectors are given.
    config
        Config with the brand.
    brand
        The brand.
    at_ms
        The moment, event time in milliseconds since the epoch.
    """
    played = Played()
    file = _file_of(mentions, brand.id, played)
    if file is None:
        return played
    last = _Place(_NEVER, -1)
    running: dict[str, Run] = {}
    recent: dict[int, Recent] = {}
    number = -1

    def note(evaluation: Evaluation, monitor: ExplainingMonitor) -> None:
        nonlocal last, number
        number += 1
        step, bucket = evaluation.step, evaluation.bucket
        if bucket is None:
            return
        values = monitor.values(evaluation, bucket)
        _note_runs(evaluation, values, running, played.runs)
        if step.at_ms > at_ms:
            return
        last = max(last, _Place((step.at_ms, step.start_ms), number))
        recent[step.start_ms] = Recent(step.start_ms, step.closes, bucket.count, bucket.likely_negative, values)
        for start_ms in sorted(recent)[:-_RECENT]:
            del recent[start_ms]

    for outcome in _outcomes(file, config, brand, note):
        for window in outcome.windows:
            played.series.add(window)
        played.alerts += outcome.alerts
    played.recent = [recent[start_ms] for start_ms in sorted(recent)]
    number = -1

    def explain(evaluation: Evaluation, monitor: ExplainingMonitor) -> None:
        nonlocal number
        number += 1
        if number == last.number:
            played.moment = monitor.explain(evaluation)

    if last.number >= 0:
        for _ in _outcomes(file, config, brand, explain):
            if played.moment is not None:
                break
    return played


def _outcomes(
    file: Path, config: Config, brand: BrandSettings, on_evaluation: Callable[[Evaluation, ExplainingMonitor], None]
) -> Iterator[Outcome]:
    version, quarantine = config.version, Quarantine(config, after=0)
    scoring = PartitionScoring(
        config, lambda settings: ExplainingMonitor(config, version, settings, quarantine, on_evaluation)
    )
    reader = PartitionFileReader(file)
    size = file.stat().st_size
    batches = (
        [record for record in batch if not isinstance(record, Envelope) or record.brand == brand.id]
        for batch in reader.batches()
    )
    with bar(f"detecting {brand.id}", "bytes") as show:
        yield from outcomes(scoring, batches, lambda: show(reader.consumed_bytes, size))


def _file_of(mentions: Mentions, brand: str, played: Played) -> Path | None:
    """Return the partition file with the mentions of a brand; note how many they are and the time of all posts."""
    found = None
    for file in mentions.files:
        for batch in PartitionFileReader(file).batches():
            for record in batch:
                if isinstance(record, Envelope) and record.brand == brand:
                    found = file
                    first_ms = min(mention.ts_ms for mention in record.mentions)
                    played.mentions += len(record.mentions)
                    played.first_ms = first_ms if played.first_ms < 0 else min(first_ms, played.first_ms)
                _note_time(record, played)
    return found


def _note_time(record: MentionsContent, played: Played) -> None:
    if isinstance(record, Envelope):
        times = [mention.ts_ms for mention in record.mentions]
    elif isinstance(record, Progress):
        times = [record.newest_ms, *(start for _, starts in record.active for start in starts)]
    else:
        return
    times = [each for each in times if each >= 0]
    if times:
        played.newest_ms = max(played.newest_ms, *times)
        played.oldest_ms = min(times) if played.oldest_ms < 0 else min(played.oldest_ms, *times)


def _note_runs(evaluation: Evaluation, values: Mapping[str, float], running: dict[str, Run], runs: list[Run]) -> None:
    """Begin, continue or end the run of each detector."""
    at_ms = evaluation.step.at_ms
    for name, value in values.items():
        if value < 1:
            if evaluation.step.closes:  # an open bucket scores low until its mentions have come
                running.pop(name, None)
            continue
        run = running.get(name)
        if run is None:
            live = evaluation.scores.get(name)
            run = running[name] = Run(name, live is None, at_ms, at_ms, value, live.suppressed if live else None)
            runs.append(run)
        run.end_ms, run.peak = at_ms, max(run.peak, value)
