"""Delivery state of a receiver that is sent the verdicts on its incidents, too."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from streams.core.deliver.step_queue import StepQueue
from streams.core.recent import RecentMap

if TYPE_CHECKING:
    from streams.core.deliver.state import DeliveryCounts
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression

MAX_INCIDENTS: Final = 200
"""Incidents of a partition whose newest step and newest verdict are kept."""


class VerdictQueue(StepQueue):
    """The steps and verdicts of one partition that a receiver has not accepted yet.

    Only verdicts on incidents that the receiver has been notified of are queued. They follow the steps that wait.

    Parameters
    ----------
    suppression
        Decides which steps are not delivered.
    forget_after_ms
        The setting `bridge.forget_after_hours`, in milliseconds.
    past_ms
        Age up to which verdicts that were there before are queued, in milliseconds; 0 for a receiver with which
        repeats can't be avoided.
    """

    def __init__(self, suppression: Suppression, forget_after_ms: int, past_ms: int) -> None:
        super().__init__(suppression, forget_after_ms)
        self._past_ms = past_ms
        self._newest: RecentMap[str, DeliveryStep] = RecentMap(MAX_INCIDENTS)
        self._verdict_on: RecentMap[str, DeliveryVerdict] = RecentMap(MAX_INCIDENTS)
        self.verdicts: deque[DeliveryVerdict] = deque()

    def newest(self, incident: str) -> DeliveryStep | None:
        """Return the newest step of an incident, None if it is not known any more."""
        return self._newest.get(incident)

    def verdict_on(self, incident: str) -> DeliveryVerdict | None:
        """Return the newest verdict on an incident, None if there is none."""
        return self._verdict_on.get(incident)

    def add_verdict(self, verdict: DeliveryVerdict, now_ms: int, *, is_new: bool) -> None:
        """Queue a verdict if the receiver is to be sent it."""
        if self.was_notified(verdict.incident):
            self._verdict_on.put_new(verdict.incident, verdict)
            if is_new or now_ms - verdict.broker_ms < self._past_ms:
                self.verdicts.append(verdict)

    def _record(self, step: DeliveryStep, at_ms: int) -> bool:
        is_wanted = super()._record(step, at_ms)
        if self.was_notified(step.incident):
            self._newest.put_new(step.incident, step)
        return is_wanted

    def counts(self) -> DeliveryCounts:
        """Count the incidents that are open at the receiver, and the steps and verdicts in the queue."""
        counts = super().counts()
        return counts._replace(waiting=counts.waiting + len(self.verdicts))
