"""The headers of a dead letter, and the list of posts over quota."""

from __future__ import annotations

import orjson
import pytest

from streams.errors import RecordError
from streams.records import OverQuota, OverQuotaPost, over_quota_from_bytes
from streams.records.dead_letters import HEADERS, MAX_VALUE_BYTES, OPTIONAL_HEADERS, headers_of

ERROR = RecordError("broken_json", "not JSON")


def test_a_dead_letter_names_the_reason_and_the_place_of_the_record() -> None:
    assert headers_of(ERROR, "social.posts", 3, 41, b"{") == [
        ("reason", b"broken_json"), ("detail", b"not JSON"), ("topic", b"social.posts"), ("offset", b"41"),
        ("partition", b"3"),
    ]  # fmt: skip


def test_a_record_of_a_source_has_no_partition() -> None:
    assert "partition" not in dict(headers_of(ERROR, "posts.jsonl", None, 41, b"{"))


def test_the_length_is_given_only_of_a_value_that_is_cut() -> None:
    assert "truncated_from" not in dict(headers_of(ERROR, "t", 0, 0, bytes(MAX_VALUE_BYTES)))
    assert dict(headers_of(ERROR, "t", 0, 0, bytes(MAX_VALUE_BYTES + 1)))["truncated_from"] == b"900001"


def test_the_number_of_records_is_given_only_where_there_are_several() -> None:
    assert "records" not in dict(headers_of(ERROR, "t", 0, 0, b"", 1))
    assert dict(headers_of(ERROR, "t", 0, 0, b"", 7))["records"] == b"7"


def test_every_header_is_described_and_the_others_are_always_there() -> None:
    most = dict(headers_of(ERROR, "t", 0, 0, bytes(MAX_VALUE_BYTES + 1), 7))
    least = dict(headers_of(ERROR, "t", None, 0, b""))
    assert most.keys() == HEADERS.keys()
    assert least.keys() == HEADERS.keys() - OPTIONAL_HEADERS


def test_posts_over_quota_round_trip() -> None:
    over = OverQuota([OverQuotaPost(17, "forum", "1"), OverQuotaPost(19, "forum", "2")])
    assert over_quota_from_bytes(over.to_bytes()) == over
    with pytest.raises(RecordError, match="unknown_version"):
        over_quota_from_bytes(orjson.dumps(orjson.loads(over.to_bytes()) | {"v": 2}))
