"""Bytes on the wire: round trips, and what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import RecordError, UnknownVersion
from streams.records import (
    Envelope,
    Mention,
    Post,
    Progress,
    Window,
    WindowScore,
    mentions_record_from_bytes,
    post_from_bytes,
    window_from_bytes,
)
from streams.records.posts import MAX_ENGAGEMENT

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, MAX_ENGAGEMENT)


@given(
    st.builds(
        Post,
        texts,
        texts,
        st.integers(-(10**12), 10**13),
        texts,
        texts | st.none(),
        url=texts | st.none(),
        engagement=numbers,
    )
)
def test_posts_round_trip(post: Post) -> None:
    assert post_from_bytes(post.to_bytes()) == post


MENTION = Mention(
    7, 1_700_000_000_000, 30, 9_000, 500, 11, 12, 1, 3, "de", "forum", "p7", ["#netz"], "https://example.org/7", None
)
ENVELOPE = Envelope("nordtel", 2, "uuid", "m1", 1_700_000_000_500, [MENTION])
PULSE = (1_699_999_980_000, [3] + [0] * 15)
PROGRESS = Progress(
    2, "uuid", 7, 1_700_000_000_000, 1_700_000_000_500, -1, True, [("forum", [1_699_999_800_000])], [PULSE]
)


def test_mentions_records_round_trip() -> None:
    assert mentions_record_from_bytes(ENVELOPE.to_bytes()) == ENVELOPE
    assert mentions_record_from_bytes(PROGRESS.to_bytes()) == PROGRESS


def test_windows_round_trip() -> None:
    window = Window(
        "nordtel", 0, 300_000, 5, 1, 9, 8, 4, 0, 2, 1.0, {"volume": WindowScore(0.5, 5.0, 4.0, 1.0, 9.0, None)}, "c"
    )
    assert window_from_bytes(window.to_bytes()) == window


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
    ],
)
def test_bad_posts_are_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        post_from_bytes(value)
    assert caught.value.reason == reason


def changed(record: Envelope | Progress, **fields: Any) -> bytes:
    return orjson.dumps(orjson.loads(record.to_bytes()) | fields)


@pytest.mark.parametrize(
    "value",
    [
        changed(ENVELOPE, partition="2"),
        changed(ENVELOPE, mentions=None),
        changed(ENVELOPE, mentions=[[1, 2]]),
        changed(ENVELOPE, mentions=[tuple(MENTION._replace(negative=9_900, positive=200))]),
        changed(ENVELOPE, mentions=[tuple(MENTION._replace(behind_ms=-1))]),
        changed(ENVELOPE, mentions=[tuple(MENTION._replace(offset=True))]),
        changed(PROGRESS, active=[["forum"]]),
        changed(PROGRESS, watermark_ms=1.5),
    ],
)
def test_bad_mentions_records_are_refused(value: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        mentions_record_from_bytes(value)
    assert caught.value.reason == "wrong_type"


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.integers(-(2**63), 2**63) | texts, st.lists).map(orjson.dumps)
)
def test_no_bytes_whatever_raise_anything_else(value: bytes) -> None:
    for read in (post_from_bytes, mentions_record_from_bytes, window_from_bytes):
        with pytest.raises(RecordError):
            read(value)


def test_newer_versions_are_told_apart() -> None:
    with pytest.raises(UnknownVersion, match="version 9, this firewatch reads up to 1: upgrade"):
        mentions_record_from_bytes(changed(ENVELOPE, v=9))


def test_errors_name_the_place() -> None:
    error = RecordError("broken_json", "not JSON", topic="social.posts", partition=3, offset=41)
    assert str(error) == "social.posts[3]@41: broken_json: not JSON"
