"""Which links of posts are passed on: people click on them in an alert, in the middle of the night."""

from __future__ import annotations

import re
from typing import Final

from streams.core.ingest.characters import has_hidden

MAX_URL_CHARS: Final = 2_048
"""Longest link of a post; browsers and proxies cut longer ones."""

_LARGEST_PORT: Final = 65_535

_WEB: Final = re.compile(
    r"https?://(?:[\w-]++\.)*+[\w-]++(?::(?P<port>[0-9]{1,5}))?(?:[/?#][^\s\\<>\"]*)?", re.IGNORECASE
)
"""A link to a host by name or by IPv4 address; what RFC 3986 calls userinfo has no place in it."""

_TO_ENCODE: Final = re.compile(r"[`{|}^]")
"""Characters that browsers encode in a path. Some receivers give them a meaning of their own."""


def safe_link(url: str) -> str | None:
    """Return a link if it is an address of the web that shows where it leads, else None.

    It needs the scheme http or https and a host. Credentials before the host are refused, since
    ``https://known.example@evil.example`` leads to evil.example; so are backslashes, which browsers read as slashes,
    blanks, and characters that hide or reorder what is shown or that Unicode has not assigned.

    >>> safe_link("https://forum.example/t/17?page=2#5"), safe_link("https://known.example@evil.example")
    ('https://forum.example/t/17?page=2#5', None)
    """
    if len(url) > MAX_URL_CHARS or has_hidden(url) or not url.isprintable():
        return None
    web = _WEB.fullmatch(url)
    if web is None or int(web["port"] or 0) > _LARGEST_PORT:
        return None
    return _TO_ENCODE.sub(_percent_encoded, url)


def _percent_encoded(char: re.Match[str]) -> str:
    return f"%{ord(char[0]):02X}"
