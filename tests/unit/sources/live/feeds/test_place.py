"""Addresses are shown without what may be secret, and told apart all the same."""

from __future__ import annotations

import pytest

from streams.sources.live.feeds.place import absolute, name_of, place_of


def test_credentials_queries_and_fragments_are_not_shown() -> None:
    shown = f"{place_of('https://ina:geheim@a.example/f?key=geheim#geheim')} {name_of('https://a.example/f?geheim')}"
    assert "geheim" not in shown


def test_feeds_that_differ_in_their_query_have_different_names() -> None:
    names = {name_of(f"https://a.example/f{query}") for query in ("", "?", "?id=1", "?id=2")}
    assert len(names) == 4


def test_many_queries_have_different_names() -> None:
    assert len({name_of(f"https://a.example/search?q={topic}") for topic in range(20_000)}) == 20_000


def test_feeds_that_differ_behind_what_is_shown_have_different_names() -> None:
    long = f"https://a.example/{'f' * 200}"
    assert len({name_of(f"{long}{end}") for end in ("/1", "/2", "/1?id=1", "/1?id=2")}) == 4


def test_feeds_that_differ_in_their_scheme_have_one_name() -> None:
    assert name_of("http://A.example/f") == name_of("https://a.example/f")


@pytest.mark.parametrize("url", ["http://[", "http://a:99999/"])
def test_what_is_no_address_is_shown_as_such(url: str) -> None:
    assert place_of(url) == "an address without a host"
    assert absolute("https://a.example/", "http://[") == ""
