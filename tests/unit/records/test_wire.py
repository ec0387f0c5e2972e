"""What all records have in common: the version, and the units."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.errors import RecordError, UnknownVersion
from streams.records import epoch_ms, mentions_record_from_bytes, utc
from streams.records.wire import load
from tests.support.records import ENVELOPE, changed


def test_newer_versions_are_refused_with_what_to_do() -> None:
    with pytest.raises(UnknownVersion, match="version 9, this firewatch reads up to 1: upgrade"):
        mentions_record_from_bytes(changed(ENVELOPE, v=9))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"{", "broken_json"),
        (b"[]", "wrong_type"),
        (b"{}", "missing_field"),
        (b'{"v": true}', "missing_field"),
        (b'{"v": 0}', "missing_field"),
        (b'{"v": 3}', "unknown_version"),
    ],
)
def test_what_is_no_record_is_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        load(value, "thing", 2)
    assert caught.value.reason == reason
    assert "thing" in caught.value.detail


def test_older_versions_are_read() -> None:
    assert load(b'{"v": 1, "a": 2}', "thing", 2) == {"v": 1, "a": 2}


def test_milliseconds_and_moments_convert_into_one_another() -> None:
    assert utc(1_772_409_600_123) == datetime(2026, 3, 2, 0, 0, 0, 123_000, UTC)
    assert epoch_ms(utc(1_772_409_600_123)) == 1_772_409_600_123
