"""The section `bridge`: addresses without credentials, secrets from files, and the receivers' names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.config import SLACK_URL_VARIABLE, BridgeSettings, receiver_names
from streams.config.base import Settings

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


def test_every_section_of_a_receiver_is_one_of_the_names_and_nothing_else_is() -> None:
    sections = {name for name, value in BridgeSettings() if isinstance(value, Settings)}
    assert set(receiver_names()) == sections
