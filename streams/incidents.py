"""Detections of one brand become one incident: open, update, resolve."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.base import Score
from detectors.shares import NEGATIVE
from streams.records import SEVERITIES, SHARE, AlertKind
from streams.tallies import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from detectors.base import Aspect, Label, Severity
    from streams.config import IncidentSettings

SHRINKAGE: Final = 10
"""Mentions at the brand's usual share that are added before a negative share is judged: two negative of three say
little."""

LABELS: Final[tuple[Label | None, ...]] = (None, "praise", "surge", "spam", "outage", "crisis")
"""Ascending: an incident keeps the highest that it had, so that people are not told to and fro."""

HARMLESS: Final = frozenset({"spam", "surge", "outage"})
"""Labels of what pages nobody."""


class Standing(NamedTuple):
    """What people are told of an incident whenever one of these changes."""

    severity: Severity
    suppressed: str | None
    label: Label | None
    fired: frozenset[str]


@dataclass(slots=True)
class Incident:
    """An incident that is open.

    Attributes
    ----------
    fingerprint
        Names it.
    start_ms
        Start of its first anomalous bucket.
    hot_ms
        End of its latest bucket that was not quiet.
    severity
        The highest it has had.
    suppressed
        Why it pages nobody, or None.
    label, note
        The highest label so far (`LABELS`), and the latest sentence that says so; None and empty without.
    fired
        Detectors that fired without being suppressed.
    peaks
        The highest score of each detector that was anomalous.
    excesses
        By detector, the most mentions (for tone: the most negative mentions) beyond the expected that one bucket had.
    tally
        Everything said since `start_ms`, without the bucket that is still open.
    """

    fingerprint: str
    start_ms: int
    hot_ms: int
    severity: Severity
    suppressed: str | None
    label: Label | None = None
    note: str = ""
    fired: set[str] = field(default_factory=set)
    peaks: dict[str, Score] = field(default_factory=dict)
    excesses: dict[str, float] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    @property
    def standing(self) -> Standing:
        """As of now."""
        return Standing(self.severity, self.suppressed, self.label, frozenset(self.fired))

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        peaks = [[name, *(getattr(score, part) for part in Score.__slots__)] for name, score in self.peaks.items()]
        return [
            self.fingerprint, self.start_ms, self.hot_ms, self.severity, self.suppressed, self.label, self.note,
            sorted(self.fired), peaks, list(self.excesses.items()), self.tally.dump(),
        ]  # fmt: skip

    @classmethod
    def load(cls, values: list[Any]) -> Incident:
        """Inverse of `dump`."""
        fingerprint, start_ms, hot_ms, severity, suppressed, label, note, fired, peaks, excesses, tally = values
        return cls(
            fingerprint,
            start_ms,
            hot_ms,
            severity,
            suppressed,
            label,
            note,
            set(fired),
            {name: Score(*parts) for name, *parts in peaks},
            dict(excesses),
            Tally.load(tally),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the life of an incident, and what has been said in it up to then."""

    kind: AlertKind
    incident: Incident
    said: Tally
    at_ms: int
    bucket_ms: int


