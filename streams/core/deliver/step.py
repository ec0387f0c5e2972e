"""A step of an incident together with its position in social.alerts, and a verdict on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

if TYPE_CHECKING:
    from streams.records import Alert, Verdict


class DeliveryStep(NamedTuple):
    """One record of social.alerts.

    Parameters
    ----------
    alert
        The decoded record.
    partition, offset
        Position of the record.
    broker_ms
        When the broker appended the record, in milliseconds since the epoch.
    value
        The bytes of the record.
    """

    alert: Alert
    partition: int
    offset: int
    broker_ms: int
    value: bytes

    @property
    def incident(self) -> str:
        """Fingerprint of the incident."""
        return self.alert.fingerprint

    def without_links(self) -> DeliveryStep | None:
        """Return the step without the links of its alert and its samples, None if it has none.

        Nothing else of the record changes, fields of newer versions included.
        """
        samples = [sample.model_copy(update={"url": None}) for sample in self.alert.samples]
        plain = self.alert.model_copy(update={"generator_url": None, "samples": samples})
        if plain == self.alert:
            return None
        record = orjson.loads(self.value)
        record["generator_url"] = None
        for sample in record.get("samples", ()):
            sample["url"] = None
        return self._replace(alert=plain, value=orjson.dumps(record))


class DeliveryVerdict(NamedTuple):
    """One verdict of social.labels.

    Parameters
    ----------
    verdict
        The decoded record.
    id
        Identifies the record: equal records have equal ids.
    broker_ms
        When the broker appended the record, in milliseconds since the epoch.
    """

    verdict: Verdict
    id: str
    broker_ms: int

    @property
    def incident(self) -> str:
        """Fingerprint of the incident."""
        return self.verdict.incident
