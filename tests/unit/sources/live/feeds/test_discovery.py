"""A document that is no feed is described so that one finds the feed."""

from __future__ import annotations

import pytest

from streams.sources.live.feeds.discovery import what_it_is

PAGE = "https://news.example/start/"


def link(attributes: str) -> bytes:
    return f"<html><head><link {attributes}></head></html>".encode()


@pytest.mark.parametrize(
    ("attributes", "feed"),
    [
        ("rel=alternate type=application/rss+xml href=rss.xml", "https://news.example/start/rss.xml"),
        ("rel='ALTERNATE' type='application/atom+xml; charset=utf-8' href='/a&amp;b'", "https://news.example/a&b"),
        ("rel='alternate' type='application/feed+json' href='//b.example/f'", "https://b.example/f"),
    ],
)
def test_the_feed_of_a_page_is_named(attributes: str, feed: str) -> None:
    assert what_it_is(link(attributes), PAGE).endswith(f"the page names the feed {feed}")


@pytest.mark.parametrize(
    "attributes",
    [
        "rel=stylesheet type=application/rss+xml href=a", "rel=alternate type=text/html href=a", "rel=alternate",
        "rel=alternate type=application/rss+xml", "rel=alternate type=application/rss+xml href",
    ],
)  # fmt: skip
def test_other_links_are_none(attributes: str) -> None:
    assert what_it_is(link(attributes), PAGE).endswith("names no feed")


def test_a_link_that_leads_nowhere_is_no_error() -> None:
    assert "names the feed" in what_it_is(link("rel=alternate type=application/rss+xml href='http://['"), PAGE)
