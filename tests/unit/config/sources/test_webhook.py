"""What a webhook source may be configured to be, and what is refused when the config is checked."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from streams.config.loader import config_of
from streams.config.sources.webhook import WebhookSourceSettings
from streams.errors import ConfigError
from tests.support.paths import ROOT

BRANDS = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
SENDER = {"id": "crm", "token_file": "crm.token"}


def settings(**keys: Any) -> WebhookSourceSettings:
    source = {"id": "push", "kind": "webhook"} | keys
    config = config_of(yaml.safe_dump({"brands": BRANDS, "sources": [source]}).encode(), ROOT / "firewatch.yaml", {})
    entry = config.sources[0]
    assert isinstance(entry, WebhookSourceSettings)
    return entry


def problems(**keys: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        settings(**keys)
    return str(refused.value)


def test_by_default_it_listens_to_this_machine_alone() -> None:
    assert settings().listen == "127.0.0.1:8480"
    assert settings().success_status == 202


@pytest.mark.parametrize("listen", ["0.0.0.0:8480", "[::]:8480", "192.0.2.1:80", "posts.example:443"])
def test_an_address_that_other_machines_reach_needs_senders(listen: str) -> None:
    found = problems(listen=listen)
    assert "sources[0].listen: other machines reach" in found
    assert "`senders` with a token_file or a signing_key_file are required" in found
    assert settings(listen=listen, senders=[SENDER]).listen == listen


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:8480", "localhost:8480", "127.8.8.8:65535"])
def test_loopback_addresses_need_none(listen: str) -> None:
    assert settings(listen=listen).listen == listen


@pytest.mark.parametrize(
    "listen", ["8480", ":8480", "127.0.0.1", "127.0.0.1:", "::1:8480", "127.0.0.1:99999", "a b:1", 8480]
)
def test_what_is_no_address_is_refused(listen: object) -> None:
    assert "sources[0].listen: must be" in problems(listen=listen)


def test_a_sender_needs_something_by_which_it_is_recognised() -> None:
    assert "sources[0].senders[0]: needs a token_file or a signing_key_file" in problems(senders=[{"id": "crm"}])


def test_two_senders_need_two_ids() -> None:
    found = problems(senders=[SENDER, SENDER])
    assert "sources[0].senders[1].id: must be unique, and senders[0].id is 'crm' already" in found


def test_two_sources_can_not_listen_on_one_address() -> None:
    def checked(*listens: str, **keys: Any) -> str:
        sources = [{"id": f"push{number}", "kind": "webhook", "listen": each} for number, each in enumerate(listens)]
        sources[-1] |= keys
        content = yaml.safe_dump({"brands": BRANDS, "sources": sources}).encode()
        try:
            config_of(content, ROOT / "firewatch.yaml", {})
        except ConfigError as error:
            return str(error)
        return ""

    same = "127.0.0.1:8480"
    assert "sources[1].listen: must be another address, since sources[0] listens on 127.0.0.1:8480" in checked(
        same, same
    )
    assert checked(same, "127.0.0.1:8481") == checked("127.0.0.1:0", "127.0.0.1:0") == ""
    assert checked(same, same, enabled=False) == ""


def test_the_largest_request_must_fit_into_the_queue() -> None:
    assert "sources[0].queue_bytes: must be at least 42,000,000, so that a request" in problems(queue_bytes=41_000_000)
    senders = [SENDER, SENDER | {"id": "shop", "token_file": "shop.token"}]
    found = problems(senders=senders, max_decompressed_bytes=50_000_000)
    assert "sources[0].queue_bytes: must be at least 120,000,000, so that for each of several senders" in found
    assert settings(queue_bytes=2_000, max_body_bytes=1_000, max_decompressed_bytes=1_000).share == 1.0
    assert settings(senders=senders).share == 0.5


def test_tls_needs_both_files() -> None:
    assert "sources[0].key_file: is required beside the other one" in problems(certificate_file="cert.pem")
    assert "sources[0].certificate_file: is required" in problems(key_file="key.pem")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"senders": [SENDER | {"tokenfile": "x"}]}, "sources[0].senders[0].tokenfile: unknown key"),
        ({"senders": [SENDER | {"map": "meltwatr"}]}, "sources[0].senders[0].map"),
        ({"senders": [SENDER | {"map": {"text": "body", "source": "network"}}]}, "sources[0].senders[0].map"),
        ({"senders": [SENDER | {"success_status": 500}]}, "sources[0].senders[0].success_status: must be at most 299"),
        ({"senders": [SENDER | {"quota_per_minute": 0}]}, "sources[0].senders[0].quota_per_minute: must be at least 1"),
        ({"senders": [SENDER | {"id": "C R M"}]}, "sources[0].senders[0].id: must be made of"),
        ({"success_status": 404}, "sources[0].success_status: must be at most 299"),
        ({"max_body_bytes": 1}, "sources[0].max_body_bytes: must be at least 1,000"),
        ({"answer_seconds": 0}, "sources[0].answer_seconds: must be at least 1"),
    ],
)
def test_wrong_settings_are_named_by_their_path(keys: dict[str, Any], message: str) -> None:
    assert message in problems(**keys)
