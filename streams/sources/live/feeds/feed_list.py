"""Read the addresses of feeds from a file: OPML, as readers of feeds export it, or one address a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.config.addresses import http_url
from streams.config.sources.feeds import MAX_FEEDS
from streams.config.text_files import read_text
from streams.errors import ConfigError
from streams.sources.live.feeds.place import name_of
from streams.sources.live.feeds.tags import tags_of

if TYPE_CHECKING:
    from pathlib import Path

    from streams.config.sources.feeds import FeedsSettings


def feed_urls(settings: FeedsSettings) -> list[str]:
    """Return the addresses of the feeds of a source, each once.

    Raises
    ------
    ConfigError
        If the file with addresses can't be used, or there are too many.
    """
    listed = read_feed_list(settings.urls_file) if settings.urls_file is not None else []
    by_name = {name_of(url): url for url in (*settings.urls, *listed)}
    if len(by_name) > MAX_FEEDS:
        raise ConfigError([f"{len(by_name):,} feeds, {MAX_FEEDS:,} are possible: divide them among several sources"])
    return list(by_name.values())


def read_feed_list(path: Path) -> list[str]:
    """Return the addresses in a file, each once, in their order.

    Parameters
    ----------
    path
        The file. Lines that are empty or begin with ``#`` hold no address.

    Raises
    ------
    ConfigError
        If it can't be read, names no feed, or holds what is no address.
    """
    try:
        text = read_text(path)
    except ConfigError as error:
        raise ConfigError([f"{path}: {error.problems[0]}"]) from error
    addresses = feeds_of(text)
    problems = []
    for number, address in addresses:
        try:
            http_url(address)
        except ValueError as error:
            problems.append(f"{path}, line {number}: {error}")
    if not addresses:
        problems = [f"{path} names no feed: write OPML, or one address a line"]
    if problems:
        raise ConfigError(problems[:20])
    return list(dict.fromkeys(address for _, address in addresses))


def feeds_of(text: str) -> list[tuple[int, str]]:
    """Return the addresses of feeds in a text, each with its line.

    >>> feeds_of('<opml><body><outline text="News"><outline xmlUrl="https://a.example/rss"/></outline></body></opml>')
    [(1, 'https://a.example/rss')]
    >>> feeds_of("# ours\\nhttps://a.example/rss\\n")
    [(2, 'https://a.example/rss')]
    """
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        outlines = ((line, outline.get("xmlurl", "")) for line, outline in tags_of(text, "outline"))
        return [(line, address) for line, address in outlines if address]
    lines = ((number, line.strip()) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]
