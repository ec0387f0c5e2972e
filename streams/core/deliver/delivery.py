"""One partition of social.alerts on its way to a receiver."""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic

from streams.core.deliver.step import Step
from streams.records import alert_from_bytes
from streams.runtime import metrics
from streams.workers.bridge_senders import LedgerT

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord

    from streams.core.deliver.suppression import Holding

FIRST_DELAY_SECONDS: Final = 1.0
LAST_DELAY_SECONDS: Final = 60.0
"""Between two attempts, each pause twice as long as the one before, give or take a fifth."""

RECENT_STEPS: Final = 10_000
"""Steps within which a repeat is dropped: a detect worker that is restarted may send its latest ones again."""

BACKLOG: Final = 500
"""Messages that wait for the receiver before no more are read."""


class Lane(Generic[LedgerT]):
    """What is known of the partition, and when the receiver is tried next.

    Parameters
    ----------
    ledger
        Empty.
    holding
        What is held back.
    target
        Of metrics.
    begin
        First offset that is still there.
    settled
        First offset that no earlier run has settled; None if there was none: then what is firing by `end` is told, and
        what was over by then is not.
    end
        First offset that did not exist when the partition was assigned.
    """

    def __init__(
        self, ledger: LedgerT, holding: Holding, target: str, *, begin: int, settled: int | None, end: int
    ) -> None:
        self.ledger = ledger
        self._holding = holding
        self._target = target
        self._is_new = settled is None
        self._recall_to = end if settled is None else settled
        self._firing: dict[str, Step] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.next = begin
        self.committed = -1 if settled is None else settled
        self._delay = FIRST_DELAY_SECONDS
        self.retry_at = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether all is recalled that was before."""
        return self.next >= self._recall_to

    def start(self, now_ms: int) -> None:
        """Once it is ready: in a first run, take what is firing for new."""
        if self._is_new:
            self._is_new = False
            for step in sorted(self._firing.values(), key=lambda step: step.offset):
                self.ledger.take(step, now_ms)
            self._firing.clear()

    def take(self, record: ConsumerRecord, now_ms: int) -> None:
        """Take in the next record.

        Raises
        ------
        RecordError
            If it is none that can be read and no earlier run has said so.
        """
        recalling = not self.is_ready
        self.next = record.offset + 1
        step = Step(
            alert_from_bytes(record.value), record.partition, record.offset, record.timestamp, record.value or b""
        )
        if self._is_repeat(step):
            return
        if not recalling:
            if reason := self._holding.reason(step.alert, now_ms):
                metrics.BRIDGE_HELD_BACK.labels(self._target, reason).inc()
            self.ledger.take(step, now_ms)
        elif not self._is_new:
            self.ledger.recall(step)
        elif step.alert.status == "firing":
            self._firing[step.incident] = step
        else:
            self._firing.pop(step.incident, None)

    def _is_repeat(self, step: Step) -> bool:
        if step.alert.id in self._seen:
            return True
        self._seen[step.alert.id] = None
        if len(self._seen) > RECENT_STEPS:
            self._seen.popitem(last=False)
        return False

    @property
    def position(self) -> int:
        """First offset that a restart must take for new."""
        unsettled = self.ledger.unsettled_from()
        if self.committed < 0 and unsettled is not None:
            return self.committed  # a first run that has not told all yet is the first one again
        return max(self.committed, self.next if unsettled is None else min(unsettled, self.next))

    def failed(self, now: float, retry_after_seconds: float | None) -> float:
        """Wait before the next attempt; gives the seconds."""
        delay = max(self._delay * random.uniform(0.8, 1.2), min(retry_after_seconds or 0, LAST_DELAY_SECONDS))
        self._delay = min(2 * self._delay, LAST_DELAY_SECONDS)
        self.retry_at = now + delay
        return delay

    def succeeded(self) -> None:
        """The next failure is a first one."""
        self._delay = FIRST_DELAY_SECONDS
        self.retry_at = 0.0
