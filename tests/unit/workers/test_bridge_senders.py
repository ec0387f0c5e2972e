"""Attempts: what is retried, how long, and what is given up."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from streams.config import BridgeSettings
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryError, DeliveryFailed, DeliveryRefused
from streams.workers.bridge_senders import AlertmanagerSender, StepSender
from tests.support.alerts import START_MS, step

SUPPRESSION = Suppression(Silences(), send_suppressed=False)


class Receiver:
    """Answers as it is told, then takes everything."""

    def __init__(self, *answers: Exception | None) -> None:
        self._answers = deque(answers)
        self.taken: list[Any] = []

    async def send(self, _http: Any, message: Any, _now_ms: int) -> None:
        answer = self._answers.popleft() if self._answers else None
        if answer is not None:
            raise answer
        self.taken.append(message)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Grave:
    """Takes what is given up."""

    def __init__(self) -> None:
        self.reasons: list[tuple[str, str]] = []

    async def __call__(self, step: Any, error: DeliveryError) -> None:
        self.reasons.append((step.alert.id, error.reason))


def ignore(_: int) -> None:
    """Of what was taken."""


async def test_a_step_is_tried_until_its_time_is_up_and_then_given_up() -> None:
    clock, grave = Clock(), Grave()
    receiver = Receiver(*[DeliveryFailed("http_500", "")] * 3)
    sender = StepSender("webhook", BridgeSettings(retry_hours=1), receiver, clock)
    state = sender.new_state(SUPPRESSION)
    state.add(step(), START_MS)
    state.add(step(id="a2", kind="update", offset=1), START_MS)
    for clock.now in (0.0, 3_599.0):
        with pytest.raises(DeliveryFailed):
            await sender.deliver(state, None, START_MS, ignore, grave)  # type: ignore[arg-type]
        assert state.unsettled_from() == 0
    clock.now = 3_600.0
    await sender.deliver(state, None, START_MS, ignore, grave)  # type: ignore[arg-type]
    assert grave.reasons == [("a1", "gave_up")]
    assert [each.alert.id for each in receiver.taken] == ["a2"]


async def test_one_bad_alert_does_not_take_the_others_with_it() -> None:
    refusal = DeliveryRefused("http_400", "")
    receiver, grave = Receiver(refusal, None, refusal), Grave()
    sender = AlertmanagerSender(BridgeSettings(), receiver)  # type: ignore[arg-type]
    state = sender.new_state(SUPPRESSION)
    for number, incident in enumerate(("i1", "i2", "i3")):
        state.add(step(incident, incident, offset=number), START_MS)
    counted: list[int] = []
    await sender.deliver(state, None, START_MS, counted.append, grave)  # type: ignore[arg-type]
    assert grave.reasons == [("i2", "http_400")]
    assert [notice.step.incident for (notice,) in receiver.taken] == ["i1", "i3"]
    assert sum(counted) == 2
    assert state.unsettled_from() is None
