"""Attempts: what is retried, how long, and what is given up."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from streams.config import BridgeSettings
from streams.core.deliver.delivery import FIRST_DELAY_SECONDS, LAST_DELAY_SECONDS, Lane
from streams.core.deliver.suppression import Holding, Silences
from streams.errors import DeliveryError, DeliveryFailed, DeliveryRefused
from streams.workers.bridge_senders import StandingCourier, StepCourier
from tests.support.alerts import START_MS, step

HOLDING = Holding(Silences(), send_suppressed=False)


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
    courier = StepCourier("webhook", BridgeSettings(retry_hours=1), receiver, clock)
    ledger = courier.ledger(HOLDING)
    ledger.take(step(), START_MS)
    ledger.take(step(id="a2", kind="update", offset=1), START_MS)
    for clock.now in (0.0, 3_599.0):
        with pytest.raises(DeliveryFailed):
            await courier.deliver(ledger, None, START_MS, ignore, grave)  # type: ignore[arg-type]
        assert ledger.unsettled_from() == 0
    clock.now = 3_600.0
    await courier.deliver(ledger, None, START_MS, ignore, grave)  # type: ignore[arg-type]
    assert grave.reasons == [("a1", "gave_up")]
    assert [each.alert.id for each in receiver.taken] == ["a2"]


async def test_one_bad_alert_does_not_take_the_others_with_it() -> None:
    refusal = DeliveryRefused("http_400", "")
    receiver, grave = Receiver(refusal, None, refusal), Grave()
    courier = StandingCourier(BridgeSettings(), receiver)  # type: ignore[arg-type]
    ledger = courier.ledger(HOLDING)
    for number, incident in enumerate(("i1", "i2", "i3")):
        ledger.take(step(incident, incident, offset=number), START_MS)
    counted: list[int] = []
    await courier.deliver(ledger, None, START_MS, counted.append, grave)  # type: ignore[arg-type]
    assert grave.reasons == [("i2", "http_400")]
    assert [notice.step.incident for (notice,) in receiver.taken] == ["i1", "i3"]
    assert sum(counted) == 2
    assert ledger.unsettled_from() is None


def lane() -> Lane[Any]:
    courier = StepCourier("webhook", BridgeSettings(), Receiver())
    return Lane(courier.ledger(HOLDING), HOLDING, "webhook", begin=0, settled=0, end=0)


def test_pauses_double_up_to_a_limit_and_start_anew_after_a_success() -> None:
    tried = lane()
    delays = [tried.failed(0.0, None) for _ in range(12)]
    for number, delay in enumerate(delays):
        expected = min(FIRST_DELAY_SECONDS * 2**number, LAST_DELAY_SECONDS)
        assert 0.8 * expected <= delay <= 1.2 * expected
    tried.succeeded()
    assert tried.failed(0.0, None) <= 1.2 * FIRST_DELAY_SECONDS


def test_a_receiver_may_ask_for_a_longer_pause_but_not_for_ever() -> None:
    assert lane().failed(0.0, 7.0) == 7.0
    assert lane().failed(0.0, 1e9) == LAST_DELAY_SECONDS
