"""Records of social.alerts: round trips, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given

from streams.errors import RecordError
from streams.records import alert_from_bytes
from tests.support.alerts import alert
from tests.support.records import ANY_BYTES

ALERT = alert()


def test_alerts_round_trip_and_equal_ones_have_equal_bytes() -> None:
    assert alert_from_bytes(ALERT.to_bytes()) == ALERT
    assert alert().to_bytes() == ALERT.to_bytes()


@pytest.mark.parametrize(
    ("fields", "reason", "says"),
    [
        ({"v": 2}, "unknown_version", "version 2"),
        ({"severity": "awful"}, "wrong_type", "field severity"),
        ({"sentiment": {"negative": 2, "neutral": 0, "positive": 0}}, "wrong_type", "field sentiment.negative"),
        ({"window": None}, "wrong_type", "field window"),
    ],
)
def test_bad_alerts_are_refused_with_a_reason(fields: dict[str, Any], reason: str, says: str) -> None:
    with pytest.raises(RecordError, match=says) as caught:
        alert_from_bytes(orjson.dumps(orjson.loads(ALERT.to_bytes()) | fields))
    assert caught.value.reason == reason


def test_an_unknown_field_of_a_later_minor_version_is_ignored() -> None:
    later = orjson.dumps(orjson.loads(ALERT.to_bytes()) | {"mood": "good"})
    assert alert_from_bytes(later) == ALERT


def test_a_reopened_incident_counts_from_when_it_last_began() -> None:
    began = ALERT.starts_at + timedelta(hours=1)
    window = ALERT.window.model_copy(update={"start": began})
    assert ALERT.since == ALERT.starts_at
    assert ALERT.model_copy(update={"reopened": 1, "window": window}).since == began


@given(ANY_BYTES)
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    with pytest.raises(RecordError):
        alert_from_bytes(value)
