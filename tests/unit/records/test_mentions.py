"""Records of social.mentions: round trips, and what is refused."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given

from streams.errors import RecordError
from streams.records import MentionsContent, mentions_record_from_bytes
from tests.support.records import ANY_BYTES, ENVELOPE, MENTION, PROGRESS, changed


@pytest.mark.parametrize("record", [ENVELOPE, PROGRESS], ids=lambda record: type(record).__name__)
def test_mentions_records_round_trip(record: MentionsContent) -> None:
    assert mentions_record_from_bytes(record.to_bytes()) == record


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
        changed(PROGRESS, pulse=[[1_699_999_980_000, [3]]]),
        changed(ENVELOPE, mentions=[tuple(MENTION), tuple(MENTION)]),
    ],
)
def test_bad_mentions_records_are_refused(value: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        mentions_record_from_bytes(value)
    assert caught.value.reason == "wrong_type"


@given(ANY_BYTES)
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    with pytest.raises(RecordError):
        mentions_record_from_bytes(value)


def test_progress_of_a_scorer_that_knew_no_newest_time_is_read() -> None:
    fields = orjson.loads(PROGRESS.to_bytes())
    earlier = {name: value for name, value in fields.items() if name not in {"newest_ms", "delay_ms"}}
    assert mentions_record_from_bytes(orjson.dumps(earlier)) == PROGRESS
