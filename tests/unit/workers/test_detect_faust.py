"""The settings of Faust, and what it must not do on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import faust
import pytest
from faust.types import TP
from faust.types.enums import ProcessingGuarantee
from faust.types.tuples import ConsumerMessage

from streams.config import PASSWORD_VARIABLE, Config
from streams.errors import ConfigError
from streams.workers.detect_faust import DetectEvent, faust_credentials, faust_settings

if TYPE_CHECKING:
    from pathlib import Path

    from faust.types import ConsumerT


def config(**kafka: Any) -> Config:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    return Config.model_validate({"brands": brands, "kafka": kafka})


class Consumer:
    """Counts what Faust would move the offset past."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def ack(self, message: ConsumerMessage) -> bool:
        self.acknowledged.append(message.offset)
        return True


async def test_only_a_processed_event_can_be_acknowledged(tmp_path: Path) -> None:
    app = faust.App("test", **faust_settings(config(), str(tmp_path)))
    consumer = Consumer()
    app._consumer = cast("ConsumerT", consumer)
    message = ConsumerMessage("social.mentions", 0, 7, 0.0, 1, None, b"k", b"v", None, tp=TP("social.mentions", 0))
    message.incref()
    event = app.create_event(b"k", b"v", None, message)
    assert isinstance(event, DetectEvent)
    event.ack()
    assert consumer.acknowledged == []
    event.processed = True
    event.ack()
    assert consumer.acknowledged == [7]


async def test_the_environment_cannot_redirect_faust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", "kafka://elsewhere:1")
    monkeypatch.setenv("PROCESSING_GUARANTEE", "exactly_once")
    app = faust.App("test", **faust_settings(config(bootstrap_servers="one:9092, two:9092"), str(tmp_path)))
    assert [str(url) for url in app.conf.broker] == ["kafka://one:9092", "kafka://two:9092"]
    assert cast("Any", app.conf).processing_guarantee is ProcessingGuarantee.AT_LEAST_ONCE


async def test_a_slow_broker_may_be_waited_for_less_long_than_a_session(tmp_path: Path) -> None:
    app = faust.App("test", **faust_settings(config(request_timeout_seconds=1), str(tmp_path)))
    assert app.conf.broker_request_timeout >= app.conf.broker_session_timeout


def test_a_password_travels_in_tls_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    credentials = faust_credentials(config(security_protocol="SASL_SSL", sasl_username="fire").kafka)
    assert isinstance(credentials, faust.SASLCredentials)
    assert credentials.protocol.value == "SASL_SSL"
    assert credentials.ssl_context is not None
    assert credentials.mechanism.value == "SCRAM-SHA-512"
    assert "secret" not in repr(credentials)


def test_tls_without_a_login() -> None:
    credentials = faust_credentials(config(security_protocol="SSL").kafka)
    assert isinstance(credentials, faust.SSLCredentials)
    assert credentials.protocol.value == "SSL"


def test_a_missing_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="needs a password"):
        faust_credentials(config(security_protocol="SASL_SSL", sasl_username="fire").kafka)
