"""Delivery state of receivers that want each step of an incident once, in the order of the topic."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from streams.core.deliver.state import DeliveryCounts
from streams.core.recent import RecentSet
from streams.records import utc

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression

MAX_CLOSED: Final = 1_000
"""Resolved incidents that are remembered because late posts may still correct them."""


class StepQueue:
    """The steps of one partition that a receiver has not accepted yet.

    Once a receiver has been notified of an incident it gets every further step up to the resolution, even if the
    incident is suppressed or silenced later: no incident stays open at the receiver for ever.

    Parameters
    ----------
    suppression
        Decides which steps are not delivered.
    forget_after_ms
        The setting `bridge.forget_after_hours`, in milliseconds.
    """

    def __init__(self, suppression: Suppression, forget_after_ms: int) -> None:
        self._suppression = suppression
        self._forget_after_ms = forget_after_ms
        self._firing: dict[str, DeliveryStep] = {}
        self._notified: set[str] = set()
        self._silenced: dict[str, DeliveryStep] = {}
        self._closed: RecentSet[str] = RecentSet(MAX_CLOSED)
        self.steps: deque[DeliveryStep] = deque()

    def restore(self, step: DeliveryStep) -> None:
        """Record a step that an earlier run has settled."""
        self._record(step, step.broker_ms)

    def add(self, step: DeliveryStep, now_ms: int) -> None:
        """Queue a new step unless it is suppressed."""
        if self._record(step, now_ms):
            self.steps.append(step)

    def tick(self, now_ms: int) -> None:
        """Resolve incidents without news for too long, and queue steps whose silence has expired."""
        for step in [step for step in self._firing.values() if now_ms - step.broker_ms >= self._forget_after_ms]:
            self.add(_resolution(step), now_ms)
        for step in list(self._silenced.values()):
            if self._suppression.reason(step.alert, now_ms) is None:
                self.add(step, now_ms)

    def _record(self, step: DeliveryStep, at_ms: int) -> bool:
        """Record the step, and return whether the receiver is to be sent it."""
        incident = step.incident
        was_notified = incident in self._notified
        if step.alert.status == "resolved":
            self._firing.pop(incident, None)
            self._silenced.pop(incident, None)
            self._notified.discard(incident)
            if was_notified:
                self._closed.add_new(incident)
            return was_notified or incident in self._closed
        self._firing[incident] = step
        reason = self._suppression.reason(step.alert, at_ms)
        if reason == "silenced":
            self._silenced[incident] = step
            return False
        self._silenced.pop(incident, None)
        if reason is None:
            self._notified.add(incident)
        return reason is None or was_notified

    def was_notified(self, incident: str) -> bool:
        """Return whether the receiver is sent an incident, or was before it was resolved."""
        return incident in self._notified or incident in self._closed

    def add_verdict(self, verdict: DeliveryVerdict, now_ms: int, *, is_new: bool) -> None:
        """Record nothing: this receiver is not sent verdicts."""

    def unsettled_from(self) -> int | None:
        """Return the offset of the first step in the queue, or None if it is empty."""
        return self.steps[0].offset if self.steps else None

    def counts(self) -> DeliveryCounts:
        """Count the incidents that are open at the receiver and the steps in the queue."""
        return DeliveryCounts(len(self._notified), len(self.steps))


def _resolution(step: DeliveryStep) -> DeliveryStep:
    """Return a resolution for an incident whose last step is `step`, in the form its own resolution would have."""
    alert = step.alert.model_copy(
        update={
            "id": f"{step.alert.id}-forgotten",
            "kind": "resolve",
            "status": "resolved",
            "ends_at": utc(step.broker_ms),
            "summary": f"{step.alert.summary} No further step has arrived since; the incident is considered resolved.",
        }
    )
    return step._replace(alert=alert, value=alert.to_bytes())
