"""How well what was raised agrees with what people say happened."""

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
    from streams.offline.backtest.labels import Expected
    from streams.offline.incident_matching import EventOutcome, RaisedIncident


@dataclass(frozen=True, slots=True)
class LabelResult:
    """An expected incident and what was raised for it."""

    expected: Expected
    outcome: EventOutcome

    @property
    def found(self) -> bool:
        """Whether it was raised, at the severity it needs."""
        return self.expected.severity in self.outcome.reached_ms

    @property
    def delay_minutes(self) -> float | None:
        """From its beginning until it was raised at the severity it needs."""
        delay = self.outcome.delay_ms(self.expected.severity)
        return None if delay is None else delay / MINUTE_MS


@dataclass(frozen=True, slots=True)
class LabelEvaluation:
    """What was found, and what was raised besides."""

    cases: Sequence[LabelResult]
    false: Sequence[RaisedIncident]

    @property
    def missed(self) -> list[Expected]:
        """Expected incidents that were not raised."""
        return [case.expected for case in self.cases if not case.found]

    @property
    def recall(self) -> float | None:
        """Share of the expected incidents that were found; None without any."""
        return 1 - len(self.missed) / len(self.cases) if self.cases else None

    @property
    def precision(self) -> float | None:
        """Share of the incidents that page which found something; None if nothing pages."""
        right = {incident.fingerprint for case in self.cases if case.found for incident in case.outcome.incidents}
        pages = len(right) + len(self.false)
        return len(right) / pages if pages else None

    @property
    def delay_minutes(self) -> float | None:
        """Median over what was found."""
        delays = [case.delay_minutes for case in self.cases if case.delay_minutes is not None]
        return median(delays) if delays else None


def pages(incident: RaisedIncident, severity: Severity) -> bool:
    """Whether it was raised at a severity or above without being suppressed.

    >>> from streams.offline.incident_matching import RaisedIncident, Rise
    >>> storm = RaisedIncident("nordtel", "f1", [Rise(0, "suppressed"), Rise(60_000, "watch")])
    >>> pages(storm, "watch"), pages(storm, "warning")
    (True, False)
    """
    return LEVELS.index(incident.level) >= LEVELS.index(severity)


def paged_ms(incident: RaisedIncident, severity: Severity) -> int:
    """When it first was raised at a severity or above; only for one that `pages`."""
    least = LEVELS.index(severity)
    return next(rise.at_ms for rise in incident.rises if LEVELS.index(rise.level) >= least)


def evaluate(expected: Iterable[Expected], incidents: Iterable[RaisedIncident], severity: Severity) -> LabelEvaluation:
    """Compare. An incident that is still open when what people say happened begins has found it, without delay.

    Parameters
    ----------
    expected
        What people say happened.
    incidents
        What was raised.
    severity
        From which on an incident pages: those below can't be false.
    """
    wanted = list(expected)
    cases = [BrandEvent("firestorm", each.brand, epoch_ms(each.from_), epoch_ms(each.to)) for each in wanted]
    outcomes, others = match(cases, [_from_then_on(incident, cases) for incident in incidents])
    found = [LabelResult(each, outcome) for each, outcome in zip(wanted, outcomes, strict=True)]
    return LabelEvaluation(found, [incident for incident in others if pages(incident, severity)])


def _from_then_on(incident: RaisedIncident, cases: Sequence[BrandEvent]) -> RaisedIncident:
    """The incident, where it rose before a case began for which it was still open as if it had risen at that moment."""
    own = sorted((case for case in cases if case.brand == incident.brand), key=lambda case: case.onset_ms)

    def moved(rise: Rise) -> Rise:
        for case in own:
            if case.onset_ms <= rise.at_ms <= case.over_ms:
                return rise
            if rise.at_ms < case.onset_ms and (incident.over_ms is None or case.onset_ms <= incident.over_ms):
                return Rise(case.onset_ms, rise.level)
        return rise

    return replace(incident, rises=[moved(rise) for rise in incident.rises])
