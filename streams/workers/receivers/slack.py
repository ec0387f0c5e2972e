"""Slack: each step as a message, with a sentence for notifications and blocks for the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import orjson

from streams.config import SLACK_URL_VARIABLE
from streams.core.incidents.incident import STEP_WORDS
from streams.errors import ConfigError
from streams.workers.receivers.http_client import check_url
from streams.workers.receivers.steps import Request, StepSender

if TYPE_CHECKING:
    from streams.config import BridgeSettings
    from streams.core.deliver.step import DeliveryStep
    from streams.records import Alert

HEADER_CHARS: Final = 150
TEXT_CHARS: Final = 3_000
"""Limits of Slack's Block Kit."""

LINKS: Final = 5

SYMBOLS: Final = {"watch": ":large_yellow_circle:", "warning": ":large_orange_circle:", "critical": ":red_circle:"}
RESOLVED_SYMBOL: Final = ":white_check_mark:"

Json = dict[str, Any]


def sender(settings: BridgeSettings) -> StepSender:
    """Return a sender to the incoming webhook of `bridge.slack`.

    Raises
    ------
    ConfigError
        If the webhook's address is missing or invalid.
    """
    return StepSender("slack", settings, Slack(settings))


class Slack:
    """An incoming webhook of Slack, or of a service with the same API (Mattermost, Discord's ``/slack``).

    Raises
    ------
    ConfigError
        If the webhook's address is missing or invalid.
    """

    def __init__(self, settings: BridgeSettings) -> None:
        url = settings.slack.url()
        if url is None:
            raise ConfigError(
                [f"bridge.slack.url_file: name the file with the webhook's address, or set {SLACK_URL_VARIABLE}"]
            )
        self._url = check_url(url.get_secret_value(), f"bridge.slack.url_file or {SLACK_URL_VARIABLE}")

    def request(self, step: DeliveryStep, now_ms: int) -> Request:  # noqa: ARG002  as in the protocol
        """Return the request that posts a step."""
        return Request(self._url, orjson.dumps(message(step.alert)), {})


def message(alert: Alert) -> Json:
    """Return the message for a step.

    Text from posts (brand names, terms, and therefore the summary too) goes into ``plain_text``, which can neither
    mention anyone nor link anywhere; where Slack's markup is needed, the text is escaped.
    """
    is_resolved = alert.status == "resolved"
    title = f"{alert.brand}: {alert.severity}, {STEP_WORDS[alert.step or alert.kind]}"
    symbol = RESOLVED_SYMBOL if is_resolved else SYMBOLS[alert.severity]
    facts = [
        f"{alert.window.mentions:,} mentions",
        f"{alert.sentiment.negative:.0%} negative",
        f"since {alert.since:%a %H:%M} UTC",
    ]
    if alert.suppressed:
        facts.append(f"does not page: {alert.suppressed}")
    blocks: list[Json] = [
        {"type": "header", "text": _plain(f"{symbol} {title}", HEADER_CHARS)},
        {"type": "section", "text": _plain(alert.summary, TEXT_CHARS)},
        {"type": "context", "elements": [_plain(" · ".join(facts), TEXT_CHARS)]},
    ]
    if links := _links(alert):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": links}]})
    return {
        "text": escaped(f"{title}. {alert.summary}")[:TEXT_CHARS],
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str) -> str:
    """Return text in which Slack recognises no markup of links and mentions.

    >>> escaped("<!channel> A&B")
    '&lt;!channel&gt; A&amp;B'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, limit: int) -> Json:
    return {"type": "plain_text", "text": text if len(text) <= limit else f"{text[: limit - 1]}…", "emoji": True}


def _links(alert: Alert) -> str:
    named = [("dashboard", alert.generator_url)] if alert.generator_url else []
    named += [(f"post {number}", post.url) for number, post in enumerate(alert.samples[:LINKS], 1) if post.url]
    return " · ".join(f"<{_address(url)}|{name}>" for name, url in named if _leads_where_it_says(url))


def _leads_where_it_says(url: str) -> bool:
    """Return whether an address is one of the web, without a user name that looks like its host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as http://[
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _address(url: str) -> str:
    """Return an address that can't end the link that contains it."""
    return quote(url, safe=";/?:@&=+$,#%[]!~*'()-._").replace("&", "&amp;")
