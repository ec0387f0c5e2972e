"""Many configs over the same mentions at once, by the code that detects live.

Candidates differ in nothing but how rare something must be for a detector. So mentions become buckets once for all of
them, and each detector scores them once at every threshold that any candidate gives it. What differs beyond that is
what each makes of these scores: every candidate has incidents of its own.

Scores at one threshold can't be worked out from those at another: what a detector holds for refractory, and how
`composite` caps what it learns of storms, depend on the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from streams.core.detect.partition import PartitionMonitor
from streams.core.incidents.lifecycle import Incidents
from streams.offline.backtest.parallel import Job, side_by_side
from streams.offline.backtest.playback import outcomes
from streams.offline.incident_matching import Raised
from streams.offline.tuning.candidates import RARENESS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from detectors.base import Aspect, Score
    from streams.config import BrandSettings, Config, IncidentSettings
    from streams.core.incidents.incident import Change
    from streams.core.rollup.tally import Tally
    from streams.offline.backtest import Mentions
    from streams.offline.backtest.partition_files import LaneReader
    from streams.records import Window

T = TypeVar("T")

Days = Mapping[str, float]
"""A candidate: its ``once_in_days`` by detector."""

_Names = dict[str, str]
"""Of the scores that a candidate goes by, by the detector's own name."""


@dataclass(slots=True)
class Watched:
    """How long a brand was watched.

    Attributes
    ----------
    first_ms, last_ms
        Begin and end of its closed buckets, event time.
    total_ms
        Their length, without the gaps between them.
    """

    first_ms: int
    last_ms: int
    total_ms: int = 0

    def take(self, window: Window) -> None:
        """Count a closed bucket."""
        self.first_ms = min(self.first_ms, window.start_ms)
        self.last_ms = max(self.last_ms, window.start_ms + window.length_ms)
        self.total_ms += window.length_ms


@dataclass(slots=True)
class Tried:
    """What came of the candidates.

    Attributes
    ----------
    raised
        The incidents of each, in the order of the candidates.
    watched
        By brand.
    """

    raised: list[list[Raised]]
    watched: dict[str, Watched] = field(default_factory=dict)

    def join(self, other: Tried) -> None:
        """Take what came of the same candidates for other brands."""
        for mine, theirs in zip(self.raised, other.raised, strict=True):
            mine.extend(theirs)
        self.watched |= other.watched


def try_all(config: Config, candidates: Sequence[Days], mentions: Mentions, processes: int | None = None) -> Tried:
    """Run all candidates over scored mentions.

    Parameters
    ----------
    config
        The one in use.
    candidates
        The first is the one in use.
    mentions
        Of all brands.
    processes
        As in `streams.offline.backtest.play`.
    """
    jobs = [Job(lane, partial(_detect, config, list(candidates))) for lane in mentions.lanes]
    whole = Tried([[] for _ in candidates])
    for _, part in sorted(side_by_side(mentions.name, jobs, processes), key=itemgetter(0)):
        whole.join(part)
    return whole


def _detect(config: Config, candidates: Sequence[Days], lane: LaneReader, on_batch: Callable[[], None]) -> Tried:
    panel = _Panel(candidates)
    monitor = PartitionMonitor(_with_all_thresholds(config, candidates), 0, incidents=panel.incidents)
    watched: dict[str, Watched] = {}
    for outcome in outcomes(monitor, lane, on_batch):
        for window in outcome.windows:
            watched.setdefault(window.brand, Watched(window.start_ms, window.start_ms)).take(window)
    return Tried([list(each.values()) for each in panel.raised], watched)


def _names(candidate: Days) -> _Names:
    """Of the detectors that a candidate goes by: names that are allowed, and not longer for it."""
    return {name: f"{place}-{days!r}".replace(".", "_") for place, (name, days) in enumerate(candidate.items())}