class Incidents:
    """The incidents of one brand, at most one at a time.

    Parameters
    ----------
    brand
        Brand id.
    config_version
        Enters the fingerprint, as another config may judge the same posts otherwise.
    aspects
        What each detector's scores say.
    """

    def __init__(
        self, settings: IncidentSettings, brand: str, config_version: str, aspects: Mapping[str, Aspect]
    ) -> None:
        self._settings = settings
        self._brand = brand
        self._config_version = config_version
        self._aspects = aspects
        self._past_excesses: dict[str, float] = {}
        self.current: Incident | None = None

    def check(
        self,
        at_ms: int,
        start_ms: int,
        end_ms: int,
        tally: Tally,
        scores: Mapping[str, Score],
        unclosed: Callable[[int], list[Tally]],
    ) -> Change | None:
        """Take the scores of a bucket at some moment.

        Parameters
        ----------
        at_ms
            Event time of the moment.
        start_ms, end_ms
            The bucket.
        tally
            What the bucket holds so far.
        scores
            By detector name.
        unclosed
            Gives what the buckets since some moment hold so far that are not closed, this one included.
        """
        anomalous = {name: score for name, score in scores.items() if score.value >= 1}
        firing = {name for name, score in anomalous.items() if score.suppressed is None}
        incident = self.current
        if incident is None:
            if not any(self._may_open(name, score, tally) for name, score in anomalous.items()):
                return None
            incident = self.current = Incident(self._fingerprint(start_ms), start_ms, end_ms, "watch", "")
        before = incident.standing
        self._absorb(incident, anomalous, firing, scores)
        hot = [self._is_hot(incident, name, score, tally) for name, score in scores.items()]
        if any(hot):
            incident.hot_ms = max(incident.hot_ms, end_ms)
        tallies = [incident.tally, *unclosed(incident.start_ms)]
        severity = self._severity(incident, anomalous, tallies, self._usual_share(scores))
        incident.severity = max(incident.severity, severity, key=SEVERITIES.index)
        if before == incident.standing:
            return None
        return Change(
            "open" if before.suppressed == "" else "update", incident, Tally.joined(*tallies), at_ms, start_ms
        )

    def close(self, at_ms: int, start_ms: int, end_ms: int, tally: Tally) -> Change | None:
        """Take note that a bucket is complete, after its last `check`."""
        incident = self.current
        if incident is None:
            return None
        if start_ms >= incident.start_ms:
            incident.tally.merge(tally)
        if end_ms - incident.hot_ms < self._settings.resolve_after_seconds * 1000:
            return None
        self.current, self._past_excesses = None, incident.excesses
        return Change("resolve", incident, incident.tally, at_ms, start_ms)

    def dismiss(self, at_ms: int, start_ms: int, unclosed: Callable[[int], list[Tally]]) -> Change | None:
        """End the open incident whatever the scores are; parameters as for `check`."""
        incident, self.current = self.current, None
        if incident is None:
            return None
        return Change("resolve", incident, Tally.joined(incident.tally, *unclosed(incident.start_ms)), at_ms, start_ms)

    def _absorb(
        self, incident: Incident, anomalous: Mapping[str, Score], firing: set[str], scores: Mapping[str, Score]
    ) -> None:
        for name, score in anomalous.items():
            peak = incident.peaks.get(name)
            if peak is None or (score.suppressed is None, score.value) > (peak.suppressed is None, peak.value):
                incident.peaks[name] = score
        incident.fired |= firing
        for score in scores.values():
            # sources that fail later don't explain what began while they delivered
            told = score.label if score.label != "outage" or incident.suppressed in {"", "outage"} else None
            if told and LABELS.index(told) >= LABELS.index(incident.label):
                incident.label, incident.note = told, score.reason
        if incident.label in HARMLESS:
            incident.suppressed = incident.label
        elif incident.fired:
            incident.suppressed = None
        elif anomalous and (not incident.suppressed or incident.suppressed in HARMLESS):
            incident.suppressed = max(anomalous.values(), key=lambda score: score.value).suppressed

    def _may_open(self, name: str, score: Score, bucket: Tally) -> bool:
        """Within the refractory period of the last incident, its afterglow in the score does not open another."""
        if score.suppressed != "refractory":
            return True
        return self._excess(name, score, bucket) > self._settings.subsided_share * self._past_excesses.get(name, 0.0)

    def _is_hot(self, incident: Incident, name: str, score: Score, bucket: Tally) -> bool:
        """Whether it goes on: scores remember for hours, so the bucket itself must be out of the usual too."""
        excess = self._excess(name, score, bucket)
        peak = incident.excesses[name] = max(incident.excesses.get(name, 0.0), excess)
        return score.value >= self._settings.quiet_below and excess > self._settings.subsided_share * peak

    def _excess(self, name: str, score: Score, bucket: Tally) -> float:
        if self._aspects[name] == "tone":
            return bucket.negative / SHARE - score.expected * bucket.count
        return abs(score.observed - score.expected)

    def _usual_share(self, scores: Mapping[str, Score]) -> float:
        """The brand's own negative share as its tone detectors know it."""
        known = [score.expected for name, score in scores.items() if self._aspects[name] == "tone"]
        return fmean(known) if known else NEGATIVE

    def _severity(
        self, incident: Incident, anomalous: Mapping[str, Score], tallies: list[Tally], usual_share: float
    ) -> Severity:
        judged = incident.fired or incident.peaks.keys()
        told = [score.severity for name, score in anomalous.items() if score.severity and name in judged]
        if incident.label not in {None, "crisis"}:
            return max([*told, "watch"], key=SEVERITIES.index)
        aspects = {self._aspects[name] for name in judged if name in self._aspects}
        count = sum(tally.count for tally in tallies) + SHRINKAGE
        negative_count = sum(tally.negative for tally in tallies) / SHARE + SHRINKAGE * usual_share
        negative = negative_count >= self._settings.negative_share * count
        if negative and aspects >= {"attention", "tone"}:
            return "critical"
        upset = "tone" in aspects or ("attention" in aspects and negative)
        return max([*told, "warning" if upset else "watch"], key=SEVERITIES.index)

    def _fingerprint(self, start_ms: int) -> str:
        return hashlib.blake2b(f"{self._brand}|{self._config_version}|{start_ms}".encode(), digest_size=8).hexdigest()

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        return [self.current.dump() if self.current else None, list(self._past_excesses.items())]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        current, past = values
        self.current = Incident.load(current) if current else None
        self._past_excesses = dict(past)


def alert_id(brand: str, config_version: str, change: Change) -> str:
    """Deterministic identity of a step: brand, detectors, config version, bucket, kind, and what the step changed."""
    incident = change.incident
    parts = (
        brand, ",".join(sorted(incident.fired or incident.peaks)), config_version, incident.fingerprint,
        change.bucket_ms, change.kind, incident.severity, incident.suppressed, incident.label,
    )  # fmt: skip
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()
