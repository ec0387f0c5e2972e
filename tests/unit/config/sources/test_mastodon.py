"""What a source of Mastodon may be configured to be, and what is refused when the config is checked."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from streams.config.loader import config_of
from streams.config.sources.mastodon import MastodonSettings
from streams.errors import ConfigError
from tests.support.paths import ROOT

BRANDS = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
INSTANCE = {"host": "example.social", "token_file": "token"}


def settings(*instances: Any, **keys: Any) -> MastodonSettings:
    source = {"id": "fediverse", "kind": "mastodon", "instances": list(instances)} | keys
    config = config_of(yaml.safe_dump({"brands": BRANDS, "sources": [source]}).encode(), ROOT / "firewatch.yaml", {})
    entry = config.sources[0]
    assert isinstance(entry, MastodonSettings)
    return entry


def problems(*instances: Any, **keys: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        settings(*instances, **keys)
    return str(refused.value)


def test_by_default_the_own_posts_of_an_instance_are_read() -> None:
    (instance,) = settings(INSTANCE).instances
    assert (instance.host, instance.streams, instance.hashtags) == ("https://example.social", ["public:local"], [])
    assert instance.is_local
    assert not instance.anonymous


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("Example.Social", "https://example.social"),
        ("https://example.social/", "https://example.social"),
        ("example.social:8443", "https://example.social:8443"),
        ("[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("münchen.social", "https://münchen.social"),
    ],
)
def test_a_host_is_written_with_or_without_its_scheme(host: str, address: str) -> None:
    assert settings(INSTANCE | {"host": host}).instances[0].host == address


@pytest.mark.parametrize(
    "host",
    ["", " ", "@kim@example.social", "example.social/@kim", "https://example.social/api", "https://u:p@example.social",
     "ftp://example.social", "example.social:0", "example.social:99999", "example social", "https://",
     "example.social:", "://x", 7],
)  # fmt: skip
def test_what_is_no_host_is_refused(host: object) -> None:
    assert "sources[0].instances[0].host: must" in problems(INSTANCE | {"host": host})


def test_an_instance_needs_a_token_or_the_word_that_it_needs_none() -> None:
    found = problems({"host": "example.social"})
    assert "sources[0].instances[0].token_file: is required: name a file with an access token" in found
    assert "anonymous: true" in found
    assert settings({"host": "pleroma.example", "anonymous": True}).instances[0].token_file is None
    assert "instances[0].anonymous: must not be true" in problems(INSTANCE | {"anonymous": True})
    assert "instances[0]: must be a mapping such as {host: example.social" in problems("example.social")


def test_a_token_is_not_sent_without_tls_unless_the_network_is_private() -> None:
    plain = INSTANCE | {"host": "http://127.0.0.1:3000"}
    assert "instances[0].host: must not begin with http://" in problems(plain)
    assert settings(plain, allow_private=True).instances[0].host == "http://127.0.0.1:3000"


def test_an_instance_is_named_once_and_has_something_to_read() -> None:
    assert "instances[1].host: is named twice" in problems(INSTANCE, INSTANCE | {"host": "https://EXAMPLE.social"})
    assert "instances[0].streams: must have an entry" in problems(INSTANCE | {"streams": []})
    assert "instances[0].streams[0]" in problems(INSTANCE | {"streams": ["user"]})
    many = [INSTANCE | {"host": f"i{number}.example"} for number in range(100)]
    tags = {"hashtags": [f"tag{number}" for number in range(50)]}
    assert "instances: must have at most 500 streams" in problems(*(each | tags for each in many))
    assert "instances: must have at least one entry" in problems()


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("#Nordtel", "nordtel"),
        (" nordtel ", "nordtel"),
        ("Ｎｏｒｄｔｅｌ", "nordtel"),
        ("Straße", "straße"),
        ("5g", "5g"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_a_hashtag_is_compared_as_mastodon_does(tag: str, name: str) -> None:
    assert settings(INSTANCE | {"hashtags": [tag, name]}).instances[0].hashtags == [name]


@pytest.mark.parametrize("tag", ["", "#", "nord tel", "nord-tel", "nord/tel?x", "17", "x" * 101, 17])
def test_what_is_no_hashtag_is_refused(tag: object) -> None:
    assert "sources[0].instances[0].hashtags[0]: must" in problems(INSTANCE | {"hashtags": [tag]})


@pytest.mark.parametrize(
    ("instances", "shares"),
    [
        ([{}], False),
        ([{"streams": ["public"], "hashtags": ["a"]}], False),
        ([{}, {}], False),
        ([{}, {"streams": [], "hashtags": ["a"], "hashtags_local": True}], False),
        ([{}, {"hashtags": ["a"]}], True),
        ([{}, {"streams": ["public:local", "public:remote"]}], True),
    ],
)
def test_instances_share_posts_if_one_shows_those_of_others(instances: list[dict[str, Any]], shares: bool) -> None:
    entries = [INSTANCE | {"host": f"i{number}.example"} | each for number, each in enumerate(instances)]
    assert settings(*entries).shares_posts is shares


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"backfill_pages": -1}, "sources[0].backfill_pages: must be at least 0"),
        ({"overlap_seconds": 1e9}, "sources[0].overlap_seconds: must be at most 86,400"),
        ({"stall_seconds": 0}, "sources[0].stall_seconds: must be at least 1"),
        ({"contact": "a b"}, "sources[0].contact: must be a web or mail address"),
        ({"contact": "a\nX: y"}, "sources[0].contact: must be a web or mail address"),
        ({"token_file": "x"}, "sources[0].token_file: unknown key"),
    ],
)
def test_wrong_settings_are_named_by_their_path(keys: dict[str, Any], message: str) -> None:
    assert message in problems(INSTANCE, **keys)
