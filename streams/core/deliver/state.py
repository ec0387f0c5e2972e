"""The interface of delivery states, which decide what a receiver has to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict


class DeliveryCounts(NamedTuple):
    """How much has been delivered and how much is waiting.

    Parameters
    ----------
    firing
        Incidents that the receiver has been notified of and that have not been resolved there.
    waiting
        Messages that the receiver has not accepted yet.
    """

    firing: int
    waiting: int


class DeliveryState(Protocol):
    """Which steps of the incidents of one partition have been delivered to a receiver, and which are due."""

    def restore(self, step: DeliveryStep) -> None:
        """Record a step that an earlier run has settled: delivered, suppressed or dropped."""

    def add(self, step: DeliveryStep, now_ms: int) -> None:
        """Record a new step."""

    def add_verdict(self, verdict: DeliveryVerdict, now_ms: int, *, is_new: bool) -> None:
        """Record a verdict: a new one, or one that was there before the partition was assigned."""

    def tick(self, now_ms: int) -> None:
        """Advance the time: silences expire, and incidents without news for too long are closed."""

    def unsettled_from(self) -> int | None:
        """Return the offset of the first step that has still to be delivered, or None if there is none."""

    def counts(self) -> DeliveryCounts:
        """Count the incidents that are firing at the receiver and the messages that are waiting."""


StateT = TypeVar("StateT", bound=DeliveryState)
