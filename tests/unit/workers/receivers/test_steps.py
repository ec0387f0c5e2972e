"""Attempts to send steps: what is retried, how long, and what is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.config import BridgeSettings
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryFailed, DeliveryRefused
from streams.workers.receivers.base import rendering
from streams.workers.receivers.steps import Request, StepSender
from tests.support.alerts import START_MS, step
from tests.support.receivers import FakeReceiver, Outcomes

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep

SUPPRESSION = Suppression(Silences(), send_suppressed=False)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_step_is_retried_until_its_time_is_up_and_then_dropped() -> None:
    clock, outcomes = Clock(), Outcomes()
    receiver = FakeReceiver(*[DeliveryFailed("http_500", "")] * 3)
    sender = StepSender("webhook", BridgeSettings(retry_hours=1), receiver, clock)
    state = sender.new_state(SUPPRESSION)
    state.add(step(), START_MS)
    state.add(step(id="a2", kind="update", offset=1), START_MS)
    for clock.now in (0.0, 3_599.0):
        with pytest.raises(DeliveryFailed):
            await sender.deliver(state, outcomes.attempt(receiver))
        assert state.unsettled_from() == 0
    clock.now = 3_600.0
    await sender.deliver(state, outcomes.attempt(receiver))
    assert outcomes.dropped == [("a1", "gave_up")]
    assert [each.alert.id for each in receiver.accepted] == ["a2"]
    assert outcomes.delivered == 1
    assert state.unsettled_from() is None


async def test_a_refused_step_is_dropped_at_once_and_the_next_one_is_sent() -> None:
    receiver, outcomes = FakeReceiver(DeliveryRefused("http_422", "")), Outcomes()
    sender = StepSender("webhook", BridgeSettings(), receiver)
    state = sender.new_state(SUPPRESSION)
    state.add(step(), START_MS)
    state.add(step(id="a2", kind="update", offset=1), START_MS)
    await sender.deliver(state, outcomes.attempt(receiver))
    assert outcomes.dropped == [("a1", "http_422")]
    assert [each.alert.id for each in receiver.accepted] == ["a2"]


async def test_a_refused_step_is_sent_again_without_its_links() -> None:
    receiver, outcomes = FakeReceiver(DeliveryRefused("http_422", "")), Outcomes()
    sender = StepSender("webhook", BridgeSettings(), receiver)
    state = sender.new_state(SUPPRESSION)
    state.add(step(generator_url="http://g.example/"), START_MS)
    await sender.deliver(state, outcomes.attempt(receiver))
    assert [each.alert.generator_url for each in receiver.accepted] == [None]
    assert (outcomes.delivered, outcomes.dropped) == (1, [])
    assert outcomes.links_refused == [("a1", "http_422")]


async def test_a_step_that_is_refused_without_its_links_too_is_dropped_for_the_first_reason() -> None:
    receiver = FakeReceiver(DeliveryRefused("http_422", ""), DeliveryRefused("http_400", ""))
    outcomes = Outcomes()
    sender = StepSender("webhook", BridgeSettings(), receiver)
    state = sender.new_state(SUPPRESSION)
    state.add(step(generator_url="http://g.example/"), START_MS)
    await sender.deliver(state, outcomes.attempt(receiver))
    assert (outcomes.delivered, outcomes.dropped, outcomes.links_refused) == (0, [("a1", "http_422")], [])


async def test_a_step_that_cannot_be_rendered_is_dropped_and_the_next_one_is_sent() -> None:
    class Brittle(FakeReceiver):
        def request(self, step: DeliveryStep, now_ms: int) -> Request:
            if step.alert.id == "a1":
                raise ValueError("Invalid \x1b[31mIPv6 URL")
            return super().request(step, now_ms)

    receiver, outcomes = Brittle(), Outcomes()
    sender = StepSender("slack", BridgeSettings(), receiver)
    state = sender.new_state(SUPPRESSION)
    state.add(step(), START_MS)
    state.add(step(id="a2", kind="update", offset=1), START_MS)
    await sender.deliver(state, outcomes.attempt(receiver))
    assert outcomes.dropped == [("a1", "not_rendered")]
    assert [each.alert.id for each in receiver.accepted] == ["a2"]


def test_the_refusal_names_the_exception_without_its_escapes() -> None:
    with pytest.raises(DeliveryRefused) as caught, rendering():
        raise ValueError("Invalid \x1b[31mURL")
    detail = caught.value.detail
    assert detail.startswith("ValueError: Invalid")
    assert detail.isprintable()
