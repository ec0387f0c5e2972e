"""A step of an incident with its place in social.alerts, and what becomes of it outside Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from streams.records import Alert


class Step(NamedTuple):
    """One record of social.alerts.

    Parameters
    ----------
    alert
        What it says.
    partition, offset
        Where it stands.
    broker_ms
        When the broker took it, milliseconds since the epoch.
    value
        Its bytes.
    """

    alert: Alert
    partition: int
    offset: int
    broker_ms: int
    value: bytes

    @property
    def incident(self) -> str:
        """Names the incident."""
        return self.alert.fingerprint


class Ledger(Protocol):
    """What a receiver has been told of the incidents of one partition, and what it is to be told."""

    def recall(self, step: Step) -> None:
        """Take in a step that an earlier run has settled."""

    def take(self, step: Step, now_ms: int) -> None:
        """Take in a new step."""

    def tick(self, now_ms: int) -> None:
        """Let time pass: silences end, incidents are forgotten."""

    def unsettled_from(self) -> int | None:
        """Offset of the first step that the receiver has still to take; None if there is none."""

    def counts(self) -> tuple[int, int]:
        """Incidents that the receiver was told of and that are not over, and messages that it has still to take."""
