"""The registry of receivers: one line makes a receiver known to the bridge, and an unknown name is an error."""

from __future__ import annotations

import pytest

from streams.config import SLACK_URL_VARIABLE, WEBHOOK_KEY_VARIABLE, BridgeSettings, receiver_names
from streams.core.deliver.delivery import PartitionDelivery
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import ConfigError
from streams.workers.receivers import RECEIVERS, sender_for
from streams.workers.receivers.steps import StepSender
from tests.support.alerts import START_MS, alert
from tests.support.receivers import FakeReceiver, Outcomes

KEY = "whsec_" + "a" * 32


def test_the_registry_and_the_config_have_the_same_receivers() -> None:
    assert sorted(RECEIVERS) == sorted(receiver_names())


@pytest.mark.parametrize("name", sorted(RECEIVERS))
def test_a_sender_has_the_name_under_which_it_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLACK_URL_VARIABLE, "https://hooks.example/T0")
    monkeypatch.setenv(WEBHOOK_KEY_VARIABLE, KEY)
    settings = BridgeSettings.model_validate({"webhook": {"url": "https://pager.example/in"}})
    assert sender_for(name, settings).target == name


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        sender_for("pigeon", BridgeSettings())
    assert f"unknown receiver 'pigeon'; known receivers are {', '.join(sorted(RECEIVERS))}" in str(caught.value)


async def test_a_receiver_is_added_by_one_line_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    pigeon = FakeReceiver()
    monkeypatch.setitem(RECEIVERS, "pigeon", lambda settings: StepSender("pigeon", settings, pigeon))
    sender = sender_for("pigeon", BridgeSettings())
    suppression, outcomes = Suppression(Silences(), send_suppressed=False), Outcomes()
    state = sender.new_state(suppression)
    delivery = PartitionDelivery(0, state, suppression, begin=0, settled=0, end=0)
    delivery.add(alert("i1", "a1").to_bytes(), 0, START_MS, START_MS)
    await sender.deliver(delivery.state, outcomes.attempt(pigeon))
    assert [step.alert.id for step in pigeon.accepted] == ["a1"]
    assert outcomes.delivered == 1
    assert delivery.position == 1
