"""Servers of Jetstream are addresses of websockets, encrypted unless they are in this network."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streams.config.sources.jetstream import JetstreamSettings


def settings_of(**fields: Any) -> JetstreamSettings:
    return JetstreamSettings.model_validate({"id": "bluesky", "kind": "jetstream"} | fields)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("jetstream.example.org", "wss://jetstream.example.org"),
        (" wss://Jetstream.example.org:443/ ", "wss://jetstream.example.org:443"),
        ("wss://jetstream.example.org/subscribe", "wss://jetstream.example.org/subscribe"),
        ("ws://127.0.0.1:8481", "ws://127.0.0.1:8481"),
        ("ws://[::1]:8481", "ws://[::1]:8481"),
        ("ws://10.0.0.7", "ws://10.0.0.7"),
        ("ws://localhost:8481", "ws://localhost:8481"),
        ("ws://jetstream:8481", "ws://jetstream:8481"),
        ("ws://jetstream.internal", "ws://jetstream.internal"),
    ],
)
def test_a_host_is_an_address(written: str, url: str) -> None:
    assert settings_of(hosts=[written]).hosts == [url]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("https://jetstream.example.org", "wss://"),
        ("http://127.0.0.1", "ws://"),
        ("ftp://jetstream.example.org", "must be an address"),
        ("wss://", "must be an address"),
        ("wss://jetstream.example.org:port", "must be an address"),
        ("wss://[::1", "must be an address"),
        ("wss://jetstream one.example.org", "must be an address"),
        ("wss://one.example.org,two.example.org", "must be an address"),
        ("wss://user:secret@jetstream.example.org", "without a user"),
        ("wss://jetstream.example.org?cursor=7", "without a user, a query"),
        ("wss://jetstream.example.org/stream", "without a path"),
        ("ws://jetstream.example.org", "begin with wss"),
        ("ws://9.9.9.9", "begin with wss"),
    ],
)
def test_another_address_is_refused_with_the_way_out(written: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        settings_of(hosts=[written])
    assert "secret" not in str(caught.value)


def test_the_servers_of_bluesky_are_read_by_default_and_every_language() -> None:
    settings = settings_of()
    assert all(url.startswith("wss://jetstream.us-") for url in settings.hosts)
    assert settings.languages == []
    assert settings_of(languages=["DE"]).languages == ["de"]


@pytest.mark.parametrize("field", [{"languages": ["german"]}, {"hosts": []}, {"stall_seconds": 0}, {"wire": "v1"}])
def test_other_values_are_refused(field: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings_of(**field)
