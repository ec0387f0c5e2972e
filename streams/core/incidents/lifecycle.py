"""The life of a brand's incidents: detections open one, update it, resolve it, and reopen it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from detectors.units import HOUR_MS
from streams.core.incidents.incident import Change, Incident, IncidentState, ReportedStep, fingerprint
from streams.core.incidents.severity import SeverityRule
from streams.core.rollup.author_counts import AuthorCounts
from streams.core.rollup.tally import Tally
from streams.records import SEVERITIES, SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from detectors.base import Aspect, Score
    from streams.config import IncidentSettings
    from streams.core.rollup.windows import BucketStep, Windows
    from streams.records import AlertKind, AlertStep

FEW: Final = 20
"""Mentions below which growth is not worth an alert."""

PATIENCE_MS: Final = 2 * HOUR_MS
"""Longest quiet time after which an incident that emerges is given up, if `incidents.resolve_after_seconds` is longer:
what has not gathered a minimum of evidence by then is a stray mention, and a later storm must not begin with it."""


def people_of(tallies: Iterable[Tally]) -> int:
    """Return the number of people by which an incident opens: each mention by an unknown author counts as one."""
    authors = AuthorCounts()
    for tally in tallies:
        authors.merge(tally.authors)
    return authors.distinct + authors.unknown


class Incidents:
    """The incidents of one brand, at most one at a time.

    An incident emerges with the first anomalous bucket and opens with a minimum of evidence: enough mentions, by enough
    people (`incidents.min_mentions`, `incidents.min_authors`). A single mention of a brand of months of silence is as
    rare as can be, and means nothing. A fall is evident without mentions.

    Parameters
    ----------
    brand
        Brand id.
    config_version
        Part of the fingerprint, as another config may evaluate the same posts differently.
    aspects
        Aspect of each detector by name.

    Attributes
    ----------
    current
        The open incident.
    emerging
        The incident that has not enough evidence yet to open; None if one is open.
    """

    def __init__(
        self, settings: IncidentSettings, brand: str, config_version: str, aspects: Mapping[str, Aspect]
    ) -> None:
        self._settings = settings
        self._brand = brand
        self._config_version = config_version
        self._aspects = aspects
        self._severity = SeverityRule(settings.negative_share, aspects)
        self._past: Incident | None = None
        self._past_excesses: dict[str, float] = {}
        self._unreported: frozenset[str] = frozenset()  # detectors that fired for incidents that were given up
        self.current: Incident | None = None
        self.emerging: Incident | None = None

    @property
    def begun(self) -> Incident | None:
        """The incident that is open or emerges."""
        return self.current or self.emerging

    def changes(
        self,
        step: BucketStep,
        end_ms: int,
        scores: Mapping[str, Score],
        windows: Windows,
        absent: AbstractSet[str] = frozenset(),
    ) -> Iterator[Change]:
        """Yield what a step of a bucket changes; use each change before asking for the next, which changes more.

        Parameters
        ----------
        step
            The step.
        end_ms
            End of the bucket.
        scores
            Scores by detector name.
        windows
            The buckets of the brand.
        absent
            Sources that did not deliver, if the bucket closes.
        """
        if step.late is not None:
            found = self.check_late(step, end_ms, scores, windows)
        else:
            found = self.check(step.at_ms, step.start_ms, end_ms, step.tally, scores, windows.unclosed)
        if found is not None:
            yield found
        if step.closes:
            found = self.close(step.at_ms, step.start_ms, end_ms, step.tally, absent)
            if found is not None:
                yield found

    def check(
        self,
        at_ms: int,
        start_ms: int,
        end_ms: int,
        tally: Tally,
        scores: Mapping[str, Score],
        unclosed: Callable[[int], list[Tally]],
    ) -> Change | None:
        """Evaluate the scores of a bucket at some moment.

        Parameters
        ----------
        at_ms
            Event time of the moment.
        start_ms, end_ms
            The bucket.
        tally
            Counts of the bucket so far.
        scores
            Scores by detector name.
        unclosed
            Returns the counts of the unclosed buckets since some moment, this one included.
        """
        anomalous = {name: self._if_reported(name, score) for name, score in scores.items() if score.value >= 1}
        firing = {name for name, score in anomalous.items() if score.suppressed is None}
        incident = self.begun
        is_new = incident is None
        before = None if self.current is None else self.current.state
        if incident is None:
            opening = [score for name, score in anomalous.items() if self._may_open(name, score, tally, at_ms)]
            if not opening:
                return None
            incident = self.emerging = self._opened(start_ms, end_ms, opening)
        incident.note_scores(anomalous, firing, scores, is_new=is_new)
        hot = [self._is_hot(incident, name, score, tally) for name, score in scores.items()]
        if any(hot):
            incident.hot_ms = max(incident.hot_ms, end_ms)
        tallies = [incident.tally, incident.quiet, *unclosed(incident.start_ms)]
        severity = self._severity.of(incident, anomalous, tallies, scores)
        incident.severity = max(incident.severity, severity, key=SEVERITIES.index)
        if incident is self.emerging:
            if start_ms >= incident.hot_ms or not self._is_evident(anomalous, tallies):
                return None
            self._open(incident)
        goes_on = start_ms <= incident.hot_ms
        step = self._step(incident, before, sum(tally.count for tally in tallies), goes_on=goes_on)
        return self._change(step, incident, Tally.joined(*tallies), at_ms, start_ms) if step else None

    def close(
        self, at_ms: int, start_ms: int, end_ms: int, tally: Tally, absent: AbstractSet[str] = frozenset()
    ) -> Change | None:
        """Add a complete bucket, after its last `check`; a quiet one ends no incident of sources that are absent."""
        if self.current is None and self._past is not None and not self._within_cool_down(self._past, end_ms):
            self._past.archive()
        incident = self.begun
        if incident is None:
            return None
        if incident.covers(start_ms):
            incident.add(start_ms, tally)
        if incident.comes_from(absent) and self._within_cool_down(incident, end_ms):
            incident.heard_ms = max(incident.heard_ms, end_ms)
        quiet_ms = end_ms - max(incident.hot_ms, incident.heard_ms)
        resolve_ms = self._settings.resolve_after_seconds * 1000
        if incident is self.emerging:
            if quiet_ms >= min(PATIENCE_MS, resolve_ms):
                self._unreported |= incident.fired
                self.emerging = None
            return None
        return self._ended(incident, at_ms, start_ms) if quiet_ms >= resolve_ms else None

    def check_late(self, step: BucketStep, end_ms: int, scores: Mapping[str, Score], windows: Windows) -> Change | None:
        """Evaluate the late mentions of a bucket: they open or change an incident if they are anomalous by themselves,
        and correct one otherwise.

        Parameters
        ----------
        step, end_ms, windows
            As in `changes`.
        scores
            Scores of all late mentions of the bucket, as if there were no others.
        """
        start_ms, begun, late = step.start_ms, self.begun, step.late or step.tally
        is_reported = begun is None and self._past is not None and self._past.reports(start_ms)
        is_far = begun is not None and not self._within_cool_down(begun, start_ms)
        if is_reported or is_far or not any(self._exceeds(begun, name, score, late) for name, score in scores.items()):
            return self.correct(step.at_ms, start_ms, step.tally, windows.unclosed)
        if begun is not None and begun.covers(start_ms):
            added = [(start_ms, step.tally)]
        else:
            before_ms = step.at_ms if begun is None else begun.begin_at(start_ms)
            added = [(each, tally) for each, tally in windows.late_since(start_ms) if each < before_ms]

        def tallies(since_ms: int) -> list[Tally]:
            unclosed = [] if begun is None or begun.is_past else windows.unclosed(since_ms)
            return [*unclosed, *(tally for _, tally in added)]

        found = self.check(step.at_ms, start_ms, end_ms, late, scores, tallies)
        incident = self.begun
        if incident is None:
            return None
        if end_ms == incident.hot_ms:
            incident.heard_ms = step.at_ms
        count = 0
        for each, tally in added:
            incident.add_late(each, tally)
            count += tally.count
        if found is None:
            incident.late += count
            return None
        return replace(found, late=found.late + count, until_ms=incident.hot_ms if incident.is_past else found.until_ms)

    def correct(self, at_ms: int, start_ms: int, late: Tally, unclosed: Callable[[int], list[Tally]]) -> Change | None:
        """Add mentions that arrived after their bucket had closed, and are not anomalous: they correct an incident.

        Parameters
        ----------
        at_ms, start_ms
            As in `check`.
        late
            Counts of the late mentions.
        unclosed
            As in `check`.
        """
        if self.emerging is not None and self.emerging.covers(start_ms):
            self.emerging.add_late(start_ms, late)
            return None
        incident = self.current or self._past
        if incident is None or not incident.tally.count or not incident.covers(start_ms):
            return None
        incident.add_late(start_ms, late)
        incident.late += late.count
        reported = incident.reported.mentions if incident.reported else 0
        if incident.suppressed is not None or incident.late < self._settings.correct_share * reported:
            return None
        tallies = [incident.tally, incident.quiet, *(unclosed(incident.start_ms) if incident is self.current else ())]
        return self._change("correct", incident, Tally.joined(*tallies), at_ms, start_ms)

    def _ended(self, incident: Incident, at_ms: int, start_ms: int) -> Change:
        incident.end(at_ms)
        self.current, self._past, self._past_excesses = None, incident, incident.excesses
        return self._change("resolve", incident, Tally.joined(incident.tally), at_ms, start_ms)

    def _opened(self, start_ms: int, end_ms: int, opening: list[Score]) -> Incident:
        """Return a new incident, or the last one reopened if it is within its cool-down, or if all detectors are in
        their refractory periods."""
        past = self._past
        refractory = all(score.suppressed == "refractory" for score in opening)
        if past is not None and (refractory or self._within_cool_down(past, start_ms)):
            return past.reopen(start_ms, end_ms)
        return Incident(fingerprint(self._brand, self._config_version, start_ms), start_ms, end_ms)

    def _open(self, incident: Incident) -> None:
        self.current, self.emerging, self._unreported = incident, None, frozenset()
        if incident.reopened:
            self._past = None

    def _is_evident(self, anomalous: Mapping[str, Score], tallies: list[Tally]) -> bool:
        """Return whether there is enough evidence to open an incident at this moment."""
        if any(score.direction == "down" for score in anomalous.values()):
            return True
        if sum(tally.count for tally in tallies) < self._settings.min_mentions:
            return False
        return people_of(tallies) >= self._settings.min_authors

    def _if_reported(self, name: str, score: Score) -> Score:
        """Return a score without its refractory period if its detector fired for incidents that were given up: it has
        not been reported."""
        unreported = score.suppressed == "refractory" and name in self._unreported
        return score._replace(suppressed=None) if unreported else score

    def _within_cool_down(self, incident: Incident, at_ms: int) -> bool:
        """Return whether a moment, which may be of late mentions, is no further away from an incident."""
        return max(at_ms - incident.hot_ms, incident.start_ms - at_ms) < self._settings.cool_down_seconds * 1000

    def _step(self, incident: Incident, before: IncidentState | None, count: int, *, goes_on: bool) -> AlertStep | None:
        """Return the step that an evaluation leads to, None if it is not worth an alert.

        Parameters
        ----------
        before
            State before the evaluation; None if it has opened or reopened the incident.
        count
            Mentions so far.
        goes_on
            Whether this bucket or the one before is not quiet: mentions of a quiet time are no growth.
        """
        if before is None:
            return "reopen" if incident.reopened else "open"
        if before != incident.state:
            risen = SEVERITIES.index(incident.severity) > SEVERITIES.index(before.severity)
            pages = incident.suppressed is None and before.suppressed is not None
            return "escalate" if risen or pages else "update"
        reported = incident.reported.mentions if incident.reported else 0
        grown = count >= self._settings.update_factor * max(reported, FEW)
        return "grow" if grown and goes_on and incident.suppressed is None else None

    @staticmethod
    def _change(step: AlertStep, incident: Incident, mentions: Tally, at_ms: int, start_ms: int) -> Change:
        late, previous = incident.late, incident.reported
        incident.late = 0
        incident.reported = ReportedStep(step, incident.state, mentions.count, mentions.negative, at_ms)
        over = incident.closed_ms >= 0
        until_ms = incident.hot_ms if over or incident.is_past else at_ms
        kind: AlertKind = "resolve" if over else "open" if step == "open" else "update"
        known = previous if previous and previous.step else None
        return Change(kind, step, incident, mentions, at_ms, until_ms, start_ms, late, known)

    def dismiss(self, at_ms: int, start_ms: int, unclosed: Callable[[int], list[Tally]]) -> Change | None:
        """Resolve the open incident at this moment, whatever the scores are; parameters as for `check`."""
        incident, self.emerging = self.current, None
        if incident is None:
            return None
        incident.tally = Tally.joined(incident.tally, incident.quiet, *unclosed(incident.start_ms))
        incident.hot_ms = at_ms
        return self._ended(incident, at_ms, start_ms)

    def _may_open(self, name: str, score: Score, bucket: Tally, at_ms: int) -> bool:
        """Return whether a score may open an incident: within the refractory period only if the bucket itself exceeds
        the usual again, since scores remember the last incident for hours. Maintenance and events hide that period."""
        is_quiet_time = score.suppressed in {"maintenance", "expected"}
        follows = is_quiet_time and self._past is not None and self._within_cool_down(self._past, at_ms)
        if score.suppressed != "refractory" and not follows:
            return True
        excess = self._excess(name, score, bucket, falls=score.direction == "down")
        return excess > self._settings.subsided_share * self._past_excesses.get(name, 0.0)

    def _is_hot(self, incident: Incident, name: str, score: Score, bucket: Tally) -> bool:
        """Return whether the incident continues: scores remember for hours, so the bucket must exceed the usual too."""
        highest = incident.peaks.get(name)
        excess = self._excess(name, score, bucket, falls=highest is not None and highest.direction == "down")
        peak = incident.excesses[name] = max(incident.excesses.get(name, 0.0), excess)
        return score.value >= self._settings.quiet_below and excess > self._settings.subsided_share * peak

    def _exceeds(self, begun: Incident | None, name: str, score: Score, late: Tally) -> bool:
        """Return whether late mentions of a bucket are anomalous, and not only what the score remembers."""
        least = 0.0 if begun is None else self._settings.subsided_share * begun.excesses.get(name, 0.0)
        return score.value >= 1 and self._excess(name, score, late, falls=False) > least

    def _excess(self, name: str, score: Score, bucket: Tally, *, falls: bool) -> float:
        """Return by how much the bucket exceeds the usual, or falls short of it; 0 or less if it does not."""
        if self._aspects[name] == "tone":
            return bucket.negative / SHARE - score.expected * bucket.count
        if falls:
            return score.expected - score.observed
        return score.observed - score.expected if bucket.count else 0.0  # what is observed may fade over hours

    def tallies(self) -> list[Tally]:
        """Return all counts that are held: of the incident that has begun, and of the last one that is over."""
        held = [incident for incident in (self.begun, self._past) if incident is not None]
        return [tally for incident in held for tally in (incident.tally, incident.quiet)]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        current, past, emerging = (each and each.dump() for each in (self.current, self._past, self.emerging))
        return [current, past, list(self._past_excesses.items()), emerging, sorted(self._unreported)]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        current, past, excesses, emerging, unreported = values
        self.current, self._past, self.emerging = (each and Incident.load(each) for each in (current, past, emerging))
        self._past_excesses = dict(excesses)
        self._unreported = frozenset(unreported)
