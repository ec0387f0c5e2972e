"""Records of social.windows: round trips, and what is refused."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given

from streams.errors import RecordError
from streams.records import Window, WindowScore, window_from_bytes
from tests.support.records import ANY_BYTES

WINDOW = Window(
    "nordtel", 0, 300_000, 5, 1, 9, 8, 4, 0, 2, 1.0, {"volume": WindowScore(0.5, 5.0, 4.0, 1.0, 9.0, None)}, "c"
)


def test_windows_round_trip() -> None:
    assert window_from_bytes(WINDOW.to_bytes()) == WINDOW


@pytest.mark.parametrize("fields", [{"scores": None}, {"scores": {"volume": 1}}, {"scores": {"volume": [1]}}])
def test_bad_scores_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(RecordError) as caught:
        window_from_bytes(orjson.dumps(orjson.loads(WINDOW.to_bytes()) | fields))
    assert caught.value.reason == "wrong_type"


def test_a_record_of_contract_1_0_does_not_say_whether_authors_are_estimated() -> None:
    fields = orjson.loads(WINDOW.to_bytes())
    del fields["authors_estimated"]
    assert window_from_bytes(orjson.dumps(fields)).authors_estimated is None
    fields["authors_estimated"] = True
    assert window_from_bytes(orjson.dumps(fields)).authors_estimated is True


def test_a_missing_field_is_refused() -> None:
    fields = orjson.loads(WINDOW.to_bytes())
    del fields["late"]
    with pytest.raises(RecordError, match="late") as caught:
        window_from_bytes(orjson.dumps(fields))
    assert caught.value.reason == "wrong_type"


@given(ANY_BYTES)
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    with pytest.raises(RecordError):
        window_from_bytes(value)
