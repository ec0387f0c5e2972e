"""The section `bridge`: addresses without credentials, secrets from files, and the receivers' names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.config import SLACK_URL_VARIABLE, WEBHOOK_KEY_VARIABLE, BridgeSettings, receiver_names
from streams.config.base import Settings
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "says"),
    [("pager.example", "http://"), ("https://anna:hunter2@pager.example", "no credentials")],
)
def test_only_addresses_without_credentials_are_valid(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        BridgeSettings.model_validate({"alertmanager": {"urls": [url]}})
    assert "hunter2" not in str(caught.value)


def test_a_secret_comes_from_its_file_or_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SLACK_URL_VARIABLE, raising=False)
    (tmp_path / "url").write_text("https://hooks.example/file\n")
    slack = BridgeSettings.model_validate({"slack": {"url_file": str(tmp_path / "url")}}).slack
    from_file = slack.url()
    assert from_file is not None
    assert from_file.get_secret_value() == "https://hooks.example/file"
    monkeypatch.setenv(SLACK_URL_VARIABLE, "https://hooks.example/environment")
    from_environment = BridgeSettings().slack.url()
    assert from_environment is not None
    assert from_environment.get_secret_value() == "https://hooks.example/environment"


def test_a_file_of_signing_keys_may_have_a_line_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK_KEY_VARIABLE, raising=False)
    (tmp_path / "keys").write_text("whsec_bmV3\r\nwhsec_b2xk\n")
    keys = BridgeSettings.model_validate(
        {"webhook": {"signing_key_file": str(tmp_path / "keys")}}
    ).webhook.signing_key()
    assert keys is not None
    assert keys.get_secret_value().split() == ["whsec_bmV3", "whsec_b2xk"]
    (tmp_path / "keys").write_bytes(b"whsec_bmV3\0")
    with pytest.raises(ConfigError, match=r"bridge\.webhook\.signing_key_file"):
        BridgeSettings.model_validate({"webhook": {"signing_key_file": str(tmp_path / "keys")}}).webhook.signing_key()


def test_every_section_of_a_receiver_is_one_of_the_names_and_nothing_else_is() -> None:
    sections = {name for name, value in BridgeSettings() if isinstance(value, Settings)}
    assert set(receiver_names()) == sections


def test_a_channel_of_slack_is_given_by_its_id() -> None:
    assert BridgeSettings.model_validate({"slack": {"channel": "C0123456789"}}).slack.channel == "C0123456789"
    for wrong in ("#alerts", "alerts", "c0123456789", ""):
        with pytest.raises(ValueError, match="channel"):
            BridgeSettings.model_validate({"slack": {"channel": wrong}})
