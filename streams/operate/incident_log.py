"""The incidents of the past days as social.alerts and people's verdicts tell them."""

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

LEAST_ID_CHARS: Final = 4
"""So much of an id suffices where it is unique."""


@dataclass(slots=True)
class Incident:
    """One incident.

    Attributes
    ----------
    newest
        Its newest step.
    ids
        Of all its steps.
    verdicts
        What people said of it, in order.
    """

    newest: Alert
    ids: set[str] = field(default_factory=set)
    verdicts: list[Verdict] = field(default_factory=list)


class IncidentLog:
    """Incidents by their fingerprint, in the order in which they were first told."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}

    def alert(self, alert: Alert) -> bool:
        """Take a step; tells whether it is one that has not been taken before."""
        incident = self.incidents.setdefault(alert.fingerprint, Incident(alert))
        if alert.id in incident.ids:
            return False
        incident.ids.add(alert.id)
        incident.newest = alert
        return True

    def verdict(self, verdict: Verdict) -> None:
        """Take what somebody says of an incident; of unknown ones nothing is kept."""
        if verdict.incident in self.incidents:
            self.incidents[verdict.incident].verdicts.append(verdict)

    def find(self, id: str) -> Incident:
        """The incident of a fingerprint or of a step's id; the beginning of either suffices if it is unique.

        Raises
        ------
        UnknownIncident
            If there is none, or more than one.
        """
        found = [
            incident
            for fingerprint, incident in self.incidents.items()
            if any(known == id or (len(id) >= LEAST_ID_CHARS and known.startswith(id)) for known in incident.ids)
            or fingerprint == id
            or (len(id) >= LEAST_ID_CHARS and fingerprint.startswith(id))
        ]
        if len(found) > 1:
            raise UnknownIncident(f"{id}: more than one incident begins like this; give more of the id")
        if not found:
            raise UnknownIncident(
                f"{id}: no incident in social.alerts has this fingerprint or id; `firewatch alerts tail` shows them"
            )
        return found[0]


async def read_incidents(config: Config, reader: AIOKafkaConsumer, since_ms: int = 0) -> IncidentLog:
    """What the topics hold since some moment; what can't be read is left out.

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
            log.alert(alert_from_bytes(record.value))
        except RecordError:
            continue
    labels = TopicReader(reader, config.kafka, topics.labels)
    await labels.seek(since_ms)
    for record in await labels.to_the_end():
        if (verdict := verdict_in(record.value)) is not None:
            log.verdict(verdict)
    return log


async def judge(
    config: Config, incident: Alert, judgement: VerdictValue, by: str, note: str | None, silence_seconds: float | None
) -> Verdict:
    """Write what somebody says of an incident.

    Parameters
    ----------
    incident
        Its newest step.
    silence_seconds
        For how long the brand's incidents up to this severity are not passed on.

    Raises
    ------
    KafkaError
        If the broker does not take it.
    """
    now_ms = clock.now_ms()
    verdict = Verdict(
        incident=incident.fingerprint,
        brand=incident.brand,
        verdict=judgement,
        severity=incident.severity,
        detectors=raised_by(incident),
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
    """Detectors that fired without being suppressed; all that were anomalous where none did."""
    fired = [name for name, detection in alert.detectors.items() if detection.suppressed is None]
    return sorted(fired or alert.detectors)
