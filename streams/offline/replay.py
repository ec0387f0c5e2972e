"""Run the whole pipeline from posts to alerts in one process, without Kafka, by the core code that the workers run."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.detect.partition import PartitionMonitor
from streams.core.detect.quarantine import Quarantine
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.offline.partitioner import Partitioner
from streams.sources.weights import best_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from streams.core.detect.outcome import Outcome
    from streams.core.detect.quarantine import Quarantined
    from streams.core.sentiment import SentimentModel
    from streams.errors import RecordError, TruncatedInput
    from streams.offline.partitioner import PartitionedRecords
    from streams.records import Alert, Window
    from streams.sources.base import Line, Source

INCARNATION: Final = "replay"


def scorer_of_all(config: Config, model: SentimentModel) -> Scorer:
    """Return a scorer of all partitions that starts at the beginning of each."""
    scorer = Scorer(config, model, best_model(config))
    for partition in range(config.topics.partitions):
        scorer.assign(partition, Position(INCARNATION))
    return scorer


@dataclass(slots=True)
class ReplaySummary:
    """The result of a replay.

    Of the `posts` that were usable and within the quota of their source, `repeated` were dropped as repeats. Of the
    `matched` mentions, `counted` are in windows and `late` came too late for theirs: `counted` + `late` = `matched`.
    `quarantined` are the detectors that raised an exception. `rejected` has the number of rejected records by reason,
    and `examples` the place, reason and detail of the first ones. `skipped` posts had no text. `altered` has how often
    an optional field was converted or left out, by its name and the outcome. `remarks` are about the input and
    the order of the posts. `truncated` says that the end of the input is missing, if it is. `coarse` has the number
    of posts by source and by the resolution of their time in milliseconds, if that is a minute or more.
    """

    posts: int = 0
    repeated: int = 0
    matched: int = 0
    counted: int = 0
    late: int = 0
    alerts: int = 0
    seconds: float = 0.0
    rejected: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    altered: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    truncated: TruncatedInput | None = None
    coarse: Counter[tuple[str, int]] = field(default_factory=Counter)
    quarantined: list[Quarantined] = field(default_factory=list)


class Replay:
    """A pipeline that feeds posts through scoring and detection, and hands out alerts and windows.

    Parameters
    ----------
    config
        Config as for the workers; brands of quality ``best`` are scored by `best_model`.
    model
        Model of quality ``fast``.
    on_alert, on_window
        Functions that are called with each result: alerts in order of event time, windows in order for each brand.
    on_reject
        Function that is called with each rejected record.
    """

    def __init__(
        self,
        config: Config,
        model: SentimentModel,
        on_alert: Callable[[Alert], None],
        on_window: Callable[[Window], None] = lambda _: None,
        on_reject: Callable[[Line, RecordError], None] = lambda _line, _error: None,
    ) -> None:
        self._config = config
        self._on_reject = on_reject
        self._on_alert = on_alert
        self._on_window = on_window
        self._scorer = scorer_of_all(config, model)
        self._quarantine = Quarantine(config, after=0)
        self._monitor = PartitionMonitor(config, 0, self._quarantine)
        self._over_quota = 0
        self.summary = ReplaySummary()

    def run(self, source: Source, on_chunk: Callable[[], None] = lambda: None) -> ReplaySummary:
        """Replay a source to its end.

        Raises
        ------
        InputError
            If the source can't be read, or too much of it is bad (`RejectionRatioExceeded`).
        """
        started = time.monotonic()
        partitioner = Partitioner(self._config, source, self._on_reject)
        for partitioned in partitioner.chunks():
            self._feed(partitioned)
            on_chunk()
        self._hand_out(self._monitor.finish())
        self.summary.rejected = partitioner.rejected | ({"quota": self._over_quota} if self._over_quota else {})
        self.summary.skipped = partitioner.skipped
        self.summary.altered = dict(partitioner.altered)
        self.summary.examples = partitioner.examples
        self.summary.remarks = partitioner.remarks
        self.summary.truncated = partitioner.truncated
        self.summary.quarantined = self._quarantine.news()
        self.summary.seconds = time.monotonic() - started
        return self.summary

    def _feed(self, partitioned: PartitionedRecords) -> None:
        for partition, records in partitioned.items():
            batch = self._scorer.score(partition, records)
            self.summary.posts += batch.posts
            self.summary.repeated += batch.repeated
            self.summary.coarse.update(batch.coarse)
            for envelope in batch.envelopes:
                self.summary.matched += len(envelope.mentions)
                self._monitor.absorb(envelope)
            for notice in batch.notices:
                self._monitor.absorb(notice)
            self._monitor.absorb(batch.progress)
            self._over_quota += len(batch.over_quota)
        self._hand_out(self._monitor.advance())

    def _hand_out(self, outcome: Outcome) -> None:
        for window in outcome.windows:
            self.summary.counted += window.count
            self.summary.late += window.late
            self._on_window(window)
        for alert in outcome.alerts:
            self.summary.alerts += 1
            self._on_alert(alert)