def _with_all_thresholds(config: Config, candidates: Sequence[Days]) -> Config:
    """A config whose detectors are those in use at every threshold that a candidate gives them.

    It is never validated, as its detectors may be more than a config may have.
    """
    keys: dict[str, dict[str, float]] = {}
    for candidate in candidates:
        for name, key in _names(candidate).items():
            keys.setdefault(name, {})[key] = candidate[name]

    def of_brand(brand: BrandSettings) -> BrandSettings:
        overrides = {key: brand.detectors[name] for name in keys for key in keys[name] if name in brand.detectors}
        return brand.model_copy(update={"detectors": overrides})

    detectors = [
        each.model_copy(update={"name": key, RARENESS: days})
        for each in config.detectors
        for key, days in keys.get(each.name, {}).items()
    ]
    return config.model_copy(update={"detectors": detectors, "brands": [of_brand(brand) for brand in config.brands]})


class _Panel:
    """The incidents of all candidates.

    Attributes
    ----------
    raised
        By candidate, then by fingerprint and how often it was opened again.
    """

    def __init__(self, candidates: Sequence[Days]) -> None:
        self._names = [_names(each) for each in candidates]
        self.raised: list[dict[tuple[str, int], Raised]] = [{} for _ in candidates]

    def incidents(
        self, settings: IncidentSettings, brand: str, config_version: str, aspects: Mapping[str, Aspect]
    ) -> _PanelIncidents:
        """Those of one brand."""
        return _PanelIncidents(settings, brand, config_version, aspects, self._names, self._take)

    def _take(self, place: int, brand: str, change: Change) -> None:
        incident = change.incident
        key = incident.fingerprint, incident.reopened
        raised = self.raised[place].setdefault(key, Raised(brand, incident.fingerprint))
        raised.reach(change.at_ms, change.kind, incident.severity, incident.suppressed, incident.label)


class _Member(NamedTuple):
    """One candidate for one brand."""

    place: int
    names: _Names
    incidents: Incidents


class _PanelIncidents(Incidents):
    """Incidents of one brand by each candidate. What becomes of them goes to `on_change`; no alert comes of it."""

    def __init__(
        self,
        settings: IncidentSettings,
        brand: str,
        config_version: str,
        aspects: Mapping[str, Aspect],
        names: Sequence[_Names],
        on_change: Callable[[int, str, Change], None],
    ) -> None:
        super().__init__(settings, brand, config_version, aspects)
        self._on_change = on_change
        self._members = [
            _Member(place, of_one, Incidents(settings, brand, config_version, _named(of_one, aspects)))
            for place, of_one in enumerate(names)
        ]

    def check(
        self,
        at_ms: int,
        start_ms: int,
        end_ms: int,
        tally: Tally,
        scores: Mapping[str, Score],
        unclosed: Callable[[int], list[Tally]],
    ) -> None:
        """Let each candidate take its scores of a bucket."""
        anomalous = any(score.value >= 1 for score in scores.values())
        for place, names, incidents in self._members:
            if anomalous or incidents.current is not None:  # else nothing comes of it
                change = incidents.check(at_ms, start_ms, end_ms, tally, _named(names, scores), unclosed)
                self._tell(place, change)

    def close(self, at_ms: int, start_ms: int, end_ms: int, tally: Tally) -> None:
        """Let each take note that a bucket is complete."""
        for place, _, incidents in self._members:
            self._tell(place, incidents.close(at_ms, start_ms, end_ms, tally))

    def correct(self, at_ms: int, start_ms: int, late: Tally, unclosed: Callable[[int], list[Tally]]) -> None:
        """Let each take what came late."""
        for place, _, incidents in self._members:
            self._tell(place, incidents.correct(at_ms, start_ms, late, unclosed))

    def tallies(self) -> list[Tally]:
        """Of all."""
        return [tally for member in self._members for tally in member.incidents.tallies()]

    def _tell(self, place: int, change: Change | None) -> None:
        if change is not None:
            self._on_change(place, self._brand, change)


def _named(names: _Names, of_all: Mapping[str, T]) -> dict[str, T]:
    """What belongs to one candidate, by the detectors' own names; one that is off, in shadow or quarantined is not
    there."""
    return {name: of_all[key] for name, key in names.items() if key in of_all}
