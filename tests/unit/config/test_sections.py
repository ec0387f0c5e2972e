"""Rules within a section, and secrets that never stand in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from streams.config import (
    PASSWORD_VARIABLE,
    Config,
    KafkaSettings,
    LearnSettings,
    SentimentSettings,
    WindowSettings,
)
from streams.config.sections import secret
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_come_from_the_environment_or_a_file_and_do_not_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "password"
    secret.write_text("from-the-file\n")
    settings = {"security_protocol": "SASL_SSL", "sasl_username": "firewatch", "password_file": str(secret)}
    brands = [{"id": "a", "name": "A", "match": {"any": ["aa"]}}]
    config = Config.model_validate({"brands": brands, "kafka": settings})
    password = config.kafka.password()
    assert password is not None
    assert password.get_secret_value() == "from-the-file"
    monkeypatch.setenv(PASSWORD_VARIABLE, "from-the-environment")
    password = config.kafka.password()
    assert password is not None
    assert password.get_secret_value() == "from-the-environment"
    assert "from-the" not in f"{password} {config!r} {config.model_dump()}"


def test_a_secret_is_stripped_and_absent_without_variable_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREWATCH_TEST_SECRET", raising=False)
    assert secret("FIREWATCH_TEST_SECRET", None, "test.file") is None
    with pytest.raises(ConfigError, match=r"test\.file: .*none can't be read \(FileNotFoundError\)"):
        secret("FIREWATCH_TEST_SECRET", tmp_path / "none", "test.file")


@pytest.mark.parametrize(
    ("protocol", "sasl", "tls"),
    [("PLAINTEXT", False, False), ("SSL", False, True), ("SASL_SSL", True, True), ("SASL_PLAINTEXT", True, False)],
)
def test_a_protocol_tells_login_and_encryption(protocol: str, sasl: bool, tls: bool) -> None:
    login = {"sasl_username": "anna", "allow_sasl_plaintext": True} if sasl else {}
    kafka = KafkaSettings.model_validate({"security_protocol": protocol} | login)
    assert (kafka.sasl, kafka.tls) == (sasl, tls)
    assert kafka.user == ("user 'anna'" if sasl else "client 'firewatch'")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"security_protocol": "SASL_SSL"}, "needs sasl_username"),
        ({"security_protocol": "SASL_PLAINTEXT", "sasl_username": "anna"}, "logs in without encryption"),
        ({"sasl_username": "anna"}, "would send everything in the clear"),
        ({"security_protocol": "SSL", "certificate_file": "a.pem"}, "belong together"),
    ],
)
def test_credentials_must_fit_the_protocol(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        KafkaSettings.model_validate(settings)


@pytest.mark.parametrize(
    "settings", [{"bucket_seconds": 420}, {"check_seconds": 7}, {"bucket_seconds": 60, "check_seconds": 90}]
)
def test_buckets_divide_a_day_and_checks_divide_buckets(settings: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="must divide"):
        WindowSettings.model_validate(settings)


def test_no_more_holdout_labels_are_required_than_are_kept() -> None:
    with pytest.raises(ValidationError, match="min_judges must not be more than judges"):
        LearnSettings(judges=50, min_judges=51)


def test_each_quality_has_weights_and_a_pin_of_its_own() -> None:
    sentiment = SentimentSettings.model_validate({"weights": "a", "best_weights": "b", "pin": 1, "best_pin": 2})
    assert [str(sentiment.weights_of(quality)) for quality in ("fast", "best")] == ["a", "b"]
    assert [sentiment.pin_of(quality) for quality in ("fast", "best")] == [1, 2]
