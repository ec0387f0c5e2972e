"""What is known of one incident, and a step in its life."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.base import Score
from detectors.units import HOUR_MS
from streams.core.rollup.tally import Tally

if TYPE_CHECKING:
    from detectors.base import Label, Severity
    from streams.records import AlertKind, AlertStep

_COUNTED_STEPS: Final = frozenset({"grow", "correct"})
"""Steps that change nothing but counts."""

STEP_WORDS: Final[dict[AlertStep, str]] = {
    "open": "opened", "update": "updated", "resolve": "resolved", "escalate": "escalated", "grow": "grown",
    "correct": "corrected", "reopen": "reopened",
}  # fmt: skip
"""The participle that names each step to a reader."""


class IncidentState(NamedTuple):
    """What people are told of an incident whenever one of these changes."""

    severity: Severity
    suppressed: str | None
    label: Label | None
    fired: frozenset[str]


@dataclass(slots=True)
class Incident:
    """An incident, since it opened or was last opened again.

    Attributes
    ----------
    fingerprint
        Names it.
    start_ms
        Start of the first anomalous bucket since then.
    hot_ms
        End of its latest bucket that was not quiet.
    severity
        The highest it has had since then.
    suppressed
        Why it pages nobody, or None; empty before the first judgement.
    label, note
        The highest label so far (of `lifecycle.LABELS`), and the latest sentence that says so; None and empty
        without.
    first_ms
        Start of its very first anomalous bucket.
    reopened
        How many times it was opened again.
    earlier
        Mentions before it was last opened again.
    fired
        Detectors that fired without being suppressed.
    peaks
        The highest score of each detector that was anomalous.
    excesses
        By detector, the most mentions (for tone: the most negative mentions) beyond the expected that one bucket had.
    tally
        Everything said since `start_ms`, without the bucket that is still open.
    busiest
        Most mentions that one hour by the clock had, of those that have closed in part or whole.
    hour_ms, hour_mentions
        The newest of these hours.
    told
        Mentions when people were last told of it.
    late
        Mentions since then that came after their bucket had closed.
    closed_ms
        Event time at which it was found to be over; -1 while it is open.
    """

    fingerprint: str
    start_ms: int
    hot_ms: int
    severity: Severity = "watch"
    suppressed: str | None = ""
    label: Label | None = None
    note: str = ""
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
    told: int = 0
    late: int = 0
    closed_ms: int = -1

    def __post_init__(self) -> None:
        if self.first_ms < 0:
            self.first_ms = self.start_ms

    @property
    def standing(self) -> IncidentState:
        """As of now."""
        return IncidentState(self.severity, self.suppressed, self.label, frozenset(self.fired))

    def opened_again(self, start_ms: int, end_ms: int) -> Incident:
        """The same incident from another anomalous bucket on, judged afresh."""
        return Incident(
            self.fingerprint,
            start_ms,
            end_ms,
            first_ms=self.first_ms,
            reopened=self.reopened + 1,
            earlier=self.earlier + self.tally.count,
        )

    def covers(self, start_ms: int) -> bool:
        """Whether what is said in a bucket that has closed belongs to it."""
        return start_ms >= self.start_ms and (self.closed_ms < 0 or start_ms < self.closed_ms)

    def add(self, start_ms: int, tally: Tally) -> None:
        """Take a bucket that has closed."""
        self.tally.merge(tally)
        hour_ms = start_ms - start_ms % HOUR_MS
        if hour_ms != self.hour_ms:
            self.hour_ms, self.hour_mentions = hour_ms, 0
        self.hour_mentions += tally.count
        self.busiest = max(self.busiest, self.hour_mentions)

    def set_down(self) -> None:
        """Keep no more than who it is and how much was said."""
        self.earlier, self.tally, self.peaks = self.earlier + self.tally.count, Tally(), {}

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        peaks = [[name, *score] for name, score in self.peaks.items()]
        return [
            self.fingerprint, self.start_ms, self.hot_ms, self.severity, self.suppressed, self.label, self.note,
            self.first_ms, self.reopened, self.earlier, sorted(self.fired), peaks, list(self.excesses.items()),
            self.tally.dump(), self.busiest, self.hour_ms, self.hour_mentions, self.told, self.late, self.closed_ms,
        ]  # fmt: skip

    @classmethod
    def load(cls, values: list[Any]) -> Incident:
        """Inverse of `dump`."""
        fired, peaks, excesses, tally = values[10:14]
        incident = cls(*values[:10])
        incident.fired = set(fired)
        incident.peaks = {name: Score(*parts) for name, *parts in peaks}
        incident.excesses = dict(excesses)
        incident.tally = Tally.load(tally)
        incident.busiest, incident.hour_ms, incident.hour_mentions = values[14:17]
        incident.told, incident.late, incident.closed_ms = values[17:]
        return incident


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of an incident, and what has been said in it up to then.

    Parameters
    ----------
    kind, step
        What happened, as the first consumers know it, and more exactly.
    incident
        As it stands now.
    said
        Since it was last opened.
    at_ms, until_ms
        Event time of the step, and up to which `said` goes.
    bucket_ms
        Start of the bucket that led to it.
    late
        Mentions in `said` that came after people were last told and after their bucket had closed.
    """

    kind: AlertKind
    step: AlertStep
    incident: Incident
    said: Tally
    at_ms: int
    until_ms: int
    bucket_ms: int
    late: int = 0


def fingerprint(brand: str, config_version: str, start_ms: int) -> str:
    """Name of the incident that opens in a bucket."""
    return hashlib.blake2b(f"{brand}|{config_version}|{start_ms}".encode(), digest_size=8).hexdigest()


def alert_id(brand: str, config_version: str, change: Change) -> str:
    """Deterministic identity of a step: brand, detectors, config version, bucket, kind, and what the step changed."""
    incident = change.incident
    parts: list[object] = [
        brand, ",".join(sorted(incident.fired or incident.peaks)), config_version, incident.fingerprint,
        change.bucket_ms, change.kind, incident.severity, incident.suppressed, incident.label,
    ]  # fmt: skip
    if change.step in _COUNTED_STEPS:
        parts += [change.step, change.said.count]
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()
