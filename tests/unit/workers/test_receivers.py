"""What is put into requests: signatures, messages, and no secrets into errors."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from streams.config import SLACK_URL_VARIABLE, WEBHOOK_KEY_VARIABLE, BridgeSettings
from streams.core.deliver.signature import Signer
from streams.core.deliver.slack_message import TEXT_CHARS, message
from streams.errors import ConfigError
from streams.records import SamplePost
from streams.workers.http import check_url
from streams.workers.receivers import Slack, Webhook
from tests.support.alerts import alert

if TYPE_CHECKING:
    from pathlib import Path

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
def test_a_bad_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Signer(key, "bridge.webhook.signing_key_file")
    assert "bridge.webhook.signing_key_file" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_receiver_that_is_not_configured_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (SLACK_URL_VARIABLE, WEBHOOK_KEY_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=r"bridge\.webhook\.url"):
        Webhook(BridgeSettings())
    with pytest.raises(ConfigError, match=WEBHOOK_KEY_VARIABLE):
        Webhook(BridgeSettings.model_validate({"webhook": {"url": "https://pager.example/in"}}))
    with pytest.raises(ConfigError, match=SLACK_URL_VARIABLE):
        Slack(BridgeSettings())


def test_the_key_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK_KEY_VARIABLE, raising=False)
    (tmp_path / "key").write_text(f"{OLD}\n")
    Webhook(
        BridgeSettings.model_validate(
            {"webhook": {"url": "https://pager.example/in", "signing_key_file": str(tmp_path / "key")}}
        )
    )


@pytest.mark.parametrize(
    "url", ["hooks.example/hunter2", "ftp://hooks.example/hunter2", "https://:hunter2", "https://h:x/hunter2"]
)
def test_a_bad_address_of_slack_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_url(url, "bridge.slack.url_file")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [("pager.example", "http://"), ("https://anna:hunter2@pager.example", "no credentials")],
)
def test_the_config_takes_addresses_without_credentials_only(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        BridgeSettings.model_validate({"alertmanager": {"urls": [url]}})
    assert "hunter2" not in str(caught.value)


def texts(part: Any) -> list[dict[str, str]]:
    """All text objects of a message."""
    if isinstance(part, list):
        return [found for each in part for found in texts(each)]
    if not isinstance(part, dict):
        return []
    own = [part] if part.get("type") in {"plain_text", "mrkdwn"} else []
    return own + [found for each in part.values() for found in texts(each)]


def test_nobody_is_mentioned_and_nothing_linked_by_what_people_write() -> None:
    nasty = "<!channel> <https://evil.example|click> & *bold*"
    posts = [
        SamplePost(id="1", source="forum", url="https://forum.example/a>|b <!here>?q=1&r=2", negative=1),
        SamplePost(id="2", source="forum", url="javascript:alert(1)", negative=1),
    ]
    sent = message(alert(summary=nasty, samples=posts))
    assert sent["text"].endswith("&lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; *bold*")
    marked = [text["text"] for text in texts(sent["blocks"]) if text["type"] == "mrkdwn"]
    assert marked == ["<https://forum.example/a%3E%7Cb%20%3C!here%3E?q=1&amp;r=2|post 1>"]
    assert nasty in [text["text"] for text in texts(sent["blocks"]) if text["type"] == "plain_text"]


def test_a_message_keeps_to_the_limits_and_says_how_it_stands() -> None:
    sent = message(alert(brand="b" * 300, summary="x" * 10_000, severity="critical", kind="resolve", suppressed="spam"))
    assert len(sent["blocks"][0]["text"]["text"]) == 150
    assert all(len(text["text"]) <= TEXT_CHARS for text in texts(sent["blocks"]))
    facts = sent["blocks"][2]["elements"][0]["text"]
    assert facts == "412 mentions · 81% negative · since Mon 00:00 UTC · pages nobody: spam"
    assert (
        message(alert(kind="resolve"))["blocks"][0]["text"]["text"] == ":white_check_mark: nordtel: warning, resolved"
    )
