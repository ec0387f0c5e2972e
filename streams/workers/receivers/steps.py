"""Sending the steps of incidents one by one, in order, to receivers that want each step once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from detectors.units import HOUR_MS
from streams.core.deliver.step_queue import StepQueue
from streams.errors import DeliveryFailed, DeliveryRefused
from streams.workers.receivers.base import rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.config import BridgeSettings
    from streams.core.deliver.step import DeliveryStep
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


class StepSender:
    """Sends steps to a `StepReceiver`, and drops a step that has failed for longer than `bridge.retry_hours`.

    Parameters
    ----------
    target
        Name of the receiver.
    settings
        The config's section `bridge`.
    receiver
        Sends a single step.
    clock
        Monotonic time, in seconds.
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
        """Return an empty queue."""
        return StepQueue(suppression, self._forget_after_ms)

    async def deliver(self, state: StepQueue, attempt: Attempt) -> None:
        """Send the queued steps in order."""
        while state.steps:
            step = state.steps[0]
            try:
                await self._send(step, attempt)
                attempt.delivered(1)
            except DeliveryRefused as refusal:
                await attempt.drop(step, refusal)
            except DeliveryFailed as failure:
                if not self._is_overdue(step):
                    raise
                detail = f"tried for {self._retry_seconds / 3600:g} h, last failure: {failure.detail}"
                await attempt.drop(step, DeliveryFailed("gave_up", detail))
            self._failing_since.pop(step.alert.id, None)
            state.steps.popleft()

    async def _send(self, step: DeliveryStep, attempt: Attempt) -> None:
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

    def _is_overdue(self, step: DeliveryStep) -> bool:
        now = self._clock()
        return now - self._failing_since.setdefault(step.alert.id, now) >= self._retry_seconds
