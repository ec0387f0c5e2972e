"""Frames of both wires are decoded into the same events, and others are refused with a reason."""

from __future__ import annotations

import orjson
import pytest

from deploy.local.jetstream_events import Event
from streams.errors import RecordError
from streams.sources.live.jetstream.frames import JetstreamEvent, Notice, StreamFailure, frame_of

COMMIT = {"rev": "3ke6kg3wkjp22", "operation": "delete", "collection": "app.bsky.feed.post", "rkey": "3kabc"}
EVENT = Event(7, 1_772_446_500_000_001, "commit", "did:plc:kim", COMMIT)


def test_both_wires_have_the_same_event() -> None:
    first, second = frame_of(EVENT.frame("v1")), frame_of(EVENT.frame("v2"))
    assert isinstance(first, JetstreamEvent)
    assert isinstance(second, JetstreamEvent)
    assert first[:4] == second[:4] == (7, 1_772_446_500_000_001, "commit", "did:plc:kim")
    assert first.digest == second.digest
    assert {name: second.body[name] for name in COMMIT} == first.body == COMMIT


def test_an_old_server_does_not_number() -> None:
    event = frame_of(EVENT.frame("v1", numbered=False))
    assert isinstance(event, JetstreamEvent)
    assert event.seq is None


def test_other_versions_of_a_record_are_other_events() -> None:
    other = frame_of(EVENT._replace(body=COMMIT | {"rev": "3ke6kg3wkjp23"}).frame("v2"))
    first = frame_of(EVENT.frame("v2"))
    assert isinstance(first, JetstreamEvent)
    assert isinstance(other, JetstreamEvent)
    assert other.digest != first.digest


def test_notices_and_failures_of_the_stream_are_no_events() -> None:
    info = {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor", "message": "seq 1"}
    assert frame_of(orjson.dumps({"$type": "message", "payload": info})) == Notice("OutdatedCursor", "seq 1")
    later = {"$type": "network.bsky.jetstream.subscribeEvents#maintenance", "message": "soon"}
    assert frame_of(orjson.dumps({"$type": "message", "payload": later})) == Notice("", "soon")
    assert frame_of(b'{"$type":"error","error":"ConsumerTooSlow"}') == StreamFailure("ConsumerTooSlow", "")
    assert frame_of(b'{"error":"FutureCursor","message":"\\u001b[31m"}') == StreamFailure("FutureCursor", "\ufffd[31m")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "broken_json"),
        (b"\x28\xb5\x2f\xfd\x00", "broken_json"),
        (b"[" * 5_000 + b"]" * 5_000, "too_deep"),
        (b"[]", "wrong_type"),
        (b"{}", "missing_field"),
        (b'{"time_us":"7","kind":"commit","did":"did:plc:kim"}', "wrong_type"),
        (b'{"time_us":-1,"kind":"commit","did":"did:plc:kim"}', "wrong_type"),
        (b'{"time_us":7,"kind":["commit"],"did":"did:plc:kim"}', "wrong_type"),
        (b'{"time_us":7,"kind":"commit"}', "missing_field"),
        (
            b'{"$type":"message","payload":{"$type":"x#commit","did":"did:plc:kim","seq":1,"time":"now"}}',
            "bad_timestamp",
        ),
        (b'{"$type":"message","payload":{"$type":"x#commit","did":"did:plc:kim","seq":1}}', "missing_field"),
        (
            b'{"$type":"message","payload":{"$type":"x#commit","did":"did:plc:kim","seq":true,"time":"now"}}',
            "wrong_type",
        ),
        (b'{"$type":"message","payload":{}}', "missing_field"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        frame_of(data)
    assert caught.value.reason == reason
