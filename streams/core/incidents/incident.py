"""One incident with everything known of it, and a step in its life."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.base import Score
from detectors.reasons import Reason
from detectors.units import HOUR_MS
from streams.core.rollup.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from detectors.base import Label, Severity
    from streams.records import AlertKind, AlertStep

_COUNTING_STEPS: Final = frozenset({"grow", "correct"})
"""Steps that change nothing but counts."""

_STATE_FIELDS: Final = (
    "fingerprint", "start_ms", "hot_ms", "severity", "suppressed", "label", "note", "first_ms", "reopened", "earlier",
    "fired", "peaks", "excesses", "tally", "busiest", "hour_ms", "hour_mentions", "reported", "late", "closed_ms",
    "occasion", "quiet", "label_before", "heard_ms",
)  # fmt: skip
"""Fields in the order in which a state lists them."""


LABELS: Final[tuple[Label | None, ...]] = (None, "praise", "surge", "spam", "outage", "crisis")
"""In ascending order: an incident keeps the highest label it had, so that alerts do not alternate between two."""

HARMLESS: Final = frozenset({"spam", "surge", "outage"})
"""Labels of incidents that do not page."""


class IncidentState(NamedTuple):
    """The part of an incident whose changes lead to an alert."""

    severity: Severity
    suppressed: str | None
    label: Label | None
    fired: frozenset[str]


class ReportedStep(NamedTuple):
    """What the alert of a step said, with which the next step is compared.

    Parameters
    ----------
    step
        The step; None if an earlier firewatch reported it, which kept the state and the mentions only.
    state
        The incident after the step.
    mentions
        Mentions since it was last opened or reopened.
    negative
        Their summed probability of being negative, in ten-thousandths.
    at_ms
        Event time of the step; -1 where `step` is None.
    """

    step: AlertStep | None
    state: IncidentState
    mentions: int
    negative: int
    at_ms: int

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        severity, suppressed, label, fired = self.state
        return [self.step, severity, suppressed, label, sorted(fired), self.mentions, self.negative, self.at_ms]

    @classmethod
    def load(cls, values: list[Any]) -> ReportedStep:
        """Restore a step that `dump` returned."""
        step, severity, suppressed, label, fired, mentions, negative, at_ms = values
        return cls(step, IncidentState(severity, suppressed, label, frozenset(fired)), mentions, negative, at_ms)


@dataclass(slots=True)
class Incident:
    """An incident since it was opened or last reopened.

    Attributes
    ----------
    fingerprint
        Identity of the incident.
    start_ms
        Start of the first anomalous bucket since then.
    hot_ms
        End of its latest bucket that was not quiet.
    severity
        The highest it has had since then.
    suppressed
        Why it does not page, or None.
    label, note
        The highest label so far (of `LABELS`), and the latest reason for it; None without.
    first_ms
        Start of its very first anomalous bucket.
    reopened
        Number of times it was reopened.
    earlier
        Mentions before it was last reopened.
    fired
        Detectors that fired without being suppressed.
    peaks
        The highest score of each detector that was anomalous.
    excesses
        By detector, the most mentions (for tone: the most negative mentions) beyond the expected in one bucket.
    tally
        Counts of the closed buckets from `start_ms` to `hot_ms`.
    quiet
        Counts of the closed buckets since `hot_ms`; they belong to it if it continues, and to none if it is over.
    busiest
        Most mentions in one clock hour, of those that have closed in part or whole.
    hour_ms, hour_mentions
        The newest of these hours.
    reported
        The latest step, also if that was before it was last reopened; None before the first.
    late
        Mentions since then that arrived after their bucket had closed.
    closed_ms
        Event time at which it was found to be over; -1 while it is open.
    occasion
        Name of the maintenance or event in the config that suppresses it; empty without one.
    label_before
        Its label before it was last reopened.
    heard_ms
        Event time until which nothing shows that it is over: when the latest of its buckets that was not quiet arrived,
        if that was late, or the end of the latest bucket in which its sources were absent; -1 if there is neither.
    """

    fingerprint: str
    start_ms: int
    hot_ms: int
    severity: Severity = "watch"
    suppressed: str | None = None
    label: Label | None = None
    note: Reason | None = None
    first_ms: int = -1
    reopened: int = 0
    earlier: int = 0
    fired: set[str] = field(default_factory=set)
    peaks: dict[str, Score] = field(default_factory=dict)
    excesses: dict[str, float] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    busiest: int = 0
    hour_ms: int = -1
    hour_mentions: int = 0
    reported: ReportedStep | None = None
    late: int = 0
    closed_ms: int = -1
    occasion: str = ""
    quiet: Tally = field(default_factory=Tally)
    label_before: Label | None = None
    heard_ms: int = -1

    def __post_init__(self) -> None:
        if self.first_ms < 0:
            self.first_ms = self.start_ms

    @property
    def state(self) -> IncidentState:
        """Present values of the fields whose changes lead to an alert."""
        return IncidentState(self.severity, self.suppressed, self.label, frozenset(self.fired))

    def reopen(self, start_ms: int, end_ms: int) -> Incident:
        """Return the same incident reopened by another anomalous bucket, with severity, label and counts from zero."""
        return Incident(
            self.fingerprint,
            start_ms,
            end_ms,
            first_ms=self.first_ms,
            reopened=self.reopened + 1,
            earlier=self.earlier + self.tally.count,
            reported=self.reported,
            label_before=self.label,
        )

    def covers(self, start_ms: int) -> bool:
        """Return whether the mentions of a closed bucket belong to it, or may yet."""
        return start_ms >= self.start_ms and (self.closed_ms < 0 or start_ms < self.hot_ms)

    @property
    def is_past(self) -> bool:
        """Whether nothing is known of it after its latest bucket that was not quiet, though event time has passed."""
        return self.heard_ms > self.hot_ms

    def begin_at(self, start_ms: int) -> int:
        """Begin earlier than was known, and return when it began before."""
        before_ms, self.start_ms = self.start_ms, start_ms
        self.first_ms = min(self.first_ms, start_ms)
        return before_ms

    def comes_from(self, sources: AbstractSet[str]) -> bool:
        """Return whether at least half of its mentions are of these sources."""
        counts = self.tally.sources
        return bool(sources) and 2 * sum(counts.get(source, 0) for source in sources) >= max(1, sum(counts.values()))

    def reports(self, start_ms: int) -> bool:
        """Return whether its alerts cover a closed bucket, so that a late mention of it only corrects them."""
        return self.suppressed is None and bool(self.tally.count) and self.covers(start_ms)

    def note_scores(
        self,
        anomalous: Mapping[str, Score],
        firing: AbstractSet[str],
        scores: Mapping[str, Score],
        *,
        is_new: bool,
    ) -> None:
        """Update peaks, label and suppression.

        Parameters
        ----------
        anomalous, firing, scores
            The scores of a bucket that are anomalous, the names of those that are not suppressed, and all.
        is_new
            Whether the incident begins with this bucket.
        """
        for name, score in anomalous.items():
            peak = self.peaks.get(name)
            if peak is None or (score.suppressed is None, score.value) > (peak.suppressed is None, peak.value):
                self.peaks[name] = score
        self.fired |= firing
        for score in scores.values():
            if score.label == "outage" and not is_new and self.suppressed != "outage":
                continue  # sources that fail later don't explain what began while they delivered
            if score.label and LABELS.index(score.label) >= LABELS.index(self.label):
                self.label, self.note = score.label, score.reason
        if self.label in HARMLESS:
            self.suppressed, self.occasion = self.label, ""
        elif self.fired:
            self.suppressed, self.occasion = None, ""
        elif anomalous and (not self.suppressed or self.suppressed in HARMLESS):
            foremost = max(anomalous.values(), key=lambda score: score.value)
            self.suppressed, self.occasion = foremost.suppressed, foremost.occasion

    def add(self, start_ms: int, tally: Tally) -> None:
        """Add a closed bucket."""
        if start_ms < self.hot_ms:
            if self.quiet.count:
                self.tally.merge(self.quiet)
                self.quiet = Tally()
            self.tally.merge(tally)
        else:
            self.quiet.merge(tally)
        if not self.is_past:
            self._count_hour(start_ms, tally.count)

    def add_late(self, start_ms: int, late: Tally) -> None:
        """Add mentions that arrived after their bucket had closed."""
        (self.tally if start_ms < self.hot_ms else self.quiet).merge(late)
        if self.is_past:
            self._count_hour(start_ms, late.count)

    def _count_hour(self, start_ms: int, count: int) -> None:
        hour_ms = start_ms - start_ms % HOUR_MS
        if hour_ms != self.hour_ms:
            self.hour_ms, self.hour_mentions = hour_ms, 0
        self.hour_mentions += count
        self.busiest = max(self.busiest, self.hour_mentions)

    def end(self, at_ms: int) -> None:
        """End it at some event time, without the buckets since its last one that was not quiet."""
        self.closed_ms, self.quiet = at_ms, Tally()

    def archive(self) -> None:
        """Keep only the identity and the number of mentions."""
        self.earlier, self.tally, self.peaks = self.earlier + self.tally.count, Tally(), {}

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON, in the order of `_STATE_FIELDS`."""
        state = {name: getattr(self, name) for name in _STATE_FIELDS}
        state["fired"] = sorted(self.fired)
        state["note"] = self.note and self.note.dump()
        state["peaks"] = [[name, *_dumped(score)] for name, score in self.peaks.items()]
        state["excesses"] = list(self.excesses.items())
        state["tally"] = self.tally.dump()
        state["quiet"] = self.quiet.dump() if self.quiet.count else None
        state["reported"] = self.reported and self.reported.dump()
        return list(state.values())

    @classmethod
    def load(cls, values: list[Any]) -> Incident:
        """Restore an incident that `dump` returned."""
        state = dict(zip(_STATE_FIELDS, values, strict=True))
        state["fired"] = set(state["fired"])
        state["note"] = state["note"] and Reason.load(state["note"])
        state["peaks"] = {name: _loaded(parts) for name, *parts in state["peaks"]}
        state["excesses"] = dict(state["excesses"])
        state["tally"] = Tally.load(state["tally"])
        state["quiet"] = Tally.load(state["quiet"]) if state["quiet"] else Tally()
        state["reported"] = state["reported"] and ReportedStep.load(state["reported"])
        return cls(**state)


