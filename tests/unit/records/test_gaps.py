"""Records of gaps: round trips, and what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given

from streams.errors import RecordError
from streams.records import GAP_CAUSES, Gap, gap_from_bytes
from tests.support.records import ANY_BYTES

GAP = Gap("bluesky", 1_700_000_000_000, 1_700_000_060_000, "cursor_too_old", "seq 7 is not kept", "us-east")


def test_gaps_round_trip_and_leave_out_what_has_no_value() -> None:
    assert gap_from_bytes(GAP.to_bytes()) == GAP
    short = GAP._replace(detail="", part="")
    assert gap_from_bytes(short.to_bytes()) == short
    assert not {"detail", "part"} & orjson.loads(short.to_bytes()).keys()


@pytest.mark.parametrize("cause", GAP_CAUSES)
def test_every_cause_is_read(cause: Any) -> None:
    gap = GAP._replace(cause=cause)
    assert gap_from_bytes(gap.to_bytes()) == gap


def test_gaps_of_one_source_have_one_key() -> None:
    assert GAP.key == Gap("bluesky", 1, 2, "paused").key == b"gap:bluesky"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"source": None}, "wrong_type"),
        ({"from_ms": 1.5}, "wrong_type"),
        ({"to_ms": True}, "wrong_type"),
        ({"to_ms": 1_699_999_999_999}, "wrong_type"),
        ({"cause": "boredom"}, "wrong_type"),
        ({"v": 2}, "unknown_version"),
        ({"v": None}, "missing_field"),
    ],
)
def test_bad_gaps_are_refused(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        gap_from_bytes(orjson.dumps(orjson.loads(GAP.to_bytes()) | fields))
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["source", "from_ms", "to_ms", "cause"])
def test_a_gap_without_a_required_field_is_refused(name: str) -> None:
    fields = orjson.loads(GAP.to_bytes())
    del fields[name]
    with pytest.raises(RecordError) as caught:
        gap_from_bytes(orjson.dumps(fields))
    assert caught.value.reason == "missing_field"


@given(ANY_BYTES)
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    with pytest.raises(RecordError):
        gap_from_bytes(value)
