"""Detections of one brand become one incident: open, update, resolve, and open again."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, Protocol

from detectors.shares import NEGATIVE
from streams.core.incidents.incident import Change, Incident, IncidentState, fingerprint
from streams.core.rollup.tally import Tally
from streams.records import SEVERITIES, SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from detectors.base import Aspect, Label, Score, Severity
    from streams.config import IncidentSettings
    from streams.records import AlertKind, AlertStep

SHRINKAGE: Final = 10
"""Mentions at the brand's usual share that are added before a negative share is judged: two negative of three say
little."""

FEW: Final = 20
"""Mentions below which growth is not worth telling."""

LABELS: Final[tuple[Label | None, ...]] = (None, "praise", "surge", "spam", "outage", "crisis")
"""Ascending: an incident keeps the highest that it had, so that people are not told to and fro."""

HARMLESS: Final = frozenset({"spam", "surge", "outage"})
"""Labels of what pages nobody."""


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
        self._past: Incident | None = None
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
            opening = [score for name, score in anomalous.items() if self._may_open(name, score, tally)]
            if not opening:
                return None
            incident = self.current = self._opened(start_ms, end_ms, opening)
        before = incident.standing
        self._absorb(incident, anomalous, firing, scores)
        hot = [self._is_hot(incident, name, score, tally) for name, score in scores.items()]
        if any(hot):
            incident.hot_ms = max(incident.hot_ms, end_ms)
        tallies = [incident.tally, *unclosed(incident.start_ms)]
        severity = self._severity(incident, anomalous, tallies, self._usual_share(scores))
        incident.severity = max(incident.severity, severity, key=SEVERITIES.index)
        step = self._step(incident, before, sum(tally.count for tally in tallies))
        return self._told(step, incident, Tally.joined(*tallies), at_ms, start_ms) if step else None

    def close(self, at_ms: int, start_ms: int, end_ms: int, tally: Tally) -> Change | None:
        """Take note that a bucket is complete, after its last `check`."""
        incident = self.current
        if incident is None:
            if self._past is not None and not self._within_cool_down(self._past, end_ms):
                self._past.set_down()
            return None
        if incident.covers(start_ms):
            incident.add(start_ms, tally)
        if end_ms - incident.hot_ms < self._settings.resolve_after_seconds * 1000:
            return None
        return self._ended(incident, at_ms, start_ms)

    def correct(self, at_ms: int, start_ms: int, late: Tally, unclosed: Callable[[int], list[Tally]]) -> Change | None:
        """Take what came after its bucket had closed: it changes what is told of an incident, and opens none.

        Parameters
        ----------
        at_ms, start_ms
            As in `check`.
        late
            What came late.
        unclosed
            As in `check`.
        """
        incident = self.current or self._past
        if incident is None or not incident.tally.count or not incident.covers(start_ms):
            return None
        incident.tally.merge(late)
        incident.late += late.count
        if incident.suppressed is not None or incident.late < self._settings.correct_share * incident.told:
            return None
        tallies = [incident.tally, *(unclosed(incident.start_ms) if incident is self.current else ())]
        return self._told("correct", incident, Tally.joined(*tallies), at_ms, start_ms)

    def _ended(self, incident: Incident, at_ms: int, start_ms: int) -> Change:
        incident.closed_ms = at_ms
        self.current, self._past, self._past_excesses = None, incident, incident.excesses
        return self._told("resolve", incident, Tally.joined(incident.tally), at_ms, start_ms)

    def _opened(self, start_ms: int, end_ms: int, opening: list[Score]) -> Incident:
        """A new incident, or the last one again if it is not long over, or if all detectors say that they have just
        told of this."""
        past = self._past
        told = all(score.suppressed == "refractory" for score in opening)
        if past is not None and (told or self._within_cool_down(past, start_ms)):
            self._past = None
            return past.opened_again(start_ms, end_ms)
        return Incident(fingerprint(self._brand, self._config_version, start_ms), start_ms, end_ms)

    def _within_cool_down(self, past: Incident, at_ms: int) -> bool:
        return at_ms - past.hot_ms < self._settings.cool_down_seconds * 1000

    def _step(self, incident: Incident, before: IncidentState, count: int) -> AlertStep | None:
        """What a judgement comes to, None if it is not worth telling; `count` is the mentions so far."""
        if before.suppressed == "":
            return "reopen" if incident.reopened else "open"
        if before != incident.standing:
            risen = SEVERITIES.index(incident.severity) > SEVERITIES.index(before.severity)
            pages = incident.suppressed is None and before.suppressed is not None
            return "escalate" if risen or pages else "update"
        grown = count >= self._settings.update_factor * max(incident.told, FEW)
        return "grow" if grown and incident.suppressed is None else None

    @staticmethod
    def _told(step: AlertStep, incident: Incident, said: Tally, at_ms: int, start_ms: int) -> Change:
        late, incident.late, incident.told = incident.late, 0, said.count
        over = incident.closed_ms >= 0
        kind: AlertKind = "resolve" if over else "open" if step == "open" else "update"
        return Change(kind, step, incident, said, at_ms, incident.closed_ms if over else at_ms, start_ms, late)

    def dismiss(self, at_ms: int, start_ms: int, unclosed: Callable[[int], list[Tally]]) -> Change | None:
        """End the open incident whatever the scores are; parameters as for `check`."""
        incident = self.current
        if incident is None:
            return None
        incident.tally = Tally.joined(incident.tally, *unclosed(incident.start_ms))
        return self._ended(incident, at_ms, start_ms)

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

    def tallies(self) -> list[Tally]:
        """What was said in the incident that is open, and in the last one that is over."""
        return [incident.tally for incident in (self.current, self._past) if incident is not None]

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        incidents = [incident.dump() if incident else None for incident in (self.current, self._past)]
        return [*incidents, list(self._past_excesses.items())]

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        current, past, excesses = values
        self.current = Incident.load(current) if current else None
        self._past = Incident.load(past) if past else None
        self._past_excesses = dict(excesses)


class MakeIncidents(Protocol):
    """`Incidents`, or what stands in for them where several configs are tried at once."""

    def __call__(
        self, settings: IncidentSettings, brand: str, config_version: str, aspects: Mapping[str, Aspect]
    ) -> Incidents:
        """As `Incidents`."""
