"""The incidents of social.alerts with the operators' verdicts from social.labels, and new verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.errors import RecordError, UnknownIncident
from streams.kafka.clients import acknowledged, producer, translated_errors
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.records import Verdict, alert_from_bytes, verdict_in
from streams.runtime import clock

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

    from streams.config import Config
    from streams.records import Alert, VerdictValue

MIN_PREFIX_CHARS: Final = 4
"""The shortest beginning of an id that may stand for the whole id."""


@dataclass(slots=True)
class Opening:
    """The time from when an incident opened or was reopened until it was resolved.

    Attributes
    ----------
    newest
        Its newest step so far.
    pages
        Whether a step was not suppressed.
    """

    newest: Alert
    pages: bool = False

    def add(self, alert: Alert) -> None:
        """Add a step."""
        self.newest = alert
        self.pages |= alert.suppressed is None


@dataclass(slots=True)
class LoggedIncident:
    """One incident as the topics have it.

    Attributes
    ----------
    newest
        Its newest step.
    ids
        The ids of all its steps.
    verdicts
        The verdicts on it, in order.
    openings
        By the number of times it had been reopened, each time that it was open.
    """

    newest: Alert
    ids: set[str] = field(default_factory=set)
    verdicts: list[Verdict] = field(default_factory=list)
    openings: dict[int, Opening] = field(default_factory=dict)

    @property
    def decision(self) -> Verdict | None:
        """The latest verdict that says whether it was an incident; None if there is none."""
        return next((verdict for verdict in reversed(self.verdicts) if verdict.verdict != "ack"), None)


class IncidentLog:
    """Incidents by their fingerprint, in the order of their first steps.

    Attributes
    ----------
    orphans
        Number of verdicts on incidents that are not among them.
    """

    def __init__(self) -> None:
        self.incidents: dict[str, LoggedIncident] = {}
        self.orphans = 0

    def add_alert(self, alert: Alert) -> bool:
        """Add a step, and return whether it is new; a repeat changes nothing."""
        incident = self.incidents.setdefault(alert.fingerprint, LoggedIncident(alert))
        if alert.id in incident.ids:
            return False
        incident.ids.add(alert.id)
        incident.newest = alert
        incident.openings.setdefault(alert.reopened, Opening(alert)).add(alert)
        return True

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict; a verdict on an unknown incident is only counted."""
        if verdict.incident in self.incidents:
            self.incidents[verdict.incident].verdicts.append(verdict)
        else:
            self.orphans += 1

    def find(self, id: str) -> LoggedIncident:
        """Return the incident with a fingerprint or with a step of an id; a unique beginning of either is enough.

        Raises
        ------
        UnknownIncident
            If there is no such incident, or more than one.
        """

        def matches(known: str) -> bool:
            return known == id or (len(id) >= MIN_PREFIX_CHARS and known.startswith(id))

        found = [
            incident
            for fingerprint, incident in self.incidents.items()
            if matches(fingerprint) or any(map(matches, incident.ids))
        ]
        if len(found) > 1:
            raise UnknownIncident(f"{id}: more than one incident begins like this; give more of the id")
        if not found:
            raise UnknownIncident(
                f"{id}: no incident in social.alerts has this fingerprint or id; `firewatch alerts tail` shows them"
            )
        return found[0]


async def read_incidents(config: Config, reader: AIOKafkaConsumer, since_ms: int = 0) -> IncidentLog:
    """Read the incidents and verdicts since a time, in milliseconds since the epoch; invalid records are left out.

    Raises
    ------
    KafkaError
        If the broker does not answer.
    """
    topics = Topics(config.topics)
    log = IncidentLog()
    alerts = TopicReader(reader, config.kafka, topics.alerts)
    await alerts.seek(since_ms)
    for record in await alerts.to_the_end():
        try:
            log.add_alert(alert_from_bytes(record.value))
        except RecordError:
            continue
    labels = TopicReader(reader, config.kafka, topics.labels)
    await labels.seek(since_ms)
    for record in await labels.to_the_end():
        if (verdict := verdict_in(record.value)) is not None:
            log.add_verdict(verdict)
    return log


async def write_verdict(
    config: Config, alert: Alert, value: VerdictValue, by: str, note: str | None, silence_seconds: float | None
) -> Verdict:
    """Write an operator's verdict on an incident to social.labels, and return it.

    Parameters
    ----------
    config
        The whole configuration.
    alert
        The newest step of the incident.
    value, by, note
        The verdict, the operator's name, and a reason.
    silence_seconds
        How long incidents of the brand up to this severity are muted; None for no silence.

    Raises
    ------
    KafkaError
        If the broker does not accept the record.
    """
    now_ms = clock.now_ms()
    verdict = Verdict(
        incident=alert.fingerprint,
        brand=alert.brand,
        verdict=value,
        severity=alert.severity,
        detectors=raised_by(alert),
        by=by,
        note=note,
        at_ms=now_ms,
        silence_until_ms=None if silence_seconds is None else now_ms + round(silence_seconds * 1000),
    )
    topic = Topics(config.topics).labels.name
    doing = f"writing {topic}"
    async with producer(config.kafka) as sender:
        with translated_errors(config.kafka, doing):
            sent = await sender.send(topic, verdict.to_bytes(), key=verdict.key)
        await acknowledged(config.kafka, [sent], doing)
    return verdict


def raised_by(alert: Alert) -> list[str]:
    """Return the names of the detectors that fired without being suppressed, or of all if none did."""
    fired = [name for name, detection in alert.detectors.items() if detection.suppressed is None]
    return sorted(fired or alert.detectors)
