"""What receivers of single steps must be told: each step once, in the order of the topic."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from streams.records import utc

if TYPE_CHECKING:
    from streams.core.deliver.step import Step
    from streams.core.deliver.suppression import Holding

CLOSED: Final = 1_000
"""Incidents that are over of which corrections are still passed on."""


class StepQueue:
    """The steps of one partition that a receiver has still to take.

    An incident that the receiver has been told of is told to its end, also when it turns out to be suppressed or is
    silenced meanwhile: nothing stays open there for ever.

    Parameters
    ----------
    holding
        What is held back.
    forget_after_ms
        As `bridge.forget_after_hours`.
    """

    def __init__(self, holding: Holding, forget_after_ms: int) -> None:
        self._holding = holding
        self._forget_after_ms = forget_after_ms
        self._firing: dict[str, Step] = {}
        self._told: set[str] = set()
        self._silenced: dict[str, Step] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self.steps: deque[Step] = deque()

    def recall(self, step: Step) -> None:
        """As in `Ledger`."""
        self._is_told(step, step.broker_ms)

    def take(self, step: Step, now_ms: int) -> None:
        """As in `Ledger`."""
        if self._is_told(step, now_ms):
            self.steps.append(step)

    def tick(self, now_ms: int) -> None:
        """As in `Ledger`."""
        for step in [step for step in self._firing.values() if now_ms - step.broker_ms >= self._forget_after_ms]:
            self.take(_forgotten(step), now_ms)
        for step in list(self._silenced.values()):
            if self._holding.reason(step.alert, now_ms) is None:
                self.take(step, now_ms)

    def _is_told(self, step: Step, at_ms: int) -> bool:
        """Note the step, and decide whether the receiver hears of it."""
        incident = step.incident
        known = incident in self._told
        if step.alert.status == "resolved":
            self._firing.pop(incident, None)
            self._silenced.pop(incident, None)
            self._told.discard(incident)
            if known:
                self._close(incident)
            return known or incident in self._closed
        self._firing[incident] = step
        reason = self._holding.reason(step.alert, at_ms)
        if reason == "silenced":
            self._silenced[incident] = step
            return False
        self._silenced.pop(incident, None)
        if reason is None:
            self._told.add(incident)
        return reason is None or known

    def _close(self, incident: str) -> None:
        """Remember that the receiver knows it: late posts may correct it after its end."""
        self._closed[incident] = None
        if len(self._closed) > CLOSED:
            self._closed.popitem(last=False)

    def unsettled_from(self) -> int | None:
        """As in `Ledger`."""
        return self.steps[0].offset if self.steps else None

    def counts(self) -> tuple[int, int]:
        """As in `Ledger`."""
        return len(self._told), len(self.steps)


def _forgotten(step: Step) -> Step:
    """The end of an incident that nothing more was heard of, as its own last step would be."""
    alert = step.alert.model_copy(
        update={
            "id": f"{step.alert.id}-forgotten",
            "kind": "resolve",
            "status": "resolved",
            "ends_at": utc(step.broker_ms),
            "summary": f"{step.alert.summary} Nothing has been heard of it since: taken for over.",
        }
    )
    return step._replace(alert=alert, value=alert.to_bytes())
