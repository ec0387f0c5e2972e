"""Records of social.labels: labels and verdicts round trip, and what any client may write is validated."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given

from streams.errors import RecordError
from streams.records import (
    MAX_SILENCE_MS,
    Label,
    Verdict,
    label_from_bytes,
    labels_record_from_bytes,
    verdict_in,
)
from tests.support.records import ANY_BYTES

LABEL = Label(post="forum:1", text="Kein Netz", label="negative", by="anna", at_ms=1_700_000_000_000)
VERDICT = Verdict(
    incident="5f0c", brand="nordtel", verdict="false_alarm", severity="watch", detectors=["volume"], by="anna",
    at_ms=1_700_000_000_000, silence_until_ms=1_700_000_060_000,
)  # fmt: skip


def changed(record: Label | Verdict, **fields: Any) -> bytes:
    """Return the bytes of a record with other fields; a field of None is left out."""
    merged = orjson.loads(record.to_bytes()) | fields
    return orjson.dumps({name: value for name, value in merged.items() if value is not None})


@pytest.mark.parametrize("record", [LABEL, VERDICT, LABEL.model_copy(update={"text": None, "lang": "de"})])
def test_labels_and_verdicts_round_trip(record: Label | Verdict) -> None:
    assert labels_record_from_bytes(record.to_bytes()) == record


def test_a_verdict_shares_its_key_with_no_post() -> None:
    assert LABEL.key == b"forum:1"
    assert VERDICT.key == b"incident 5f0c"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"{", "broken_json"),
        (changed(LABEL, v=2), "unknown_version"),
        (changed(LABEL, by=None), "missing_field"),
        (changed(LABEL, label="furious"), "wrong_label"),
        (changed(LABEL, by=7), "wrong_type"),
    ],
)
def test_bad_labels_are_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        label_from_bytes(value)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"severity": None}, "missing_field"),
        ({"verdict": "boring"}, "wrong_type"),
        ({"mood": "good"}, "wrong_type"),
        ({"silence_until_ms": VERDICT.at_ms + MAX_SILENCE_MS + 1}, "wrong_type"),
        ({"at_ms": -1}, "wrong_type"),
    ],
)
def test_bad_verdicts_are_refused_with_a_reason(fields: dict[str, Any], reason: str) -> None:
    value = changed(VERDICT, **fields)
    with pytest.raises(RecordError) as caught:
        labels_record_from_bytes(value)
    assert caught.value.reason == reason
    assert verdict_in(value) is None


def test_only_verdicts_are_found_among_the_records() -> None:
    assert verdict_in(VERDICT.to_bytes()) == VERDICT
    assert verdict_in(LABEL.to_bytes()) is None
    assert verdict_in(None) is None


@given(ANY_BYTES)
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    with pytest.raises(RecordError):
        labels_record_from_bytes(value)
