"""Records of social.posts: round trips, and what is refused."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import RecordError
from streams.records import (
    AuthorDeletion,
    Deletion,
    Gap,
    Post,
    destinations,
    is_deletion,
    post_from_bytes,
    posts_record_from_bytes,
    unambiguous_key,
)
from streams.records.posts import MAX_ENGAGEMENT
from tests.support.records import ANY_BYTES, TEXTS


def test_the_key_of_a_post_is_source_and_id_where_that_says_which_is_which() -> None:
    assert Post("daily:15", "rss", 0, "text").key == Deletion("daily:15", "rss").key == b"rss:daily:15"
    assert Post("15", "rss:daily", 0, "text").key == Deletion("15", "rss:daily").key == b":9:rss:daily:15"


@given(*[st.text(alphabet="a:9", min_size=1, max_size=5)] * 4)
def test_two_posts_never_share_a_key(source: str, id: str, other_source: str, other_id: str) -> None:
    same = (source, id) == (other_source, other_id)
    assert (unambiguous_key(source, id) == unambiguous_key(other_source, other_id)) == same


@given(
    st.builds(
        Post,
        TEXTS,
        TEXTS,
        st.integers(-(10**12), 10**13),
        TEXTS,
        TEXTS | st.none(),
        url=TEXTS | st.none(),
        engagement=st.integers(0, MAX_ENGAGEMENT),
        delayed=st.booleans(),
    )
)
def test_posts_round_trip(post: Post) -> None:
    assert post_from_bytes(post.to_bytes()) == post


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"{", "broken_json"),
        (b"\x00\xff", "broken_json"),
        (b"[" * 10_000, "broken_json"),
        (b"[]", "wrong_type"),
        (b"{}", "missing_field"),
        (b'{"v": "1"}', "missing_field"),
        (b'{"v": 2}', "unknown_version"),
        (b'{"v": 1}', "missing_field"),
        (b'{"v": 1, "id": 7, "source": "s", "text": "t", "ts_ms": 1}', "wrong_type"),
        (b'{"v": 1, "id": "7", "source": "s", "text": "t", "ts_ms": true}', "wrong_type"),
        (b'{"v": 1, "id": "7", "source": "s", "text": "t"}', "missing_field"),
        (b'{"v": 1, "id": "7", "source": "s", "text": "t", "ts_ms": 1, "lang": 4}', "wrong_type"),
        (b'{"v": 1, "id": "7", "source": "s", "text": "t", "ts_ms": 1, "engagement": -4}', "wrong_type"),
        (b'{"v": 1, "id": "7", "source": "s", "text": "t", "ts_ms": 1, "delayed": 1}', "wrong_type"),
    ],
)
def test_bad_posts_are_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        post_from_bytes(value)
    assert caught.value.reason == reason


@given(ANY_BYTES)
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    for read in (post_from_bytes, posts_record_from_bytes):
        with pytest.raises(RecordError):
            read(value)


def test_a_deletion_has_the_key_of_its_post_and_is_read_beside_posts() -> None:
    deletion = Deletion("1", "forum")
    post = Post("1", "forum", 0, "text")
    assert deletion.key == post.key == b"forum:1"
    assert posts_record_from_bytes(deletion.to_bytes()) == deletion
    assert posts_record_from_bytes(post.to_bytes()) == post


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"delete": "yes", "id": "1", "source": "forum"}, "wrong_type"),
        ({"delete": True, "id": "1"}, "missing_field"),
        ({"delete": True, "id": 1, "source": "forum"}, "wrong_type"),
        ({"delete_author": True, "source": "forum"}, "missing_field"),
        ({"delete_author": True, "author": 7, "source": "forum"}, "wrong_type"),
        ({"gap": True, "source": "forum", "from_ms": 1, "to_ms": 2}, "missing_field"),
        ({"gap": True, "source": "forum", "from_ms": 1, "to_ms": 2, "cause": "boredom"}, "wrong_type"),
        ({"gap": True, "source": "forum", "from_ms": 1, "to_ms": 2.5, "cause": "paused"}, "wrong_type"),
        ({"gap": True, "source": "forum", "from_ms": 3, "to_ms": 2, "cause": "paused"}, "wrong_type"),
    ],
)
def test_bad_deletions_are_refused_with_a_reason(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        posts_record_from_bytes(orjson.dumps({"v": 1} | fields))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "record", [AuthorDeletion("did:plc:anna", "bluesky"), Gap("bluesky", 1, 2, "cursor_too_old", "seq 7", "feed")]
)
def test_deletions_of_authors_and_gaps_are_read_beside_posts(record: AuthorDeletion | Gap) -> None:
    assert posts_record_from_bytes(record.to_bytes()) == record


def test_a_firewatch_without_deletions_of_authors_and_gaps_diverts_them_and_loses_no_post() -> None:
    """It reads each record of the topic as a post or, if it says so, as the deletion of one."""
    for record in (AuthorDeletion("anna", "forum"), Gap("forum", 1, 2, "paused")):
        assert not is_deletion(orjson.loads(record.to_bytes()))
        with pytest.raises(RecordError) as caught:
            post_from_bytes(record.to_bytes())
        assert caught.value.reason == "missing_field"


@pytest.mark.parametrize("further", [{"gap": True}, {"delete_author": True}, {"gap": 3, "delete_author": "anna"}])
def test_a_post_with_fields_of_other_records_is_a_post(further: dict[str, object]) -> None:
    post = Post("1", "forum", 0, "text", author="anna")
    assert posts_record_from_bytes(orjson.dumps(orjson.loads(post.to_bytes()) | further)) == post


def test_a_deletion_of_an_author_goes_to_every_partition_and_all_else_to_that_of_its_key() -> None:
    assert destinations(AuthorDeletion("anna", "forum"), 4) == [0, 1, 2, 3]
    for record in (Post("1", "forum", 0, "text"), Deletion("1", "forum"), Gap("forum", 1, 2, "paused")):
        assert destinations(record, 4) == [None]


@pytest.mark.parametrize(("fields", "expected"), [({}, False), ({"delete": False}, False), ({"delete": True}, True)])
def test_only_true_deletes(fields: dict[str, object], expected: bool) -> None:
    assert is_deletion(fields) is expected
