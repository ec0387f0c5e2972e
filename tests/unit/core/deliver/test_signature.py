"""Signatures of webhooks, checked with the reference implementation of Standard Webhooks."""

from __future__ import annotations

import base64
import datetime as dt
import time

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from streams.core.deliver.signature import SignatureVerifier, Signer, is_recent
from streams.errors import ConfigError

OLD, NEW, FOREIGN = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"f"))


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


def test_what_the_reference_implementation_signs_is_verified() -> None:
    at = dt.datetime.fromtimestamp(1_700_000_000, tz=dt.UTC)
    verifier = SignatureVerifier(f"{NEW} {OLD}", "test")
    for key, valid in ((OLD, True), (NEW, True), (FOREIGN, False)):
        signature = Verifier(key).sign("msg_1", at, "{}")
        assert verifier.verifies("msg_1", "1700000000", signature, b"{}") is valid
        assert verifier.verifies("msg_1", "1700000000", f"v1,AAAA v2,x {signature}", b"{}") is valid


@pytest.mark.parametrize(
    ("id", "timestamp", "body"),
    [("msg_2", "1700000000", b"{}"), ("msg_1", "1700000001", b"{}"), ("msg_1", "1700000000", b"{} "), ("", "", b"")],
)
def test_a_signature_of_something_else_is_not_valid(id: str, timestamp: str, body: bytes) -> None:
    signature = Signer(OLD, "test").headers("msg_1", 1_700_000_000, b"{}")["webhook-signature"]
    assert not SignatureVerifier(OLD, "test").verifies(id, timestamp, signature, body)


@pytest.mark.parametrize("signatures", ["", " ", "v1", "v1,", "v1,\udcff", "\u00e4", "v1," + "A" * 10_000])
def test_what_is_no_signature_is_not_valid(signatures: str) -> None:
    assert not SignatureVerifier(OLD, "test").verifies("msg_1", "1700000000", signatures, b"{}")
    assert not SignatureVerifier(OLD, "test").verifies("\udcff", "1700000000", signatures, b"{}")


@pytest.mark.parametrize("timestamp", ["", "-1", "1e9", " 1700000000", "\u0661", "1700000000.5", "9" * 13])
def test_what_is_no_time_is_not_recent(timestamp: str) -> None:
    assert is_recent(timestamp, 1_700_000_000) is None
