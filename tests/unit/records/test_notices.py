"""What a scorer passes on to every brand: round trips, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from streams.errors import RecordError
from streams.records import MAX_DELETIONS, mentions_record_from_bytes
from streams.records.notices import notice_of
from tests.support.records import AUTHOR_DELETIONS, DELETIONS, ENVELOPE, GAPS, PROGRESS, changed

if TYPE_CHECKING:
    from streams.records import MentionsContent, Notice


@pytest.mark.parametrize("record", [DELETIONS, AUTHOR_DELETIONS, GAPS], ids=lambda record: type(record).__name__)
def test_notices_round_trip(record: Notice) -> None:
    assert mentions_record_from_bytes(record.to_bytes()) == record
    assert notice_of(orjson.loads(record.to_bytes())) == record


@pytest.mark.parametrize("record", [ENVELOPE, PROGRESS], ids=lambda record: type(record).__name__)
def test_other_records_are_no_notices(record: MentionsContent) -> None:
    assert notice_of(orjson.loads(record.to_bytes())) is None


@pytest.mark.parametrize(
    "value",
    [
        changed(DELETIONS, partition="2"),
        changed(DELETIONS, posts=[]),
        changed(DELETIONS, posts=[[1, "forum", "1"]] * (MAX_DELETIONS + 1)),
        changed(DELETIONS, posts=[["1", "forum", "1"]]),
        changed(AUTHOR_DELETIONS, partition="2"),
        changed(AUTHOR_DELETIONS, incarnation=None),
        changed(AUTHOR_DELETIONS, incarnation="t" * 5_000),
        changed(AUTHOR_DELETIONS, authors=[]),
        changed(AUTHOR_DELETIONS, authors=[[each, 1, 1] for each in range(MAX_DELETIONS + 1)]),
        changed(AUTHOR_DELETIONS, authors=[[1, 1]]),
        changed(AUTHOR_DELETIONS, authors=[[1, 1, "anna"]]),
        changed(AUTHOR_DELETIONS, authors=[[1, 1, -2]]),
        changed(AUTHOR_DELETIONS, authors=[[1, 1, 1], [1, 1, 2]]),
        changed(GAPS, spans=[[1, 1, "forum", 2]]),
        changed(GAPS, spans=[[1, 1, "forum", 3, 2]]),
        changed(GAPS, spans=[[1, 1, 7, 2, 3]]),
        changed(GAPS, spans=[[1, 1, "f" * 5_000, 2, 3]]),
        changed(GAPS, spans=None),
    ],
)
def test_bad_notices_are_refused(value: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        mentions_record_from_bytes(value)
    assert caught.value.reason == "wrong_type"
