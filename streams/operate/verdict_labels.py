"""`firewatch alerts export --labels`: the verdicts of operators as labels that `backtest` and `tune` read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import yaml

from streams.core.text.clean import printable
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.operate.incident_log import read_incidents
from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from streams.config import Config
    from streams.operate.incident_log import IncidentLog, LoggedIncident, Opening
    from streams.records import Verdict

Section = Literal["incidents", "false_alarms", "undecided"]

SECTIONS: Final[dict[Section, tuple[str, str]]] = {
    "incidents": ("incident", "incidents"),
    "false_alarms": ("false alarm", "false alarms"),
    "undecided": ("undecided", "undecided"),
}
"""Sections of a file of labels in their order, and the words for one and for several of their labels."""

_HEADER: Final = """\
# Labels from verdicts on incidents, for `firewatch backtest --labels` and `firewatch tune --labels`. Incidents that
# have neither been confirmed nor marked as false alarms are undecided: move those that you know.
"""

_MAX_NAME_CHARS: Final = 100

_SHORTEST: Final = timedelta(minutes=1)
"""A label must end after it begins."""


class VerdictLabel(NamedTuple):
    """One label.

    Parameters
    ----------
    section
        Section of the file that it belongs to.
    opening
        The opening of the incident that it labels.
    name
        Fingerprint of the incident, the number of the opening if it was reopened, and the note of the decision.
    decision
        The latest verdict that says whether it was an incident; None if it is undecided.
    """

    section: Section
    opening: Opening
    name: str
    decision: Verdict | None


class VerdictLabels(NamedTuple):
    """The labels, and what could not become one.

    Parameters
    ----------
    labels
        Labels in order of time.
    not_watched
        Ids of brands with incidents that the config does not have.
    orphans
        Number of verdicts on incidents that `social.alerts` does not have.
    """

    labels: list[VerdictLabel]
    not_watched: list[str]
    orphans: int

    def to_yaml(self) -> str:
        """Return the file of labels; each label follows a comment with the incident's summary."""
        return _HEADER + "".join(f"{line}\n" for section in SECTIONS for line in self._section(section))

    def _section(self, section: Section) -> Iterator[str]:
        labels = [label for label in self.labels if label.section == section]
        yield f"{section}:" if labels else f"{section}: []"
        for label in labels:
            yield f"  # {_comment(label)}"
            yield f"  - {_entry(label)}"

    def remarks(self) -> Iterator[str]:
        """Yield how many labels there are, and what was left out, one a line."""
        counts = []
        for section, (one, several) in SECTIONS.items():
            number = sum(label.section == section for label in self.labels)
            counts.append(f"{number:,} {one if number == 1 else several}")
        yield ", ".join(counts)
        if self.not_watched:
            yield f"left out: incidents of brands that the config does not have: {', '.join(self.not_watched)}"
        if self.orphans:
            verdicts = "1 verdict is" if self.orphans == 1 else f"{self.orphans:,} verdicts are"
            yield f"left out: {verdicts} on incidents whose alerts are no longer in Kafka, or older than --since"


async def export_labels(
    config: Config, brands: Collection[str], since_ms: int, from_ms: int | None, to_ms: int | None
) -> VerdictLabels:
    """Read the incidents and the verdicts on them, and return the labels that follow.

    Parameters
    ----------
    config
        The whole configuration.
    brands
        Ids of the brands to export; all of the config if empty.
    since_ms
        Broker time of the first records to read, in milliseconds since the epoch.
    from_ms, to_ms
        Event times from which, and before which, an incident must have begun; None for any.

    Raises
    ------
    KafkaError
        If no broker answers, or a topic is missing.
    """
    await ensure_topics(config, create=False)
    async with consumer(config.kafka, None) as reader:
        log = await read_incidents(config, reader, since_ms)
    watched = {brand.id for brand in config.brands}
    return labels_of(log, watched, brands or watched, from_ms, to_ms)


def labels_of(
    log: IncidentLog, watched: Collection[str], brands: Collection[str], from_ms: int | None, to_ms: int | None
) -> VerdictLabels:
    """Return the labels that follow from verdicts; parameters as of `export_labels`.

    A confirmed incident and a false alarm are labelled whether they were suppressed or not. One without a decision is
    undecided if it paged at any severity.
    """
    labels, others = [], set()
    for incident in log.incidents.values():
        brand = incident.newest.brand
        if brand not in watched:
            others.add(brand)
        if brand not in brands:
            continue
        for number, opening in sorted(incident.openings.items()):
            begin_ms = epoch_ms(opening.newest.since)
            label = _label(incident, number, opening)
            if label and (from_ms is None or begin_ms >= from_ms) and (to_ms is None or begin_ms < to_ms):
                labels.append(label)
    labels.sort(key=lambda label: (label.opening.newest.since, label.opening.newest.brand))
    return VerdictLabels(labels, sorted(others), log.orphans)


def _label(incident: LoggedIncident, number: int, opening: Opening) -> VerdictLabel | None:
    decision = incident.decision
    if decision is None and not opening.pages:
        return None
    name = incident.newest.fingerprint + (f" ({number + 1})" if number else "")
    if decision is not None and decision.note:
        name = f"{name}: {printable(decision.note)}"
    section: Section = "undecided"
    if decision is not None:
        section = "incidents" if decision.verdict == "confirmed" else "false_alarms"
    return VerdictLabel(section, opening, name[:_MAX_NAME_CHARS], decision)


def _comment(label: VerdictLabel) -> str:
    alert, decision = label.opening.newest, label.decision
    open_still = "" if alert.ends_at else "; still open when exported"
    by = f"; {decision.verdict.replace('_', ' ')} by {printable(decision.by)}" if decision else ""
    return f"{alert.severity}{by}{open_still}: {printable(alert.summary)}"


def _entry(label: VerdictLabel) -> str:
    alert = label.opening.newest
    fields: dict[str, Any] = {
        "brand": alert.brand,
        "from": _shown(alert.since),
        "to": _shown(max(alert.ends_at or alert.at, alert.since + _SHORTEST)),
        **({"severity": alert.severity} if label.section == "incidents" else {}),
        "name": label.name,
    }
    return yaml.safe_dump(
        fields, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    ).strip()


def _shown(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
