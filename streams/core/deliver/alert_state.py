"""Delivery state of Alertmanager, which wants the current state of alerts and not their history.

Alertmanager identifies an alert by its labels, considers it resolved when its `endsAt` passes, and expects it to be
sent again before then. The alerts that are due therefore follow from the incidents that are firing now, even after an
outage of any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.deliver.state import DeliveryCounts
from streams.records import utc

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression

LIFETIME_IN_RESENDS: Final = 4
"""An alert's `endsAt` lies this many re-sends in the future, so that three may fail; Prometheus has the same factor."""

Labels = tuple[tuple[str, str], ...]


class PostableAlert(NamedTuple):
    """An alert to be sent to Alertmanager.

    Parameters
    ----------
    labels
        The labels that identify the alert there.
    step
        The newest known step of the incident.
    firing
        Whether the alert is firing; otherwise it is sent as resolved.
    has_link
        Whether the alert is sent with its link, if it has one.
    """

    labels: Labels
    step: DeliveryStep
    firing: bool
    has_link: bool = True

    @property
    def link(self) -> str | None:
        """The link that is sent with the alert."""
        return self.step.alert.generator_url if self.has_link else None

    def body(self, now_ms: int, resend_ms: int) -> dict[str, Any]:
        """Return the alert in the form of ``postableAlert`` in Alertmanager's OpenAPI document, API v2."""
        alert = self.step.alert
        resolved_at = min(alert.ends_at or utc(now_ms), utc(now_ms))
        ends = utc(now_ms + LIFETIME_IN_RESENDS * resend_ms) if self.firing else resolved_at
        return {
            "labels": dict(self.labels),
            "annotations": {name: text for name, text in alert.annotations.items() if text},
            "startsAt": min(alert.since, ends).isoformat(),
            "endsAt": ends.isoformat(),
            **({"generatorURL": self.link} if self.link else {}),
        }


class _Delivered(NamedTuple):
    step: DeliveryStep
    at_ms: int


class AlertState:
    """The incidents of one partition that are firing, and the alerts that Alertmanager holds because of them.

    Parameters
    ----------
    suppression
        Decides which steps are not delivered.
    resend_ms, forget_after_ms
        The settings `bridge.alertmanager.resend_seconds` and `bridge.forget_after_hours`, in milliseconds.
    """

    def __init__(self, suppression: Suppression, resend_ms: int, forget_after_ms: int) -> None:
        self._suppression = suppression
        self.resend_ms = resend_ms
        self._forget_after_ms = forget_after_ms
        self._firing: dict[str, DeliveryStep] = {}
        self._resolved: dict[str, DeliveryStep] = {}
        self._delivered: dict[Labels, _Delivered] = {}
        self._refused: set[tuple[Labels, str]] = set()
        self._without_link: set[tuple[Labels, str]] = set()
        self._changed_from: int | None = None
        self._now_ms = 0

    def restore(self, step: DeliveryStep) -> None:
        """Record a step that an earlier run has settled: it was delivered unless it was suppressed."""
        before = self._firing.get(step.incident)
        if before is not None:
            self._delivered.pop(identity(before), None)
        self._record(step)
        self._resolved.clear()
        if step.alert.status == "firing" and self._suppression.reason(step.alert, step.broker_ms) is None:
            self._delivered[identity(step)] = _Delivered(step, 0)

    def add(self, step: DeliveryStep, now_ms: int) -> None:
        """Record a new step."""
        self._now_ms = now_ms
        self._record(step)
        if self._changed_from is None:
            self._changed_from = step.offset

    def add_verdict(self, verdict: DeliveryVerdict, now_ms: int, *, is_new: bool) -> None:
        """Record nothing: of verdicts Alertmanager only notices the silences, which are a matter of the suppression."""

    def tick(self, now_ms: int) -> None:
        """Advance the time, and forget incidents without news for too long."""
        self._now_ms = now_ms
        for step in [step for step in self._firing.values() if now_ms - step.broker_ms >= self._forget_after_ms]:
            del self._firing[step.incident]

    def _record(self, step: DeliveryStep) -> None:
        if step.alert.status == "firing":
            self._firing[step.incident] = step
            self._resolved.pop(step.incident, None)
        else:
            self._firing.pop(step.incident, None)
            self._resolved[step.incident] = step

    def due(self) -> list[PostableAlert]:
        """Return the alerts that have to be sent now, resolved ones first."""
        wanted = {identity(step): step for step in self._firing.values() if self._is_wanted(step)}
        resolved = [
            PostableAlert(labels, self._resolved.get(delivered.step.incident, delivered.step), firing=False)
            for labels, delivered in self._delivered.items()
            if labels not in wanted
        ]
        return resolved + [
            PostableAlert(labels, step, firing=True, has_link=(labels, step.alert.id) not in self._without_link)
            for labels, step in wanted.items()
            if self._is_due(labels, step) and (labels, step.alert.id) not in self._refused
        ]

    def _is_wanted(self, step: DeliveryStep) -> bool:
        return self._suppression.reason(step.alert, self._now_ms) is None

    def _is_due(self, labels: Labels, step: DeliveryStep) -> bool:
        delivered = self._delivered.get(labels)
        return (
            delivered is None
            or delivered.step.alert.id != step.alert.id
            or self._now_ms - delivered.at_ms >= self.resend_ms
        )

    def delivered(self, alert: PostableAlert) -> None:
        """Record that Alertmanager has accepted an alert."""
        if alert.firing:
            self._delivered[alert.labels] = _Delivered(alert.step, self._now_ms)
        else:
            self._delivered.pop(alert.labels, None)

    def refused(self, alert: PostableAlert) -> None:
        """Record that Alertmanager refuses an alert, which is not sent again before the incident's next step."""
        if alert.firing:
            self._refused.add((alert.labels, alert.step.alert.id))
        else:
            self._delivered.pop(alert.labels, None)

    def link_refused(self, alert: PostableAlert) -> None:
        """Record that Alertmanager accepts an alert only without its link, which is left out until the next step."""
        self._without_link.add((alert.labels, alert.step.alert.id))

    def settle(self) -> None:
        """Record that every alert that was due has been accepted or refused."""
        self._changed_from = None
        at_receiver = {delivered.step.incident for delivered in self._delivered.values()}
        self._resolved = {incident: step for incident, step in self._resolved.items() if incident in at_receiver}
        firing = {(identity(step), step.alert.id) for step in self._firing.values()}
        self._refused &= firing
        self._without_link &= firing

    def unsettled_from(self) -> int | None:
        """Return the offset of the first step since everything that was due had been sent, or None."""
        return self._changed_from

    def counts(self) -> DeliveryCounts:
        """Count the incidents that are firing in Alertmanager, and the alerts that are due there for the first time."""
        waiting = sum(not alert.firing or alert.labels not in self._delivered for alert in self.due())
        return DeliveryCounts(len({delivered.step.incident for delivered in self._delivered.values()}), waiting)


def identity(step: DeliveryStep) -> Labels:
    """Return the labels that identify a step's alert in Alertmanager; a reason for suppression is one of them."""
    labels = {name: value for name, value in step.alert.labels.items() if value}
    if step.alert.suppressed:
        labels["suppressed"] = step.alert.suppressed
    return tuple(sorted(labels.items()))
