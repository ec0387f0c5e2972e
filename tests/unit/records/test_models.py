"""Records of social.models: round trips, and what is refused."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from streams.errors import RecordError
from streams.records import (
    MAX_SNAPSHOT_BYTES,
    HoldoutQuality,
    ModelHeader,
    PublishedModel,
    model_from_bytes,
    model_from_record,
    model_of_key,
)
from streams.records.models import MAX_MODEL_BYTES

QUALITY = HoldoutQuality(labels=10, macro_f1=0.5, negative_rest_f1=0.6)
MODEL = PublishedModel(
    ModelHeader(
        version=3, parent=2, created_ms=1_700_000_000_000, labels=50, incarnation="uuid", offset=60, quality=QUALITY,
        parent_quality=QUALITY,
    ),
    b"snapshot\nwith a newline",
)  # fmt: skip


def sealed(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def test_models_round_trip() -> None:
    assert model_from_bytes(MODEL.to_bytes()) == MODEL
    assert model_from_record(b"sentiment/3", MODEL.to_bytes()) == MODEL


def test_the_largest_snapshot_fits_and_a_larger_record_is_refused() -> None:
    largest = PublishedModel(MODEL.header, bytes(MAX_SNAPSHOT_BYTES))
    assert model_from_bytes(largest.to_bytes()) == largest
    with pytest.raises(RecordError, match="at most"):
        model_from_bytes(bytes(MAX_MODEL_BYTES + 1))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"no checksum", "broken_model"),
        (MODEL.to_bytes()[:-1], "broken_model"),
        (sealed(b"{\nsnapshot"), "broken_json"),
        (sealed(orjson.dumps(MODEL.header.model_dump() | {"v": 2}) + b"\n"), "unknown_version"),
        (sealed(orjson.dumps(MODEL.header.model_dump() | {"offset": "60"}) + b"\n"), "wrong_type"),
    ],
)
def test_bad_models_are_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        model_from_bytes(value)
    assert caught.value.reason == reason


@pytest.mark.parametrize("key", [b"sentiment/4", b"sentiment-best/3", None])
def test_a_record_under_the_key_of_another_is_refused(key: bytes | None) -> None:
    with pytest.raises(RecordError) as caught:
        model_from_record(key, MODEL.to_bytes())
    assert caught.value.reason == "wrong_key"


def test_each_quality_has_keys_of_its_own() -> None:
    assert model_of_key(b"sentiment-best/7") == ("best", 7)
    for key in (None, b"", b"sentiment", b"sentiment/-1", b"sentiment/1.5", b"other/1", b"sentiment/" + b"9" * 16):
        with pytest.raises(RecordError, match="wrong_key"):
            model_of_key(key)
