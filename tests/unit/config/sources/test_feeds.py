"""Settings of feeds are checked before anything is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streams.config.sources.feeds import FeedsSettings


def settings(**values: Any) -> FeedsSettings:
    return FeedsSettings(id="news", kind="feeds", **{"urls": ["https://news.example/rss"]} | values)


def test_the_defaults_are_those_of_the_docs() -> None:
    assert (settings().poll_seconds, settings().first_fetch_hours, settings().allow_private) == (3_600, 24, False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"urls": []}, "names no feed: list addresses in urls, or name a file in urls_file"),
        ({"urls": ["feed"]}, "must be a URL that begins with http"),
        ({"urls": ["https://ina:word@news.example/"]}, "must hold no credentials"),
        ({"poll_seconds": 300}, "must be 900 or more, since operators block readers"),
        ({"contact": "ops (at) nordtel\r\nX: y"}, "should match pattern"),
        ({"max_feed_bytes": 1}, "greater than or equal to"),
        ({"intervall": 7}, "Extra inputs"),
    ],
)
def test_what_can_not_be_meant_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(**values)


def test_feeds_of_the_own_network_may_be_asked_more_often() -> None:
    assert settings(poll_seconds=10, allow_private=True).poll_seconds == 10
