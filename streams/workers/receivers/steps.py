"""Sending the steps of incidents one by one, in order, to receivers that want each step once."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from detectors.units import HOUR_MS
from streams.core.deliver.step_queue import StepQueue
from streams.core.deliver.verdict_queue import VerdictQueue
from streams.errors import DeliveryDenied, DeliveryFailed, DeliveryRefused
from streams.workers.receivers.base import rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.config import BridgeSettings
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression
    from streams.workers.receivers.base import Attempt


class Request(NamedTuple):
    """A request to a receiver, as of `HttpClient.post`."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class StepReceiver(Protocol):
    """A receiver that accepts single steps."""

    def request(self, step: DeliveryStep, now_ms: int) -> Request:
        """Return the request that delivers a step.

        It is rendered apart from being sent: whatever it raises concerns the step alone, which is then dropped.
        """


QueueT = TypeVar("QueueT", bound=StepQueue)


class QueueSender(ABC, Generic[QueueT]):
    """Sends what is queued in order, and drops what has failed for longer than `bridge.retry_hours`.

    What a receiver denies waits for as long as it does: a setting has to be repaired, and nothing is dropped for it.

    Parameters
    ----------
    target
        Name of the receiver.
    settings
        The config's section `bridge`.
    clock
        Monotonic time, in seconds.
    """

    def __init__(self, target: str, settings: BridgeSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.target = target
        self._clock = clock
        self._retry_seconds = settings.retry_hours * 3_600
        self._forget_after_ms = round(settings.forget_after_hours * HOUR_MS)
        self._failing_since: dict[str, float] = {}

    @abstractmethod
    def new_state(self, suppression: Suppression) -> QueueT:
        """Return an empty queue."""

    @abstractmethod
    async def send(self, state: QueueT, step: DeliveryStep, attempt: Attempt) -> None:
        """Send a step.

        Raises
        ------
        DeliveryRefused
            If the receiver will never accept it.
        DeliveryFailed
            If the receiver may accept it later.
        """

    async def deliver(self, state: QueueT, attempt: Attempt) -> None:
        """Send the queued steps in order."""
        while state.steps:
            step = state.steps[0]
            try:
                await self.send(state, step, attempt)
                attempt.delivered(1)
            except DeliveryRefused as refusal:
                await attempt.drop(step, refusal)
            except DeliveryFailed as failure:
                await attempt.drop(step, self.given_up(step.alert.id, failure))
            self._failing_since.pop(step.alert.id, None)
            state.steps.popleft()

    def given_up(self, id: str, failure: DeliveryFailed) -> DeliveryFailed:
        """Return the failure for which something is dropped, or raise the one given while it is to be tried again."""
        now = self._clock()
        is_overdue = now - self._failing_since.setdefault(id, now) >= self._retry_seconds
        if not is_overdue or isinstance(failure, DeliveryDenied):
            raise failure
        return DeliveryFailed("gave_up", f"tried for {self._retry_seconds / 3600:g} h, last failure: {failure.detail}")


VerdictQueueT = TypeVar("VerdictQueueT", bound=VerdictQueue)


class VerdictSender(QueueSender[VerdictQueueT]):
    """Sends verdicts too, after the steps that wait."""

    @abstractmethod
    async def send_verdict(self, state: VerdictQueueT, verdict: DeliveryVerdict, attempt: Attempt) -> None:
        """Send a verdict; raises as `send` does."""

    async def deliver(self, state: VerdictQueueT, attempt: Attempt) -> None:
        """Send the queued steps, then the queued verdicts, in order."""
        await super().deliver(state, attempt)
        while state.verdicts:
            verdict = state.verdicts[0]
            try:
                await self.send_verdict(state, verdict, attempt)
                attempt.delivered(0)
            except DeliveryRefused as refusal:
                attempt.drop_verdict(verdict, refusal)
            except DeliveryFailed as failure:
                attempt.drop_verdict(verdict, self.given_up(verdict.id, failure))
            self._failing_since.pop(verdict.id, None)
            state.verdicts.popleft()


class StepSender(QueueSender[StepQueue]):
    """Sends steps to a `StepReceiver`.

    Parameters
    ----------
    target, settings, clock
        As of `QueueSender`.
    receiver
        Renders a single step.
    """

    def __init__(
        self,
        target: str,
        settings: BridgeSettings,
        receiver: StepReceiver,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(target, settings, clock)
        self._receiver = receiver

    def new_state(self, suppression: Suppression) -> StepQueue:
        """Return an empty queue."""
        return StepQueue(suppression, self._forget_after_ms)

    async def send(self, state: StepQueue, step: DeliveryStep, attempt: Attempt) -> None:  # noqa: ARG002  as in the base
        """Send a step; if the receiver refuses it, send it again without its links, which may be the reason."""
        try:
            await attempt.http.post(*self._request(step, attempt.now_ms))
        except DeliveryRefused as refusal:
            plain = step.without_links()
            if plain is None:
                raise
            try:
                await attempt.http.post(*self._request(plain, attempt.now_ms))
            except DeliveryRefused:
                raise refusal from None
            attempt.links_refused(step, refusal)

    def _request(self, step: DeliveryStep, now_ms: int) -> Request:
        with rendering():
            return self._receiver.request(step, now_ms)
