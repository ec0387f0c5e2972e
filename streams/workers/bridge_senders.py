"""How the ledger of a partition reaches its receiver: in one message of what stands, or step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from detectors.units import HOUR_MS
from streams.core.deliver.alert_state import Standing
from streams.core.deliver.step import Ledger
from streams.core.deliver.step_queue import StepQueue
from streams.errors import DeliveryFailed, DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from streams.config import BridgeSettings
    from streams.core.deliver.alert_state import Notice
    from streams.core.deliver.step import Step
    from streams.core.deliver.suppression import Holding
    from streams.workers.http import Http
    from streams.workers.receivers import Alertmanager, StepReceiver

    Bury = Callable[[Step, DeliveryRefused | DeliveryFailed], Awaitable[None]]

CHUNK: Final = 64
"""Alerts in one request; Prometheus sends as many."""

LedgerT = TypeVar("LedgerT", bound=Ledger)


class Courier(Protocol, Generic[LedgerT]):
    """Carries what a ledger holds to a receiver.

    Attributes
    ----------
    target
        Names the receiver in metrics.
    """

    target: str

    def ledger(self, holding: Holding) -> LedgerT:
        """A ledger of the kind that it carries."""

    async def deliver(self, ledger: LedgerT, http: Http, now_ms: int, sent: Callable[[int], None], bury: Bury) -> None:
        """Deliver all that is due.

        Parameters
        ----------
        sent
            Is told how many alerts have just been taken.
        bury
            Takes what can't be delivered.

        Raises
        ------
        DeliveryFailed
            If the receiver does not take alerts now; what it has taken by then is noted in the ledger.
        """


class StandingCourier:
    """To Alertmanager."""

    target = "alertmanager"

    def __init__(self, settings: BridgeSettings, receiver: Alertmanager) -> None:
        self._receiver = receiver
        self._resend_ms = round(settings.alertmanager.resend_seconds * 1000)
        self._forget_after_ms = round(settings.forget_after_hours * HOUR_MS)

    def ledger(self, holding: Holding) -> Standing:
        """As in `Courier`."""
        return Standing(holding, self._resend_ms, self._forget_after_ms)

    async def deliver(self, ledger: Standing, http: Http, now_ms: int, sent: Callable[[int], None], bury: Bury) -> None:
        """As in `Courier`."""
        due = ledger.due()
        for start in range(0, len(due), CHUNK):
            chunk = due[start : start + CHUNK]
            try:
                await self._receiver.send(http, chunk, now_ms)
            except DeliveryRefused as refusal:
                if len(chunk) == 1:
                    await self._refused(ledger, chunk[0], refusal, bury)
                else:
                    await self._one_by_one(ledger, chunk, http, now_ms, sent, bury)
                continue
            for notice in chunk:
                ledger.delivered(notice)
            sent(len(chunk))
        ledger.settle()

    async def _one_by_one(
        self, ledger: Standing, notices: list[Notice], http: Http, now_ms: int, sent: Callable[[int], None], bury: Bury
    ) -> None:
        """Find out which of several is refused."""
        for notice in notices:
            try:
                await self._receiver.send(http, [notice], now_ms)
            except DeliveryRefused as refusal:
                await self._refused(ledger, notice, refusal, bury)
                continue
            ledger.delivered(notice)
            sent(1)

    async def _refused(self, ledger: Standing, notice: Notice, refusal: DeliveryRefused, bury: Bury) -> None:
        await bury(notice.step, refusal)
        ledger.refused(notice)


class StepCourier:
    """To a receiver of single steps.

    Parameters
    ----------
    clock
        Monotonic seconds.
    """

    def __init__(
        self,
        target: str,
        settings: BridgeSettings,
        receiver: StepReceiver,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = target
        self._receiver = receiver
        self._clock = clock
        self._retry_seconds = settings.retry_hours * 3_600
        self._forget_after_ms = round(settings.forget_after_hours * HOUR_MS)
        self._failing_since: dict[str, float] = {}

    def ledger(self, holding: Holding) -> StepQueue:
        """As in `Courier`."""
        return StepQueue(holding, self._forget_after_ms)

    async def deliver(
        self, ledger: StepQueue, http: Http, now_ms: int, sent: Callable[[int], None], bury: Bury
    ) -> None:
        """As in `Courier`."""
        while ledger.steps:
            step = ledger.steps[0]
            try:
                await self._receiver.send(http, step, now_ms)
                sent(1)
            except DeliveryRefused as refusal:
                await bury(step, refusal)
            except DeliveryFailed as failure:
                if not self._hopeless(step):
                    raise
                detail = f"tried for {self._retry_seconds / 3600:g} h, at last: {failure.detail}"
                await bury(step, DeliveryFailed("gave_up", detail))
            self._failing_since.pop(step.alert.id, None)
            ledger.steps.popleft()

    def _hopeless(self, step: Step) -> bool:
        """Whether this step has failed for longer than `bridge.retry_hours`."""
        now = self._clock()
        return now - self._failing_since.setdefault(step.alert.id, now) >= self._retry_seconds
