"""What Alertmanager must be told, from what is firing: the state of incidents, not their history.

Alertmanager knows an alert by its labels, takes it for over when its `endsAt` passes, and wants to hear of it again
before. So what it is told follows from what is firing now, after an outage of any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.records import utc

if TYPE_CHECKING:
    from streams.core.deliver.step import Step
    from streams.core.deliver.suppression import Holding

LIFETIMES: Final = 4
"""Re-sends that may fail before Alertmanager takes an alert for over; Prometheus has the same."""

Labels = tuple[tuple[str, str], ...]


class Notice(NamedTuple):
    """What Alertmanager is told of one alert.

    Parameters
    ----------
    labels
        Its identity there.
    step
        The newest that is known.
    firing
        Whether it goes on.
    """

    labels: Labels
    step: Step
    firing: bool

    def body(self, now_ms: int, resend_ms: int) -> dict[str, Any]:
        """As the API wants it (``postableAlert`` of its OpenAPI document, v2)."""
        alert = self.step.alert
        over_at = min(alert.ends_at or utc(now_ms), utc(now_ms))
        ends = utc(now_ms + LIFETIMES * resend_ms) if self.firing else over_at
        return {
            "labels": dict(self.labels),
            "annotations": {name: text for name, text in alert.annotations.items() if text},
            "startsAt": min(alert.since, ends).isoformat(),
            "endsAt": ends.isoformat(),
            **({"generatorURL": alert.generator_url} if alert.generator_url else {}),
        }


class _Told(NamedTuple):
    step: Step
    at_ms: int


class Standing:
    """The incidents of one partition, as they stand and as Alertmanager has been told.

    Parameters
    ----------
    holding
        What is held back.
    resend_ms, forget_after_ms
        As `bridge.alertmanager.resend_seconds` and `bridge.forget_after_hours`.
    """

    def __init__(self, holding: Holding, resend_ms: int, forget_after_ms: int) -> None:
        self._holding = holding
        self.resend_ms = resend_ms
        self._forget_after_ms = forget_after_ms
        self._firing: dict[str, Step] = {}
        self._ended: dict[str, Step] = {}
        self._told: dict[Labels, _Told] = {}
        self._refused: set[tuple[Labels, str]] = set()
        self._changed_from: int | None = None
        self._now_ms = 0

    def recall(self, step: Step) -> None:
        """As in `Ledger`; Alertmanager has been told, unless the step was suppressed."""
        before = self._firing.get(step.incident)
        if before is not None:
            self._told.pop(identity(before), None)
        self._fold(step)
        self._ended.clear()
        if step.alert.status == "firing" and self._holding.reason(step.alert, step.broker_ms) is None:
            self._told[identity(step)] = _Told(step, 0)

    def take(self, step: Step, now_ms: int) -> None:
        """As in `Ledger`."""
        self._now_ms = now_ms
        self._fold(step)
        if self._changed_from is None:
            self._changed_from = step.offset

    def tick(self, now_ms: int) -> None:
        """As in `Ledger`."""
        self._now_ms = now_ms
        for step in [step for step in self._firing.values() if now_ms - step.broker_ms >= self._forget_after_ms]:
            del self._firing[step.incident]

    def _fold(self, step: Step) -> None:
        if step.alert.status == "firing":
            self._firing[step.incident] = step
            self._ended.pop(step.incident, None)
        else:
            self._firing.pop(step.incident, None)
            self._ended[step.incident] = step

    def due(self) -> list[Notice]:
        """What Alertmanager is to be told now, what is over first."""
        wanted = {identity(step): step for step in self._firing.values() if self._passes(step)}
        over = [
            Notice(labels, self._ended.get(told.step.incident, told.step), firing=False)
            for labels, told in self._told.items()
            if labels not in wanted
        ]
        return over + [
            Notice(labels, step, firing=True)
            for labels, step in wanted.items()
            if self._is_due(labels, step) and (labels, step.alert.id) not in self._refused
        ]

    def _passes(self, step: Step) -> bool:
        return self._holding.reason(step.alert, self._now_ms) is None

    def _is_due(self, labels: Labels, step: Step) -> bool:
        told = self._told.get(labels)
        return told is None or told.step.alert.id != step.alert.id or self._now_ms - told.at_ms >= self.resend_ms

    def delivered(self, notice: Notice) -> None:
        """Alertmanager has taken it."""
        if notice.firing:
            self._told[notice.labels] = _Told(notice.step, self._now_ms)
        else:
            self._told.pop(notice.labels, None)

    def refused(self, notice: Notice) -> None:
        """Alertmanager will not have it: it is not told again before the next step."""
        if notice.firing:
            self._refused.add((notice.labels, notice.step.alert.id))
        else:
            self._told.pop(notice.labels, None)

    def settle(self) -> None:
        """All that was due has been delivered or refused."""
        self._changed_from = None
        told = {told.step.incident for told in self._told.values()}
        self._ended = {incident: step for incident, step in self._ended.items() if incident in told}
        standing = {(identity(step), step.alert.id) for step in self._firing.values()}
        self._refused &= standing

    def unsettled_from(self) -> int | None:
        """As in `Ledger`."""
        return self._changed_from

    def counts(self) -> tuple[int, int]:
        """As in `Ledger`."""
        waiting = sum(not notice.firing or notice.labels not in self._told for notice in self.due())
        return len({told.step.incident for told in self._told.values()}), waiting


def identity(step: Step) -> Labels:
    """The labels by which Alertmanager knows the alert; the reason why it pages nobody is one of them."""
    labels = {name: value for name, value in step.alert.labels.items() if value}
    if step.alert.suppressed:
        labels["suppressed"] = step.alert.suppressed
    return tuple(sorted(labels.items()))
