"""The state of a feed is as small as can be, and survives whatever it is read from."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.sources.live.feeds.state import MAX_VALIDATOR_CHARS, FeedState, validator

FULL = FeedState(
    due_ms=1, interval_seconds=900.5, etag='"a"', modified="m", whole_ms=2, body="b", answered_ms=3, newest_ms=4,
    floor_ms=5, asked_seconds=7_200.0, seen="AAAA", last=1, moved_to="https://a.example/", has_ended=True, failures=6,
)  # fmt: skip


def test_a_state_is_the_same_after_it_was_written_down() -> None:
    assert FeedState.from_json(orjson.loads(orjson.dumps(FULL.to_json()))) == FULL
    assert FeedState().to_json() == {}


def test_whole_numbers_are_seconds_too() -> None:
    assert FeedState.from_json({"interval_seconds": 900}) == FeedState(interval_seconds=900)


@pytest.mark.parametrize("values", [None, 7, "x", [], {"due_ms": "7"}, {"due_ms": True}, {"seen": 7}])
def test_what_is_no_state_is_a_new_one(values: Any) -> None:
    assert FeedState.from_json(values) == FeedState()


@pytest.mark.parametrize("value", ['"a"', 'W/"ä"', "Mon, 30 Nov 2026 12:00:00 GMT", "unquoted"])
def test_a_validator_is_kept_exactly(value: str) -> None:
    assert validator(value) == value


@pytest.mark.parametrize("value", ["a\nb", "\udce9", "\0", "x" * (MAX_VALIDATOR_CHARS + 1)])
def test_a_validator_that_can_not_be_sent_back_is_not_kept(value: str) -> None:
    assert validator(value) == ""
