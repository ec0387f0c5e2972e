"""Compare raised incidents with labelled ones: recall, precision and delay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from detectors.units import MINUTE_MS
from streams.offline.incident_matching import LEVELS, BrandEvent, Rise, match
from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.base import Severity
    from streams.offline.backtest.labels import Expected, LabelledSpan
    from streams.offline.incident_matching import EventOutcome, RaisedIncident


@dataclass(frozen=True, slots=True)
class LabelResult:
    """A labelled incident, and the incidents that were raised for it."""

    expected: Expected
    outcome: EventOutcome

    @property
    def found(self) -> bool:
        """Return whether an incident was raised for it at its severity."""
        return self.expected.severity in self.outcome.reached_ms

    @property
    def delay_minutes(self) -> float | None:
        """Return the time from its beginning until it was raised at its severity; None if it never was."""
        delay = self.outcome.delay_ms(self.expected.severity)
        return None if delay is None else delay / MINUTE_MS


@dataclass(frozen=True, slots=True)
class LabelEvaluation:
    """The result for each label, the false positives, and the known false alarms that are raised again."""

    results: Sequence[LabelResult]
    false: Sequence[RaisedIncident]
    raised_again: Sequence[LabelledSpan] = ()

    @property
    def missed(self) -> list[Expected]:
        """Return the labelled incidents that were not found."""
        return [result.expected for result in self.results if not result.found]

    @property
    def found(self) -> int:
        """Return the number of labelled incidents that were found."""
        return len(self.results) - len(self.missed)

    @property
    def recall(self) -> float | None:
        """Return the share of the labelled incidents that were found; None without labels."""
        return 1 - len(self.missed) / len(self.results) if self.results else None

    @property
    def precision(self) -> float | None:
        """Return the share of the paging incidents that found a label; None if no incident pages."""
        right = {
            incident.fingerprint for result in self.results if result.found for incident in result.outcome.incidents
        }
        pages = len(right) + len(self.false)
        return len(right) / pages if pages else None

    @property
    def delay_minutes(self) -> float | None:
        """Return the median delay of the labels that were found; None if none was."""
        delays = [result.delay_minutes for result in self.results if result.delay_minutes is not None]
        return median(delays) if delays else None


def pages(incident: RaisedIncident, severity: Severity) -> bool:
    """Return whether an incident was raised at a severity or above without being suppressed.

    >>> from streams.offline.incident_matching import RaisedIncident, Rise
    >>> storm = RaisedIncident("nordtel", "f1", [Rise(0, "suppressed"), Rise(60_000, "watch")])
    >>> pages(storm, "watch"), pages(storm, "warning")
    (True, False)
    """
    return LEVELS.index(incident.level) >= LEVELS.index(severity)


def paged_ms(incident: RaisedIncident, severity: Severity) -> int:
    """Return when an incident that `pages` was first raised at a severity or above, milliseconds since the epoch."""
    least = LEVELS.index(severity)
    return next(rise.at_ms for rise in incident.rises if LEVELS.index(rise.level) >= least)


def evaluate(
    expected: Iterable[Expected],
    incidents: Iterable[RaisedIncident],
    severity: Severity,
    *,
    false_alarms: Sequence[LabelledSpan] = (),
    undecided: Iterable[LabelledSpan] = (),
) -> LabelEvaluation:
    """Compare incidents with labels.

    An incident that is still open when a labelled one begins has found it, with a delay of zero.

    Parameters
    ----------
    expected
        The labelled incidents.
    incidents
        The raised incidents.
    severity
        Lowest severity at which an incident pages; incidents below it are never false positives.
    false_alarms
        Known false alarms.
    undecided
        Spans in which incidents are no false positives, because nobody knows.
    """
    wanted = list(expected)
    events = _events(wanted)
    outcomes, others = match(events, [_from_then_on(incident, events) for incident in incidents])
    results = [LabelResult(each, outcome) for each, outcome in zip(wanted, outcomes, strict=True)]
    _, false = match(_events(undecided), [incident for incident in others if pages(incident, severity)])
    again, _ = match(_events(false_alarms), false)
    return LabelEvaluation(
        results, false, [each for each, outcome in zip(false_alarms, again, strict=True) if outcome.incidents]
    )


def _events(spans: Iterable[LabelledSpan]) -> list[BrandEvent]:
    return [BrandEvent(None, each.brand, epoch_ms(each.from_), epoch_ms(each.to)) for each in spans]


def _from_then_on(incident: RaisedIncident, events: Sequence[BrandEvent]) -> RaisedIncident:
    """Return the incident with each rise before an event during which it was still open moved to the onset."""
    own = sorted((event for event in events if event.brand == incident.brand), key=lambda event: event.onset_ms)

    def moved(rise: Rise) -> Rise:
        for event in own:
            if event.onset_ms <= rise.at_ms <= event.over_ms:
                return rise
            if rise.at_ms < event.onset_ms and (incident.over_ms is None or event.onset_ms <= incident.over_ms):
                return Rise(event.onset_ms, rise.level)
        return rise

    return replace(incident, rises=[moved(rise) for rise in incident.rises])
