"""How to reach Kafka: login and encryption belong together, and the password never stands in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from streams.config import PASSWORD_VARIABLE, Config, KafkaSettings

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
