"""A step of an incident together with its position in social.alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from streams.records import Alert


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
