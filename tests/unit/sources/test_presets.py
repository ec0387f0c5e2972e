"""Posts are found in what platforms give."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import FormatName
from streams.core.text.clean import normalise
from streams.sources.presets import PRESETS
from tests.support.platforms import (
    ACTIVITY,
    BLUESKY,
    COMMENT,
    JETSTREAM,
    NATIVE,
    RECORDS,
    STATUS,
    SUBMISSION,
    TWEET_V1,
    TWEET_V2,
)

values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


def fields_of(name: FormatName, record: dict[str, Any]) -> dict[str, Any] | None:
    assert PRESETS[name].fits(record)
    fields = PRESETS[name].convert(record)
    return fields and {field: value for field, value in fields.items() if value is not None}


def test_every_format_of_the_config_has_a_converter_and_a_record_here() -> None:
    assert set(PRESETS) == set(get_args(FormatName)) == set(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_fits_its_own_format_alone(name: FormatName) -> None:
    assert [each for each in PRESETS if PRESETS[each].fits(RECORDS[name])] == [name]
    assert not PRESETS[name].fits(NATIVE)


@pytest.mark.parametrize("own", [{"author": "kim"}, {"brand": "Nordtel"}])
def test_a_tweet_that_was_made_a_post_by_somebody_stays_as_it_is(own: dict[str, str]) -> None:
    """Posts keep their source, which is part of their identity, and their tag."""
    assert not PRESETS["twitter_v2"].fits(TWEET_V2 | own)
    assert not PRESETS["twitter_v1"].fits(TWEET_V1 | own)


def test_tweets_of_both_apis_are_the_same_posts() -> None:
    expected = {
        "id": "2028000000000000001",
        "text": "Nordtel ist wieder weg",
        "source": "twitter",
        "lang": "de",
        "url": "https://twitter.com/i/web/status/2028000000000000001",
        "reply_to": "2027000000000000001",
        "likes": 3,
        "reposts": 1,
    }
    first = {"author": "kim", "created_at": "Mon Mar 02 10:15:00 +0000 2026"}
    second = {"author": "77", "created_at": "2026-03-02T10:15:00.000Z", "replies": 0}
    assert fields_of("twitter_v1", TWEET_V1) == expected | first
    assert fields_of("twitter_v2", TWEET_V2) == expected | second


def test_a_retweet_has_the_whole_text_of_the_original() -> None:
    original = {"id_str": "5", "full_text": "Nordtel ist wieder weg, und zwar in der ganzen Stadt"}
    fields = fields_of("twitter_v1", TWEET_V1 | {"full_text": "RT @x: Nordtel ist…", "retweeted_status": original})
    assert fields is not None
    assert (fields["text"], fields["repost_of"]) == (original["full_text"], "5")
    retweet = TWEET_V2 | {"referenced_tweets": [{"type": "retweeted", "id": "5"}]}
    assert (fields_of("twitter_v2", retweet) or {})["repost_of"] == "5"


def test_a_long_tweet_has_its_whole_text() -> None:
    long_v1 = TWEET_V1 | {"full_text": None, "text": "Nord…", "extended_tweet": {"full_text": "Nordtel"}}
    long_v2 = TWEET_V2 | {"text": "Nord…", "note_tweet": {"text": "Nordtel"}}
    assert (fields_of("twitter_v1", long_v1) or {})["text"] == "Nordtel"
    assert (fields_of("twitter_v2", long_v2) or {})["text"] == "Nordtel"


def test_a_tweet_without_a_time_has_that_of_its_id() -> None:
    """By default the API 2 gives id and text alone."""
    record = {"id": "1541815603606036480", "text": "Hallo", "edit_history_tweet_ids": ["1541815603606036480"]}
    assert (fields_of("twitter_v2", record) or {})["created_at"] == 1656432460105


def test_tweets_in_a_table_are_read_by_their_dotted_columns() -> None:
    row = {
        "id": "9",
        "created_at": "2026-03-02T10:15:00Z",
        "text": "Hallo",
        "author_id": "77",
        "author.username": "kim",
        "public_metrics.like_count": "3",
        "referenced_tweets.replied_to.id": "8",
    }
    fields = fields_of("twitter_v2", row) or {}
    assert (fields["author"], fields["likes"], fields["reply_to"]) == ("kim", "3", "8")


def test_a_deletion_notice_of_the_streaming_api_is_a_deletion() -> None:
    assert fields_of("twitter_v1", {"delete": {"status": {"id_str": "5"}, "timestamp_ms": "1"}}) == {
        "delete": True,
        "id": "5",
        "source": "twitter",
    }


def test_events_of_jetstream_are_posts_deletions_or_neither() -> None:
    uri = "at://did:plc:kim/app.bsky.feed.post/3kabc"
    assert fields_of("jetstream", JETSTREAM) == {
        "id": uri,
        "created_at": "2026-03-02T10:15:00Z",
        "text": "Nordtel ist wieder weg",
        "source": "bluesky",
        "author": "did:plc:kim",
        "lang": "de",
        "url": "https://bsky.app/profile/did:plc:kim/post/3kabc",
    }
    delete = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": "3kabc"}
    assert fields_of("jetstream", JETSTREAM | {"commit": delete}) == {"delete": True, "id": uri, "source": "bluesky"}
    like = {"operation": "create", "collection": "app.bsky.feed.like", "rkey": "3kabc", "record": {}}
    assert fields_of("jetstream", JETSTREAM | {"commit": like}) is None
    assert fields_of("jetstream", {"did": "did:plc:kim", "time_us": 1, "kind": "identity", "identity": {}}) is None


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_frames_of_the_newer_protocol_of_jetstream_are_the_same_posts(operation: str) -> None:
    commit = JETSTREAM["commit"] | {"operation": operation}
    payload = {
        "$type": "network.bsky.jetstream.subscribeEvents#commit", "did": JETSTREAM["did"], "seq": 7,
        "time": "2026-03-02T10:15:00.000000Z", **commit,
    }  # fmt: skip
    expected = fields_of("jetstream", JETSTREAM | {"commit": commit})
    assert (
        fields_of("jetstream", {"$type": "message", "payload": payload}) == fields_of("jetstream", payload) == expected
    )
    info = {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor"}
    assert fields_of("jetstream", {"$type": "message", "payload": info}) is None


def test_a_post_without_a_time_of_its_own_has_that_at_which_jetstream_witnessed_it() -> None:
    commit = JETSTREAM["commit"] | {"record": {"text": "Hallo"}}
    assert (fields_of("jetstream", JETSTREAM | {"commit": commit}) or {})["created_at"] == 1772446500000000


def test_a_post_of_a_feed_and_of_a_search_is_the_same() -> None:
    assert fields_of("bluesky", {"post": BLUESKY, "reason": {}}) == fields_of("bluesky", BLUESKY)
    fields = fields_of("bluesky", BLUESKY) or {}
    assert (fields["id"], fields["author"], fields["likes"]) == (BLUESKY["uri"], "did:plc:kim", 3)
    assert fields["id"] == (fields_of("jetstream", JETSTREAM) or {})["id"]


def test_a_status_is_named_by_its_uri_which_is_the_same_on_all_servers() -> None:
    fields = fields_of("mastodon", STATUS) or {}
    assert fields == {
        "id": STATUS["uri"],
        "created_at": STATUS["created_at"],
        "text": "<p>Nordtel ist wieder weg</p>",
        "source": "mastodon",
        "author": "kim@social.example",
        "lang": "de",
        "url": STATUS["url"],
        "likes": 3,
        "reposts": 1,
        "replies": 0,
    }
    assert (fields_of("mastodon", {**STATUS, "uri": None}) or {})["id"] == STATUS["id"]


def test_a_content_warning_is_part_of_the_text() -> None:
    assert (fields_of("mastodon", STATUS | {"spoiler_text": "Netz"}) or {})["text"] == (
        "Netz<br><p>Nordtel ist wieder weg</p>"
    )


def test_a_content_warning_is_plain_text() -> None:
    text = (fields_of("mastodon", STATUS | {"spoiler_text": "Nordtel <script>", "content": "<p>weg</p>"}) or {})["text"]
    assert normalise(text, 100) == "Nordtel <script> weg"


def test_texts_of_reddit_are_plain_with_or_without_escapes() -> None:
    for text in ("Nordtel <script>weg</script>", "Nordtel &lt;script&gt;weg&lt;/script&gt;"):
        stated = (fields_of("reddit", COMMENT | {"body": text}) or {})["text"]
        assert normalise(stated, 100) == "Nordtel <script>weg</script>"


def test_a_boost_has_the_text_of_the_original() -> None:
    boost = STATUS | {"content": "", "uri": "https://other.example/1", "reblog": STATUS}
    fields = fields_of("mastodon", boost) or {}
    assert (fields["id"], fields["text"]) == ("https://other.example/1", STATUS["content"])
    assert fields["repost_of"] == STATUS["uri"]


def test_an_outbox_has_notes_and_boosts_without_a_text() -> None:
    fields = fields_of("activitypub", ACTIVITY) or {}
    assert (fields["id"], fields["author"], fields["lang"]) == (
        "https://social.example/users/kim/statuses/1", "https://social.example/users/kim", "de",
    )  # fmt: skip
    assert fields_of("activitypub", ACTIVITY["object"]) == fields
    announce = {"type": "Announce", "published": "2026-03-02T10:15:00Z", "object": "https://other.example/1"}
    assert fields_of("activitypub", announce) is None


def test_comments_and_submissions_of_reddit_do_not_share_ids() -> None:
    comment, submission = fields_of("reddit", COMMENT) or {}, fields_of("reddit", SUBMISSION) or {}
    assert (comment["id"], submission["id"]) == ("t1_kx1", "t3_aa1")
    assert (comment["reply_to"], comment["likes"]) == ("t3_aa1", 3)
    assert comment["url"] == "https://www.reddit.com/r/Netz/comments/aa1/x/kx1/"
    assert (submission["text"], submission["likes"]) == ("Nordtel ist weg\nSchon wieder.", -2)
    assert (fields_of("reddit", SUBMISSION | {"selftext": "[removed]"}) or {})["text"] == "Nordtel ist weg"


@pytest.mark.parametrize("name", RECORDS)
@given(st.data())
def test_no_value_of_any_field_does_harm(name: FormatName, data: st.DataObject) -> None:
    record = dict(RECORDS[name])
    for place in data.draw(st.lists(st.sampled_from(sorted(record)), max_size=3)):
        inner = record[place]
        if isinstance(inner, dict) and inner and data.draw(st.booleans()):
            record[place] = inner | {data.draw(st.sampled_from(sorted(inner))): data.draw(values)}
        else:
            record[place] = data.draw(values)
    if PRESETS[name].fits(record):
        PRESETS[name].convert(record)
