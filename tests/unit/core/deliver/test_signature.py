"""Signatures of webhooks, checked with the reference implementation of Standard Webhooks."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from streams.core.deliver.signature import Signer
from streams.errors import ConfigError

OLD, NEW = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))


def signed(keys: str, body: bytes = b'{"a": 1}') -> dict[str, str]:
    return Signer(keys, "test").headers("msg_1", int(time.time()), body)


def test_while_a_key_is_replaced_both_the_old_and_the_new_one_verify() -> None:
    headers = signed(f"{NEW}\n{OLD}")
    for key in (OLD, NEW):
        assert Verifier(key).verify(b'{"a": 1}', headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(b'{"a": 2}', headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(b'{"a": 1}', signed(NEW))


@pytest.mark.parametrize(
    "key", ["hunter2hunter2hunter2hunter2", "whsec_hunter2", "whsec_" + base64.b64encode(b"hunter2").decode(), ""]
)
def test_a_malformed_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Signer(key, "bridge.webhook.signing_key_file")
    assert "bridge.webhook.signing_key_file" in str(caught.value)
    assert "hunter2" not in str(caught.value)
