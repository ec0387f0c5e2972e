"""Elements of Slack's Block Kit within its limits, and text of people as text that neither mentions anyone nor links.

References
----------
Slack, "Block Kit" (reference of blocks and composition objects) and "Formatting text for app surfaces".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final
from urllib.parse import quote, urlsplit

from streams.core.text.clean import visible, without_urls

Json = dict[str, Any]

HEADER_CHARS: Final = 150
TEXT_CHARS: Final = 3_000
CONTEXT_ELEMENTS: Final = 10
"""Limits of Block Kit. Slack documents characters; UTF-16 units are counted here, which are never fewer."""

_PING: Final = re.compile(r"@(?=\w)")
_UNPINGED: Final = "@\u2060"
"""An @ and an invisible word joiner. Slack itself finds no mention in plain text, but services with the same API do:
Mattermost in ``@channel``, Discord in ``@everyone``."""

_GLUED: Final = ("\u200d", "\ufe0f")


def escaped(text: str) -> str:
    """Return text in which Slack recognises no markup of links and mentions.

    >>> escaped("<!channel> A&B")
    '&lt;!channel&gt; A&amp;B'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inert(text: str) -> str:
    """Return text of people on one line, without links, mentions, and characters that are not seen.

    >>> inert("Look:\\nhttps://evil.example/x \\u202e@channel").replace("\\u2060", "|")
    'Look: @|channel'
    """
    return _PING.sub(_UNPINGED, " ".join(without_urls(visible(text)).split()))


def shortened(text: str, limit: int) -> str:
    """Return text of at most `limit` UTF-16 units, cut behind a word where one ends in its second half.

    >>> shortened("Seit Stunden kein Netz", 15)
    'Seit Stunden…'
    """
    if units(text) <= limit:
        return text
    end = limit - 1
    while units(text[:end]) > limit - 1:
        end -= 1
    blank = text.rfind(" ", limit // 2, end + 1)
    if blank >= 0:
        return f"{text[:blank].rstrip(' ,;:.–-')}…"
    while end > 1 and (unicodedata.combining(text[end]) or text[end] in _GLUED or text[end - 1] == _GLUED[0]):
        end -= 1
    return f"{text[:end].rstrip()}…"


def units(text: str) -> int:
    """Return the number of UTF-16 units of a text."""
    return len(text) + sum(character > "\uffff" for character in text)


def plain(text: str, limit: int = TEXT_CHARS) -> Json:
    """Return a text object without any markup; codes of emoji such as ``:fire:`` stay text."""
    return {"type": "plain_text", "text": shortened(text, limit), "emoji": False}


def markup(text: str) -> Json:
    """Return a text object with Slack's markup, whose links are those of `link` alone."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Json:
    """Return a block with a headline."""
    return {"type": "header", "text": plain(text, HEADER_CHARS)}


def section(text: str) -> Json:
    """Return a block with plain text."""
    return {"type": "section", "text": plain(text)}


def context(*elements: Json) -> Json:
    """Return a block of small print."""
    return {"type": "context", "elements": list(elements[:CONTEXT_ELEMENTS])}


def link(url: str, name: str) -> str | None:
    """Return a link in Slack's markup; None if the address is not one of the web or does not lead where it seems to.

    >>> link("https://forum.example/a|b", "post")
    '<https://forum.example/a%7Cb|post>'
    >>> link("javascript:alert(1)", "post") is link("https://bank.example@evil.example/", "post") is None
    True
    """
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:  # such as http://[
        return None
    address = quote(url, safe=";/?:@&=+$,#%[]!~*'()-._").replace("&", "&amp;")
    return f"<{address}|{escaped(name)}>" if is_plain and units(address) < TEXT_CHARS // 2 else None


def code(text: str) -> str:
    """Return text as code in Slack's markup.

    >>> code("firewatch alerts ack `<!here>`")
    '`firewatch alerts ack &lt;!here&gt;`'
    """
    return f"`{escaped(text.replace('`', ''))}`"
