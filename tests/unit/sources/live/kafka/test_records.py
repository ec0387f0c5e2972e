"""Every record of a foreign topic is a post, a deletion, skipped, or a defect with its reason."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import orjson
import pytest

from streams.config import Config
from streams.config.sources.kafka import KafkaSourceSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import Post
from streams.sources.conversion import Conversion
from streams.sources.live.base import Bad, Deleted, Found, Item, Skipped
from streams.sources.live.kafka.records import RecordReading, decoded_key, is_confluent
from tests.support.foreign_records import NOW, Record
from tests.support.platforms import JETSTREAM, NATIVE, RECORDS
from tests.support.source_reading import NORDTEL

VALUES = [b"null", b"{}", b"[]", b"1e400", b"-1", b'"\\u0000"', b"NaN"]


def reading(**entry: Any) -> RecordReading:
    settings = KafkaSourceSettings(id="crawler", kind="kafka", topic="raw", **entry)
    config = Config.model_validate({"brands": [NORDTEL]})
    return RecordReading(settings, config, Conversion.of_live(settings.map, lambda: NOW))


def item(value: Any, key: bytes | None = None, entry: dict[str, Any] | None = None, **rest: Any) -> Item:
    encoded = value if value is None or isinstance(value, bytes) else orjson.dumps(value)
    return reading(**(entry or {})).item(Record(encoded, key, **rest))


def test_a_post_keeps_its_fields_but_not_its_source() -> None:
    found = item(NATIVE | {"source": "forum"})
    assert found == Found(NATIVE, orjson.dumps(NATIVE | {"source": "forum"}), None, place="partition 3, offset 17")


def test_the_time_at_which_the_broker_appended_is_when_the_post_was_witnessed() -> None:
    found = item(NATIVE, timestamp_type=1)
    assert isinstance(found, Found)
    assert found.witnessed_ms == NOW


@pytest.mark.parametrize("name", RECORDS)
def test_known_formats_are_recognised_in_the_envelope_of_connect_too(name: Any) -> None:
    bare, wrapped = item(RECORDS[name]), item({"schema": {"type": "struct"}, "payload": RECORDS[name]})
    assert isinstance(bare, Found)
    assert isinstance(wrapped, Found)
    assert wrapped.fields == bare.fields


def test_a_map_can_use_what_is_around_the_value() -> None:
    entry = {
        "map": {
            "id": {"join": ["@partition", "@offset"]},
            "created_at": "@timestamp",
            "author": "@headers.user",
            "text": "@value",
        }
    }
    headers = (("user", b"kim"), ("user", b"kim2"), ("empty", None))
    for value, text in ((b"Nordtel ist weg", "Nordtel ist weg"), (b'"Nordtel"', "Nordtel"), (b"17", 17)):
        found = item(value, entry=entry, headers=headers)
        assert isinstance(found, Found)
        assert found.fields == {"id": "3:17", "created_at": NOW, "author": "kim2", "text": text} | {
            name: found.fields[name] for name in found.fields if name.startswith("@")
        }


@pytest.mark.parametrize(
    ("key", "entry", "id"),
    [
        (b"17", {}, "17"),
        (b"017", {}, "017"),
        (b"1e5", {}, "1e5"),
        (b'"17"', {}, "17"),
        (b'{"id": 17}', {}, "17"),
        (b'{"uid": 17}', {}, "17"),
        (b'{"uid": 17, "shard": 3}', {"map": {"id": "uid"}}, "17"),
        (b'{"schema": {}, "payload": 17}', {}, "17"),
        (b'{"schema": {}, "payload": {"uid": "a"}}', {"map": {"id": "uid"}}, "a"),
        (b"17", {"key_id": {"join": [{"const": "forum"}, "@key"]}}, "forum:17"),
        (b'{"board": "cars", "number": 7}', {"map": {"id": {"join": ["board", "number"]}}}, "cars:7"),
        (b'{"a": 1, "b": 2}', {"key_id": "b"}, "2"),
        ("ümlaut".encode(), {}, "ümlaut"),
    ],
)
def test_a_record_without_a_value_deletes_the_post_in_its_key(key: bytes, entry: dict[str, Any], id: str) -> None:
    assert item(None, key, entry) == Deleted(id)
    assert item({"schema": None, "payload": None}, key, entry) == Deleted(id)


def test_a_record_deletes_where_its_fields_say_so() -> None:
    assert item({"delete": True, "id": 7}) == Deleted("7")
    entry = {"map": {"id": ["after.id", "before.id"], "text": "after.text", "delete": {"path": "op", "equals": "d"}}}
    assert item({"op": "d", "before": {"id": 7}, "after": None}, entry=entry) == Deleted("7")


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (None, None, "missing_field"),
        (None, b"", "empty_id"),
        (None, b'{"a": 1, "b": 2}', "missing_field"),
        (None, b'{"id": [1]}', "wrong_type"),
        (None, b"x" * 300, "bad_id"),
        (b"\0\0\0\0\x07avro", None, "confluent_format"),
        (b"", None, "broken_json"),
        (b"\0\0", None, "broken_json"),
        (b"[1]", None, "wrong_type"),
        (b'{"schema": {}, "payload": [1]}', None, "wrong_type"),
        (b"x" * 100_000, None, "too_large"),
        (b'{"delete": true}', None, "missing_field"),
        (b'{"delete": "yes", "id": 7, "text": "a"}', None, None),
    ],
)
def test_a_defect_has_a_reason_and_its_place(value: bytes | None, key: bytes | None, reason: str | None) -> None:
    found = item(value, key)
    if reason is None:  # left to the normaliser
        assert isinstance(found, Found)
        return
    assert isinstance(found, Bad)
    assert (found.error.reason, found.place) == (reason, "partition 3, offset 17")
    assert len(found.raw) <= 65_537


def test_confluents_format_is_named_with_the_way_out() -> None:
    found = item(b"\0\0\0\0\x07avro")
    assert isinstance(found, Bad)
    assert "Confluent's schema registry (schema 7: Avro" in found.error.detail
    assert "JsonConverter" in found.error.detail
    assert not is_confluent(b"\0\0\0\0")


def test_an_event_that_holds_no_post_is_skipped() -> None:
    assert item(JETSTREAM | {"commit": {"collection": "app.bsky.feed.like"}}) == Skipped("no_post")


def test_a_broken_key_is_text() -> None:
    assert decoded_key(b'{"id') == '{"id'
    assert decoded_key(None) is None


def test_ten_thousand_mutated_records_are_each_something() -> None:
    """Seeded; each outcome is one that the ingest worker knows, and a post that is not usable has a reason."""
    chance = random.Random(17)
    readings = [
        reading(),
        reading(map={"id": "post.uid", "text": ["post.body", "@value"], "created_at": "@timestamp"}),
        reading(map="reddit", key_id=["@key", {"join": ["a", "b"]}]),
    ]
    normaliser = Normaliser(Config.model_validate({"brands": [NORDTEL]}).ingest, "crawler")
    seeds = [orjson.dumps(record) for record in (*RECORDS.values(), NATIVE)]
    seeds += [orjson.dumps({"schema": {}, "payload": record}) for record in RECORDS.values()]
    seeds += [orjson.dumps(JETSTREAM | {"commit": {"collection": "app.bsky.feed.like"}})]
    seeds += [b"\0\0\0\0\x01", b"[" * 3_000, b'{"a":' * 2_000, b'{"post":{"uid":7,"body":"b"}}', b'"\\ud800"', b"null"]
    outcomes: dict[str, int] = {}
    for _ in range(10_000):
        value: bytes | None = mutated(chance.choice(seeds), chance)
        if chance.random() < 0.1:
            value = None
        key = mutated(chance.choice([b"17", b'{"id":17}', b'{"schema":{},"payload":{"a":1}}', b""]), chance)
        record = Record(value, key, chance.choice([-1, 0, NOW, 2**62]), chance.choice([0, 1]), (("h", None),))
        found = chance.choice(readings).item(record)
        if isinstance(found, Found):
            with suppress(RecordError):  # a defect that the normaliser finds
                made = normaliser.record_of(found.fields, NOW)
                assert made is None or isinstance(made, Post)
        elif isinstance(found, Bad):
            assert found.error.reason
        assert isinstance(found, Found | Deleted | Skipped | Bad)
        outcomes[type(found).__name__] = outcomes.get(type(found).__name__, 0) + 1
    assert outcomes.keys() == {"Found", "Deleted", "Skipped", "Bad"}


def mutated(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at:]
            case 1:
                data = data[:at]
            case 2:
                data = data[:at] + data[at + 1 :]
            case 3:
                data = (
                    data[:at]
                    + chance.choice([b"null", b"{}", b"[]", b"1e400", b"-1", b'"\\u0000"', b"NaN"])
                    + data[at:]
                )
            case _:
                data = data[:at] + data[: chance.randrange(40)] + data[at:]
    return data
