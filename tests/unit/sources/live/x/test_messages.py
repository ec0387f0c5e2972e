"""Messages of the stream: posts in full, edits under one id, and nothing that ends the reader."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

from streams.sources.live.base import Bad, Found, Skipped
from streams.sources.live.x.messages import read_message
from tests.support.x_server import tweet, tweet_id

NOW_MS = 1_796_000_000_000


def message(data: dict[str, Any], include_reposts: bool = False, **whole: Any) -> Any:
    return read_message(orjson.dumps({"data": data} | whole), include_reposts=include_reposts)


def test_a_post_has_its_fields_and_costs_one_read() -> None:
    found = message(tweet(NOW_MS, "Nordtel ist gestört"))
    [item] = found.items
    assert isinstance(item, Found)
    assert item.fields["text"] == "Nordtel ist gestört"
    assert item.fields["author"] == "7"
    assert item.witnessed_ms == NOW_MS, "X itself dates posts"
    assert "source" not in item.fields
    assert (found.posts, found.post_ms, found.ends) == (1, NOW_MS, "")


def test_a_long_text_is_whole() -> None:
    [item] = message(tweet(NOW_MS, "kurz …", note_tweet={"text": "lang " * 100})).items
    assert item.fields["text"] == "lang " * 100


def test_an_edit_has_the_id_of_the_first_version() -> None:
    first = tweet_id(NOW_MS)
    edited = tweet(NOW_MS, "Nordtel, korrigiert", number=1)
    [item] = message(edited | {"edit_history_tweet_ids": [first, edited["id"]]}).items
    assert (item.fields["id"], item.edited, item.witnessed_ms) == (first, True, None)


def test_a_repost_is_skipped_or_has_the_text_of_the_original() -> None:
    original = tweet(NOW_MS, "Nordtel, der ganze Text")
    reference = [{"type": "retweeted", "id": original["id"]}]
    repost = tweet(NOW_MS, "RT @kim: Nordtel, der …", 1, referenced_tweets=reference)
    assert message(repost).items == [Skipped("repost")]
    found = message(repost, include_reposts=True, includes={"tweets": [original]})
    assert found.items[0].fields["text"] == "Nordtel, der ganze Text"
    assert found.posts == 2  # the original that is included is charged too


@pytest.mark.parametrize(
    ("errors", "ends"),
    [
        ([{"title": "operational-disconnect", "disconnect_type": "Upstream"}], "operational-disconnect"),
        ([{"disconnect_type": "Unknown"}], "Unknown"),
        ([], "an error"),
        ("nonsense", "an error"),
    ],
)
def test_an_error_in_the_stream_ends_the_connection(errors: Any, ends: str) -> None:
    assert read_message(orjson.dumps({"errors": errors}), include_reposts=False).ends == ends


def test_an_unknown_kind_of_message_is_no_post_and_no_defect() -> None:
    assert read_message(b'{"warning": {"code": "FALLING_BEHIND"}}', include_reposts=False).items == [Skipped("no_post")]


def test_a_post_that_lacks_its_marks_is_a_defect() -> None:
    [item] = message({"id": "1", "text": "x"}).items
    assert isinstance(item, Bad)


def test_ten_thousand_damaged_messages_become_posts_skipped_or_defects() -> None:
    chance = random.Random(7)
    post = tweet(NOW_MS, "Nordtel ist gestört", note_tweet={"text": "x"})
    whole = orjson.dumps({"data": post, "includes": {"tweets": [{}]}})
    kinds = set()
    for _ in range(10_000):
        line = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(line))
            choice = chance.random()
            if choice < 0.4:
                line[place] = chance.randrange(256)
            elif choice < 0.7:
                del line[place : place + chance.randint(1, 30)]
            else:
                line[place:place] = chance.choice([b"null", b"[]", b"{}", b"-1e999", b'"', b"[" * 2000])
        found = read_message(bytes(line), include_reposts=True)
        kinds |= {type(item) for item in found.items}
        assert all(isinstance(item, Found | Skipped | Bad) for item in found.items)
        assert found.post_ms >= 0
    assert kinds == {Found, Skipped, Bad}
