"""Signed webhooks: the body, the signature, and the settings that are needed."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook as Verifier

from streams.config import WEBHOOK_KEY_VARIABLE, BridgeSettings
from streams.errors import ConfigError
from streams.workers.receivers.webhook import Webhook, sender
from tests.support.alerts import step
from tests.support.receivers import config_with

if TYPE_CHECKING:
    from pathlib import Path

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
URL = "https://pager.example/in"


def test_a_step_is_posted_as_in_the_topic_and_its_signature_verifies(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    section = {"url": URL, "signing_key_file": str(tmp_path / "key")}
    receiver = Webhook(BridgeSettings.model_validate({"webhook": section}))
    sent = step()
    url, body, headers = receiver.request(sent, int(time.time() * 1000))
    assert url == URL
    assert headers["webhook-id"] == "a1"
    verified = Verifier(KEY).verify(body, dict(headers))
    assert verified["type"] == "io.firewatch.incident.open"
    assert sent.value in body


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK_KEY_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=r"bridge\.webhook\.url"):
        sender(config_with(BridgeSettings()))
    with pytest.raises(ConfigError, match=WEBHOOK_KEY_VARIABLE):
        sender(config_with(BridgeSettings.model_validate({"webhook": {"url": URL}})))
