"""Candidate runs: many configs over the same mentions at once, by the code that detects live.

Candidates differ only in the return periods (``once_in_days``) of their detectors. So mentions become buckets once for
all of them, and each detector scores them once at every threshold that any candidate gives it. Only the incidents are
separate for each candidate.

Scores at one threshold can't be derived from those at another: refractory periods, and the cap on what `composite`
learns from storms, depend on the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from streams.config.layers import merged
from streams.core.detect.outcome import Outcome
from streams.core.detect.partition import PartitionScoring
from streams.core.detect.quarantine import Quarantine
from streams.core.detect.scoring import BrandScoring
from streams.core.incidents.lifecycle import Incidents
from streams.offline.backtest.parallel import Job, run_jobs
from streams.offline.backtest.playback import outcomes
from streams.offline.incident_matching import RaisedIncident
from streams.offline.tuning.candidates import RETURN_PERIOD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from streams.config import BrandSettings, Config
    from streams.config.brands import DetectorSettings
    from streams.core.detect.scoring import Evaluation
    from streams.core.incidents.incident import Change
    from streams.core.rollup.watermark import StreamProgress
    from streams.offline.backtest import Mentions
    from streams.offline.backtest.partition_files import PartitionFileReader
    from streams.records import Deletions, Window

T = TypeVar("T")

Days = Mapping[str, float]
"""A candidate: the ``once_in_days`` of each detector by name."""


@dataclass(slots=True)
class Watched:
    """The time for which a brand was watched.

    Attributes
    ----------
    first_ms, last_ms
        Begin and end of its closed buckets, event time.
    total_ms
        Their total length, without the gaps between them.
    """

    first_ms: int
    last_ms: int
    total_ms: int = 0

    def add(self, window: Window) -> None:
        """Add a closed bucket."""
        self.first_ms = min(self.first_ms, window.start_ms)
        self.last_ms = max(self.last_ms, window.start_ms + window.length_ms)
        self.total_ms += window.length_ms


@dataclass(slots=True)
class CandidateRuns:
    """The results of all candidates.

    Attributes
    ----------
    raised
        The incidents of each candidate, in the order of the candidates.
    watched
        Time watched, by brand.
    counted, late
        Number of mentions that were counted in windows, and that came too late for theirs.
    """

    raised: list[list[RaisedIncident]]
    watched: dict[str, Watched] = field(default_factory=dict)
    counted: int = 0
    late: int = 0

    def join(self, other: CandidateRuns) -> None:
        """Add the results of the same candidates for other brands."""
        for mine, theirs in zip(self.raised, other.raised, strict=True):
            mine.extend(theirs)
        self.watched |= other.watched
        self.counted += other.counted
        self.late += other.late


def run_candidates(
    config: Config, candidates: Sequence[Days], mentions: Mentions, processes: int | None = None
) -> CandidateRuns:
    """Run all candidates over scored mentions.

    Parameters
    ----------
    config
        The config in use.
    candidates
        The candidates, that of the config in use first.
    mentions
        Mentions of all brands.
    processes
        As in `streams.offline.backtest.run_configs`.
    """
    jobs = [Job(file, partial(_detect, config, list(candidates))) for file in mentions.files]
    whole = CandidateRuns([[] for _ in candidates])
    for _, part in sorted(run_jobs(mentions.name, jobs, processes), key=itemgetter(0)):
        whole.join(part)
    return whole


def _detect(
    config: Config, candidates: Sequence[Days], file: PartitionFileReader, on_batch: Callable[[], None]
) -> CandidateRuns:
    raised = RaisedByCandidate(candidates)
    version, quarantine = config.version, Quarantine(config, after=0)
    partition = PartitionScoring(
        config, lambda brand: CandidatesOfBrand(config, version, brand, candidates, quarantine, raised)
    )
    runs = CandidateRuns([])
    for outcome in outcomes(partition, file.batches(), on_batch):
        for window in outcome.windows:
            runs.watched.setdefault(window.brand, Watched(window.start_ms, window.start_ms)).add(window)
            runs.counted += window.count
            runs.late += window.late
    runs.raised = raised.incidents()
    return runs


class RaisedByCandidate:
    """The incidents that each candidate has raised so far."""

    def __init__(self, candidates: Sequence[Days]) -> None:
        self._raised: list[dict[tuple[str, int], RaisedIncident]] = [{} for _ in candidates]

    def add(self, place: int, brand: str, change: Change) -> None:
        """Add a step of an incident of the candidate at a place."""
        incident = change.incident
        key = incident.fingerprint, incident.reopened
        raised = self._raised[place].setdefault(key, RaisedIncident(brand, incident.fingerprint))
        raised.reach(change.at_ms, change.kind, incident.severity, incident.suppressed, incident.label)

    def incidents(self) -> list[list[RaisedIncident]]:
        """Return the incidents of each candidate, in the order of the candidates."""
        return [list(each.values()) for each in self._raised]


class CandidatesOfBrand(BrandScoring):
    """Scores the buckets of one brand at all thresholds, and follows the incidents of each candidate.

    No alert is built from them. So there is no baseline, which only alerts need and which would have to be one for each
    candidate, as it does not learn during incidents; and deleted posts need no care, as nothing shows posts.

    Parameters
    ----------
    config, config_version, brand, quarantine
        As for `BrandScoring`.
    candidates
        All candidates.
    raised
        Gets each step of an incident.
    """

    def __init__(
        self,
        config: Config,
        config_version: str,
        brand: BrandSettings,
        candidates: Sequence[Days],
        quarantine: Quarantine,
        raised: RaisedByCandidate,
    ) -> None:
        detectors = _at_all_thresholds(config, brand, candidates)
        super().__init__(config, config_version, brand, detectors, quarantine)
        self._raised = raised
        aspects = {name: detector.aspect for name, detector in self._detectors.items()}
        names = [{name: _key(name, days) for name, days in candidate.items()} for candidate in candidates]
        self._candidates = [
            (of_one, Incidents(config.incidents, brand.id, config_version, _renamed(of_one, aspects)))
            for of_one in names
        ]

    def forget(self, deletions: Deletions) -> bool:  # noqa: ARG002  nothing here shows posts
        """Return False: nothing of a post is held here that could be shown."""
        return False

    def forget_authors(self, at_ms: int, authors: AbstractSet[int], progress: StreamProgress) -> None:
        """Do nothing, for the same reason."""

    def advance(self, watermark_ms: int, progress: StreamProgress) -> Outcome:
        """Score and close the buckets that the watermark allows."""
        outcome = Outcome()
        for evaluation in self._evaluations(watermark_ms, progress):
            self._follow(evaluation)
            if evaluation.window is not None:
                outcome.windows.append(evaluation.window)
        return outcome

    def _follow(self, evaluation: Evaluation) -> None:
        anomalous = any(score.value >= 1 for score in evaluation.scores.values())
        for place, (names, incidents) in enumerate(self._candidates):
            # without an incident that is open or emerges, scores below 1 change nothing
            scores = _renamed(names, evaluation.scores) if anomalous or incidents.begun is not None else {}
            changes = incidents.changes(evaluation.step, evaluation.end_ms, scores, self._windows, evaluation.absent)
            for change in changes:
                self._raised.add(place, self._id, change)


def _at_all_thresholds(config: Config, brand: BrandSettings, candidates: Sequence[Days]) -> list[DetectorSettings]:
    """Return the detectors of a brand, each at every threshold that a candidate gives it."""
    entries = {each.name: each for each in config.detectors}
    found: dict[str, DetectorSettings] = {}
    for name, days in dict.fromkeys(pair for candidate in candidates for pair in candidate.items()):
        entry = entries[name].model_copy(update={RETURN_PERIOD: days})
        settings = merged(entry, config.chosen_preset, brand)
        if settings.mode != "off":
            found[_key(name, days)] = settings.model_copy(update={"name": _key(name, days)})
    return list(found.values())


def _key(name: str, days: float) -> str:
    """Return the name of a detector at a threshold."""
    return f"{name}@{days!r}"


def _renamed(names: Mapping[str, str], of_all: Mapping[str, T]) -> dict[str, T]:
    """Return the values of one candidate by the detectors' own names, without detectors that are off, in shadow or
    quarantined."""
    return {name: of_all[key] for name, key in names.items() if key in of_all}
