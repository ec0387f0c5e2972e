"""Messages to Slack: limits, links, and no markup from what people write."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.config import SLACK_URL_VARIABLE, BridgeSettings
from streams.errors import ConfigError
from streams.records import SamplePost
from streams.workers.receivers.slack import TEXT_CHARS, Slack, message, sender
from tests.support.alerts import START_MS, alert, step


def texts(part: Any) -> list[dict[str, str]]:
    """Return all text objects of a message."""
    if isinstance(part, list):
        return [found for each in part for found in texts(each)]
    if not isinstance(part, dict):
        return []
    own = [part] if part.get("type") in {"plain_text", "mrkdwn"} else []
    return own + [found for each in part.values() for found in texts(each)]


def test_a_step_is_posted_to_the_secret_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLACK_URL_VARIABLE, "https://hooks.example/T0")
    url, body, _ = Slack(BridgeSettings()).request(step(), START_MS)
    assert url == "https://hooks.example/T0"
    assert orjson.loads(body) == message(step().alert)


def test_a_missing_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SLACK_URL_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=SLACK_URL_VARIABLE):
        sender(BridgeSettings())


def test_an_invalid_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLACK_URL_VARIABLE, "hooks.example/hunter2")
    with pytest.raises(ConfigError) as caught:
        sender(BridgeSettings())
    assert "bridge.slack.url_file" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_nobody_is_mentioned_and_nothing_linked_by_what_people_write() -> None:
    nasty = "<!channel> <https://evil.example|click> & *bold*"
    posts = [
        SamplePost(id="1", source="forum", url="https://forum.example/a>|b <!here>?q=1&r=2", negative=1),
        SamplePost(id="2", source="forum", url="javascript:alert(1)", negative=1),
        SamplePost(id="3", source="forum", url="http://[", negative=1),
        SamplePost(id="4", source="forum", url="https://bank.example@evil.example/", negative=1),
    ]
    sent = message(alert(summary=nasty, samples=posts))
    assert sent["text"].endswith("&lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; *bold*")
    marked = [text["text"] for text in texts(sent["blocks"]) if text["type"] == "mrkdwn"]
    assert marked == ["<https://forum.example/a%3E%7Cb%20%3C!here%3E?q=1&amp;r=2|post 1>"]
    assert nasty in [text["text"] for text in texts(sent["blocks"]) if text["type"] == "plain_text"]


def test_a_message_keeps_to_the_limits_and_shows_the_state() -> None:
    sent = message(alert(brand="b" * 300, summary="x" * 10_000, severity="critical", kind="resolve", suppressed="spam"))
    assert len(sent["blocks"][0]["text"]["text"]) == 150
    assert all(len(text["text"]) <= TEXT_CHARS for text in texts(sent["blocks"]))
    facts = sent["blocks"][2]["elements"][0]["text"]
    assert facts == "412 mentions · 81% negative · since Mon 00:00 UTC · does not page: spam"
    assert (
        message(alert(kind="resolve"))["blocks"][0]["text"]["text"] == ":white_check_mark: nordtel: warning, resolved"
    )
