"""The registry of receivers: one line makes a receiver known to the bridge, and an unknown name is an error."""

from __future__ import annotations

import pytest

from streams.config import (
    SLACK_TOKEN_VARIABLE,
    SLACK_URL_VARIABLE,
    WEBHOOK_KEY_VARIABLE,
    BridgeSettings,
    receiver_names,
)
from streams.core.deliver.delivery import PartitionDelivery
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import ConfigError
from streams.workers.receivers import RECEIVERS, sender_for
from streams.workers.receivers.slack.incoming_webhook import IncomingWebhookSender
from streams.workers.receivers.slack.thread_sender import ThreadSender
from streams.workers.receivers.steps import StepSender
from tests.support.alerts import START_MS, alert
from tests.support.receivers import FakeReceiver, Outcomes, config_with

KEY = "whsec_" + "a" * 32


def test_the_registry_and_the_config_have_the_same_receivers() -> None:
    assert sorted(RECEIVERS) == sorted(receiver_names())


@pytest.mark.parametrize("name", sorted(RECEIVERS))
def test_a_sender_has_the_name_under_which_it_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLACK_URL_VARIABLE, "https://hooks.example/T0")
    monkeypatch.setenv(WEBHOOK_KEY_VARIABLE, KEY)
    settings = BridgeSettings.model_validate({"webhook": {"url": "https://pager.example/in"}})
    assert sender_for(name, config_with(settings)).target == name


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        sender_for("pigeon", config_with(BridgeSettings()))
    assert f"unknown receiver 'pigeon'; known receivers are {', '.join(sorted(RECEIVERS))}" in str(caught.value)


async def test_a_receiver_is_added_by_one_line_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    pigeon = FakeReceiver()
    monkeypatch.setitem(RECEIVERS, "pigeon", lambda config: StepSender("pigeon", config.bridge, pigeon))
    sender = sender_for("pigeon", config_with(BridgeSettings()))
    suppression, outcomes = Suppression(Silences(), send_suppressed=False), Outcomes()
    state = sender.new_state(suppression)
    delivery = PartitionDelivery(0, state, suppression, begin=0, settled=0, end=0)
    delivery.add(alert("i1", "a1").to_bytes(), 0, START_MS, START_MS)
    await sender.deliver(delivery.state, outcomes.attempt(pigeon))
    assert [step.alert.id for step in pigeon.accepted] == ["a1"]
    assert outcomes.delivered == 1
    assert delivery.position == 1


@pytest.fixture
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SLACK_TOKEN_VARIABLE, SLACK_URL_VARIABLE):
        monkeypatch.delenv(name, raising=False)


def slack(**settings: str) -> BridgeSettings:
    return BridgeSettings.model_validate({"slack": settings})


@pytest.mark.usefixtures("no_secrets")
def test_slack_opens_threads_with_a_token_and_posts_single_messages_to_an_incoming_webhook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SLACK_TOKEN_VARIABLE, "xoxb-1\n")
    assert isinstance(sender_for("slack", config_with(slack(channel="C0123456789"))), ThreadSender)
    monkeypatch.delenv(SLACK_TOKEN_VARIABLE)
    monkeypatch.setenv(SLACK_URL_VARIABLE, "https://hooks.example/T0")
    assert isinstance(sender_for("slack", config_with(slack())), IncomingWebhookSender)


@pytest.mark.parametrize(
    ("token", "url", "names"),
    [
        (None, None, ["bridge.slack.token_file", SLACK_TOKEN_VARIABLE, "bridge.slack.url_file", SLACK_URL_VARIABLE]),
        ("xoxb-hunter2", None, ["bridge.slack.channel", "C0123456789"]),
        ("xoxb-hunter2", "https://hooks.example/hunter2", ["remove one of", SLACK_TOKEN_VARIABLE, SLACK_URL_VARIABLE]),
        (None, "hooks.example/hunter2", ["bridge.slack.url_file"]),
    ],
)
@pytest.mark.usefixtures("no_secrets")
def test_what_slack_needs_is_named_without_the_secrets(
    monkeypatch: pytest.MonkeyPatch, token: str | None, url: str | None, names: list[str]
) -> None:
    for variable, value in ((SLACK_TOKEN_VARIABLE, token), (SLACK_URL_VARIABLE, url)):
        if value is not None:
            monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        sender_for("slack", config_with(slack()))
    assert [name for name in names if name not in str(caught.value)] == []
    assert "hunter2" not in str(caught.value)
