"""A step of an incident as a message of Slack: a sentence for notifications, blocks for the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from streams.core.incidents.incident import STEP_WORDS

if TYPE_CHECKING:
    from streams.records import Alert

HEADER_CHARS: Final = 150
TEXT_CHARS: Final = 3_000
"""Limits of Slack's Block Kit."""

LINKS: Final = 5

SYMBOLS: Final = {"watch": ":large_yellow_circle:", "warning": ":large_orange_circle:", "critical": ":red_circle:"}
OVER: Final = ":white_check_mark:"


Json = dict[str, Any]


def message(alert: Alert) -> Json:
    """The message.

    What people wrote (brand names, terms, hence the sentence too) stands in ``plain_text``, which can mention nobody
    and link nowhere; where Slack's markup is needed, it is escaped.
    """
    over = alert.status == "resolved"
    title = f"{alert.brand}: {alert.severity}, {STEP_WORDS[alert.step or alert.kind]}"
    symbol = OVER if over else SYMBOLS[alert.severity]
    facts = [
        f"{alert.window.mentions:,} mentions",
        f"{alert.sentiment.negative:.0%} negative",
        f"since {alert.since:%a %H:%M} UTC",
    ]
    if alert.suppressed:
        facts.append(f"pages nobody: {alert.suppressed}")
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
    """Text in which Slack sees no markup of links and mentions.

    >>> escaped("<!channel> A&B")
    '&lt;!channel&gt; A&amp;B'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, limit: int) -> Json:
    return {"type": "plain_text", "text": text if len(text) <= limit else f"{text[: limit - 1]}…", "emoji": True}


def _links(alert: Alert) -> str:
    named = [("dashboard", alert.generator_url)] if alert.generator_url else []
    named += [(f"post {number}", post.url) for number, post in enumerate(alert.samples[:LINKS], 1) if post.url]
    return " · ".join(f"<{_address(url)}|{name}>" for name, url in named if urlsplit(url).scheme in {"http", "https"})


def _address(url: str) -> str:
    """An address that can't end the link that holds it."""
    return quote(url, safe=";/?:@&=+$,#%[]!~*'()-._").replace("&", "&amp;")
