"""How the state of a partition reaches its receiver: in one message of what stands, or step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, Protocol

from detectors.units import HOUR_MS
from streams.core.deliver.alert_state import AlertState
from streams.core.deliver.state import StateT
from streams.core.deliver.step_queue import StepQueue
from streams.errors import DeliveryFailed, DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from streams.config import BridgeSettings
    from streams.core.deliver.alert_state import PostableAlert
    from streams.core.deliver.step import DeliveryStep
    from streams.core.deliver.suppression import Suppression
    from streams.workers.http import HttpClient
    from streams.workers.receivers import Alertmanager, StepReceiver

    Drop = Callable[[DeliveryStep, DeliveryRefused | DeliveryFailed], Awaitable[None]]

CHUNK: Final = 64
"""Alerts in one request; Prometheus sends as many."""


class Sender(Protocol, Generic[StateT]):
    """Carries what a state holds to a receiver.

    Attributes
    ----------
    target
        Names the receiver in metrics.
    """

    target: str

    def new_state(self, suppression: Suppression) -> StateT:
        """A state of the kind that it carries."""

    async def deliver(
        self, state: StateT, http: HttpClient, now_ms: int, sent: Callable[[int], None], drop: Drop
    ) -> None:
        """Deliver all that is due.

        Parameters
        ----------
        sent
            Is told how many alerts have just been taken.
        drop
            Takes what can't be delivered.

        Raises
        ------
        DeliveryFailed
            If the receiver does not take alerts now; what it has taken by then is noted in the state.
        """


class AlertmanagerSender:
    """To Alertmanager."""

    target = "alertmanager"

    def __init__(self, settings: BridgeSettings, receiver: Alertmanager) -> None:
        self._receiver = receiver
        self._resend_ms = round(settings.alertmanager.resend_seconds * 1000)
        self._forget_after_ms = round(settings.forget_after_hours * HOUR_MS)

    def new_state(self, suppression: Suppression) -> AlertState:
        """As in `Sender`."""
        return AlertState(suppression, self._resend_ms, self._forget_after_ms)

    async def deliver(
        self, state: AlertState, http: HttpClient, now_ms: int, sent: Callable[[int], None], drop: Drop
    ) -> None:
        """As in `Sender`."""
        due = state.due()
        for start in range(0, len(due), CHUNK):
            chunk = due[start : start + CHUNK]
            try:
                await self._receiver.send(http, chunk, now_ms)
            except DeliveryRefused as refusal:
                if len(chunk) == 1:
                    await self._refused(state, chunk[0], refusal, drop)
                else:
                    await self._one_by_one(state, chunk, http, now_ms, sent, drop)
                continue
            for notice in chunk:
                state.delivered(notice)
            sent(len(chunk))
        state.settle()

    async def _one_by_one(
        self,
        state: AlertState,
        alerts: list[PostableAlert],
        http: HttpClient,
        now_ms: int,
        sent: Callable[[int], None],
        drop: Drop,
    ) -> None:
        """Find out which of several is refused."""
        for notice in alerts:
            try:
                await self._receiver.send(http, [notice], now_ms)
            except DeliveryRefused as refusal:
                await self._refused(state, notice, refusal, drop)
                continue
            state.delivered(notice)
            sent(1)

    async def _refused(self, state: AlertState, notice: PostableAlert, refusal: DeliveryRefused, drop: Drop) -> None:
        await drop(notice.step, refusal)
        state.refused(notice)


class StepSender:
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

    def new_state(self, suppression: Suppression) -> StepQueue:
        """As in `Sender`."""
        return StepQueue(suppression, self._forget_after_ms)

    async def deliver(
        self, state: StepQueue, http: HttpClient, now_ms: int, sent: Callable[[int], None], drop: Drop
    ) -> None:
        """As in `Sender`."""
        while state.steps:
            step = state.steps[0]
            try:
                await self._receiver.send(http, step, now_ms)
                sent(1)
            except DeliveryRefused as refusal:
                await drop(step, refusal)
            except DeliveryFailed as failure:
                if not self._hopeless(step):
                    raise
                detail = f"tried for {self._retry_seconds / 3600:g} h, at last: {failure.detail}"
                await drop(step, DeliveryFailed("gave_up", detail))
            self._failing_since.pop(step.alert.id, None)
            state.steps.popleft()

    def _hopeless(self, step: DeliveryStep) -> bool:
        """Whether this step has failed for longer than `bridge.retry_hours`."""
        now = self._clock()
        return now - self._failing_since.setdefault(step.alert.id, now) >= self._retry_seconds
