"""Match incidents to events, and find false positives; `streams.offline.evaluation` defines both."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

from detectors.units import HOUR_MS
from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.base import Label, Severity
    from streams.offline.simulate import Kind
    from streams.records import Alert, AlertKind

IncidentLevel = Literal["nothing", "suppressed", "watch", "warning", "critical"]

LEVELS: Final[tuple[IncidentLevel, ...]] = get_args(IncidentLevel)
"""All levels, ascending."""

Classification = Literal["nothing", "suppressed", "attention", "praise", "spam", "surge", "outage", "crisis"]

CLASSIFICATIONS: Final[tuple[Classification, ...]] = get_args(Classification)
"""All classifications of an event, ascending: the label of the incident where it did not reach ``warning``."""

AFTERMATH_MS: Final = HOUR_MS
"""Time after the end of an event in which an incident still counts for it."""


class Rise(NamedTuple):
    """The moment at which an incident reaches a level for the first time."""

    at_ms: int
    level: IncidentLevel


@dataclass(slots=True)
class RaisedIncident:
    """An incident, as reconstructed from its alerts.

    `summary`, `reasons` (by detector) and `links` (of the alert, then of its sample posts) are those of the latest
    rise, `labels` are all labels it ever had, `over_ms` is when it was resolved, and `ends_ms` is the end of its last
    bucket that was not quiet, if its alerts say so.
    """

    brand: str
    fingerprint: str
    rises: list[Rise] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    summary: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    over_ms: int | None = None
    ends_ms: int | None = None

    @property
    def level(self) -> IncidentLevel:
        """Return the highest level that was reached."""
        return self.rises[-1].level if self.rises else "nothing"

    def add(self, alert: Alert) -> None:
        """Add the next alert of the incident."""
        if alert.ends_at is not None:
            self.ends_ms = epoch_ms(alert.ends_at)
        if self.reach(epoch_ms(alert.at), alert.kind, alert.severity, alert.suppressed, alert.label):
            self.summary = alert.summary
            self.reasons = {name: score.reason for name, score in alert.detectors.items()}
            self.links = [url for url in (alert.generator_url, *(post.url for post in alert.samples)) if url]

    def reach(
        self, at_ms: int, kind: AlertKind, severity: Severity, suppressed: str | None, label: Label | None
    ) -> bool:
        """Record the next step of the incident; return whether the step raised its level."""
        if kind == "resolve":
            self.over_ms = at_ms
        if label and label not in self.labels:
            self.labels.append(label)
        level: IncidentLevel = "suppressed" if suppressed else severity
        rises = LEVELS.index(level) > LEVELS.index(self.level)
        if rises:
            self.rises.append(Rise(at_ms, level))
        return rises


@dataclass(frozen=True, slots=True)
class BrandEvent:
    """An event from the view of one brand.

    Parameters
    ----------
    kind, brand
        Kind of the event, None where it is unknown, and the brand it happens to.
    onset_ms, end_ms
        Beginning and end of the event, milliseconds since the epoch.
    posts_ms
        Times at which the posts of the event were written, ascending; empty where it has none.
    """

    kind: Kind | None
    brand: str
    onset_ms: int
    end_ms: int
    posts_ms: Sequence[int] = ()

    @property
    def over_ms(self) -> int:
        """Return the moment until which a rise counts for the event."""
        return self.end_ms + AFTERMATH_MS

    def posts_by(self, at_ms: int) -> int:
        """Return the number of posts of the event that had been written by a moment."""
        return bisect_right(self.posts_ms, at_ms)


@dataclass(slots=True)
class EventOutcome:
    """The incidents that were raised for an event.

    Attributes
    ----------
    reached_ms
        First moment at which each level, or a higher one, was reached.
    incidents
        Incidents with a rise that counts for the event.
    """

    event: BrandEvent
    reached_ms: dict[IncidentLevel, int] = field(default_factory=dict)
    incidents: list[RaisedIncident] = field(default_factory=list)

    @property
    def raised_as(self) -> IncidentLevel:
        """Return the highest level that was reached."""
        return max(self.reached_ms, key=LEVELS.index, default="nothing")

    @property
    def taken_for(self) -> Classification:
        """Return ``crisis`` if an incident reached ``warning``, else its label if it has one, else ``attention``."""
        level = self.raised_as
        if LEVELS.index(level) >= LEVELS.index("warning"):
            return "crisis"
        labels = [label for incident in self.incidents for label in incident.labels if label != "crisis"]
        if labels:
            return max(labels, key=CLASSIFICATIONS.index)
        if level == "watch":
            return "attention"
        return "suppressed" if level == "suppressed" else "nothing"

    def delay_ms(self, level: IncidentLevel) -> int | None:
        """Return the time from the onset until a level, or a higher one, was reached; None if it never was."""
        at_ms = self.reached_ms.get(level)
        return None if at_ms is None else at_ms - self.event.onset_ms

    def add(self, incident: RaisedIncident, rise: Rise) -> None:
        """Count a rise of an incident for the event."""
        if incident not in self.incidents:
            self.incidents.append(incident)
        for level in LEVELS[1 : LEVELS.index(rise.level) + 1]:
            self.reached_ms[level] = min(rise.at_ms, self.reached_ms.get(level, rise.at_ms))


def brand_events(truth: Mapping[str, Any], posts_ms: Mapping[int, Sequence[int]]) -> list[BrandEvent]:
    """Return the events of a simulation, brand by brand.

    Parameters
    ----------
    truth
        Truth as `streams.offline.simulate` defines it.
    posts_ms
        Times at which the posts of each event were written, by the position of the event in the truth.
    """
    own: list[BrandEvent] = []
    shared: list[BrandEvent] = []
    for position, event in enumerate(truth["events"]):
        onset_ms, end_ms = (epoch_ms(datetime.fromisoformat(event[moment])) for moment in ("onset", "end"))
        if event["brand"] is not None:
            own.append(BrandEvent(event["kind"], event["brand"], onset_ms, end_ms, sorted(posts_ms.get(position, ()))))
        else:
            shared += [BrandEvent(event["kind"], brand["id"], onset_ms, end_ms) for brand in truth["brands"]]
    return own + [event for event in shared if not any(_overlap(event, other) for other in own)]


def raised(alerts: Iterable[Alert]) -> list[RaisedIncident]:
    """Return the incidents behind alerts.

    Alerts come in order of time for each brand. An incident that is reopened counts again.
    """
    incidents: dict[tuple[str, int], RaisedIncident] = {}
    for alert in alerts:
        key = alert.fingerprint, alert.reopened
        incidents.setdefault(key, RaisedIncident(alert.brand, alert.fingerprint)).add(alert)
    return list(incidents.values())


def match(
    events: Iterable[BrandEvent], incidents: Iterable[RaisedIncident]
) -> tuple[list[EventOutcome], list[RaisedIncident]]:
    """Return the outcome of each event, and the incidents that count for no event.

    Examples
    --------
    >>> storm = BrandEvent("firestorm", "nordtel", onset_ms=0, end_ms=1_000)
    >>> early = RaisedIncident("nordtel", "a", [Rise(-1, "watch")])
    >>> right = RaisedIncident("nordtel", "b", [Rise(9, "critical")])
    >>> outcomes, others = match([storm], [early, right])
    >>> outcomes[0].raised_as, outcomes[0].delay_ms("warning"), [incident.fingerprint for incident in others]
    ('critical', 9, ['a'])
    """
    outcomes = [EventOutcome(event) for event in events]
    by_brand: dict[str, list[EventOutcome]] = defaultdict(list)
    for outcome in outcomes:
        by_brand[outcome.event.brand].append(outcome)
    others = []
    for incident in incidents:
        counts = False
        for rise in incident.rises:
            under_way = [
                outcome
                for outcome in by_brand[incident.brand]
                if outcome.event.onset_ms <= rise.at_ms <= outcome.event.over_ms
            ]
            if under_way:
                counts = True
                max(under_way, key=lambda outcome: outcome.event.onset_ms).add(incident, rise)
        if not counts:
            others.append(incident)
    return outcomes, others


def _overlap(one: BrandEvent, other: BrandEvent) -> bool:
    return one.brand == other.brand and one.onset_ms <= other.over_ms and other.onset_ms <= one.over_ms
