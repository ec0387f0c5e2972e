"""Delivery of one partition of social.alerts: restored after a start, then step by step, with pauses after failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic

from streams.core.deliver.state import StateT
from streams.core.deliver.step import DeliveryStep
from streams.core.recent import RecentSet
from streams.records import alert_from_bytes

if TYPE_CHECKING:
    from streams.core.deliver.suppression import Suppression

FIRST_DELAY_SECONDS: Final = 1.0
LAST_DELAY_SECONDS: Final = 60.0
"""Pauses between two attempts: each is twice as long as the one before, from the first up to the last."""

JITTER: Final = 0.2
"""Share by which a pause is longer or shorter at random, so that several bridges do not retry in step."""

RECENT_STEPS: Final = 10_000
"""Steps within which a repeat is dropped: a detect worker that is restarted may send its latest steps again."""

BACKLOG: Final = 500
"""Waiting messages at which no more records are read."""


class PartitionDelivery(Generic[StateT]):
    """The delivery of one partition: its state, its position, and the time of the next attempt.

    Parameters
    ----------
    partition
        Number of the partition.
    state
        An empty delivery state of the receiver's kind.
    suppression
        Decides which steps are not delivered.
    begin
        First offset that the partition still holds.
    settled
        First offset that no earlier run has settled; None for a first run, which delivers the incidents that are firing
        at `end` and none that were resolved before.
    end
        First offset that did not exist when the partition was assigned.
    """

    def __init__(
        self,
        partition: int,
        state: StateT,
        suppression: Suppression,
        *,
        begin: int,
        settled: int | None,
        end: int,
    ) -> None:
        self._partition = partition
        self.state = state
        self._suppression = suppression
        self._is_first_run = settled is None
        self.has_started = False
        self._restore_to = end if settled is None else settled
        self._firing: dict[str, DeliveryStep] = {}
        self._seen: RecentSet[str] = RecentSet(RECENT_STEPS)
        self.next = begin
        self.committed = -1 if settled is None else settled
        self._delay = FIRST_DELAY_SECONDS
        self.retry_at = 0.0

    @property
    def is_restored(self) -> bool:
        """Whether every record before the assignment's starting point has been read."""
        return self.next >= self._restore_to

    def start(self, now_ms: int) -> bool:
        """Begin to deliver once the state is restored, and return whether this is the first call.

        A first run adds the incidents that are firing as new.
        """
        if self.has_started:
            return False
        self.has_started = True
        if self._is_first_run:
            self._is_first_run = False
            for step in sorted(self._firing.values(), key=lambda step: step.offset):
                self.state.add(step, now_ms)
            self._firing.clear()
        return True

    def add(self, value: bytes | None, offset: int, broker_ms: int, now_ms: int) -> str | None:
        """Add the next record of the partition.

        Parameters
        ----------
        value, offset, broker_ms
            The record's bytes, its offset, and when the broker appended it, in milliseconds since the epoch.
        now_ms
            Current time, in milliseconds since the epoch.

        Returns
        -------
        str or None
            Why a new step is suppressed; None if it is not, or if the record is restored or a repeat.

        Raises
        ------
        RecordError
            If the record can't be decoded.
        """
        is_restoring = not self.is_restored
        self.next = offset + 1
        step = DeliveryStep(alert_from_bytes(value), self._partition, offset, broker_ms, value or b"")
        if not self._seen.add_new(step.alert.id):
            return None
        if not is_restoring:
            self.state.add(step, now_ms)
            return self._suppression.reason(step.alert, now_ms)
        if not self._is_first_run:
            self.state.restore(step)
        elif step.alert.status == "firing":
            self._firing[step.incident] = step
        else:
            self._firing.pop(step.incident, None)
        return None

    @property
    def position(self) -> int:
        """First offset from which a restart has to deliver."""
        unsettled = self.state.unsettled_from()
        if self.committed < 0 and unsettled is not None:
            return self.committed  # a first run that has not delivered everything yet is repeated as a first run
        return max(self.committed, self.next if unsettled is None else min(unsettled, self.next))

    def failed(self, now: float, retry_after_seconds: float | None, jitter: float) -> float:
        """Schedule the next attempt after a failure.

        Parameters
        ----------
        now
            Monotonic time, in seconds.
        retry_after_seconds
            The pause that the receiver asks for, if any; it is granted up to `LAST_DELAY_SECONDS`.
        jitter
            A random number from -1 to 1.

        Returns
        -------
        float
            Seconds until the next attempt.
        """
        delay = max(self._delay * (1 + JITTER * jitter), min(retry_after_seconds or 0, LAST_DELAY_SECONDS))
        self._delay = min(2 * self._delay, LAST_DELAY_SECONDS)
        self.retry_at = now + delay
        return delay

    def succeeded(self) -> None:
        """Reset the pause after a success."""
        self._delay = FIRST_DELAY_SECONDS
        self.retry_at = 0.0