def _dumped(score: Score) -> list[Any]:
    return [part.dump() if isinstance(part, Reason) else part for part in score]


def _loaded(parts: list[Any]) -> Score:
    score: list[Any] = [Reason.load(part) if isinstance(part, list) else part for part in parts]
    return Score(*score)


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of an incident, with its mentions up to then.

    Parameters
    ----------
    kind, step
        The step in the coarse terms of the first consumers, and in finer ones.
    incident
        The incident after the step.
    mentions
        Counts from `Incident.start_ms` to `until_ms`.
    at_ms, until_ms
        Event time of the step, and the end of the mentions: the same, or `Incident.hot_ms` if it is over or past, since
        the quiet time after which an incident is resolved is no part of it.
    bucket_ms
        Start of the bucket that led to it.
    late
        Mentions that arrived after the previous alert and after their bucket had closed.
    previous
        The step before, None for the first; for a reopened incident, its last step before the reopening.
    """

    kind: AlertKind
    step: AlertStep
    incident: Incident
    mentions: Tally
    at_ms: int
    until_ms: int
    bucket_ms: int
    late: int = 0
    previous: ReportedStep | None = None


def fingerprint(brand: str, config_version: str, start_ms: int) -> str:
    """Return the identity of the incident that opens in a bucket."""
    return hashlib.blake2b(f"{brand}|{config_version}|{start_ms}".encode(), digest_size=8).hexdigest()


def alert_id(brand: str, config_version: str, change: Change) -> str:
    """Return the deterministic identity of a step: brand, detectors, config version, bucket, kind, and its changes."""
    incident = change.incident
    parts: list[object] = [
        brand, ",".join(sorted(incident.fired or incident.peaks)), config_version, incident.fingerprint,
        change.bucket_ms, change.kind, incident.severity, incident.suppressed, incident.label,
    ]  # fmt: skip
    if change.step in _COUNTING_STEPS:
        parts += [change.step, change.mentions.count]
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()
