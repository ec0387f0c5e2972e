"""Ten thousand broken frames: each is a post, a deletion, skipped, or a defect with a reason, and nothing grows."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson

from deploy.local.jetstream_events import Event
from streams.config import Config
from streams.config.sources.jetstream import JetstreamSettings
from streams.errors import RecordError
from streams.records import Post
from streams.sources.live.base import Bad, Found, Item, SourceHealth
from streams.sources.live.jetstream import items
from streams.sources.live.jetstream.items import EventItems
from streams.sources.live.jetstream.position import JetstreamPosition, StreamRequest
from streams.sources.live.jetstream.reading import FRAMES_OF_OTHERS, ResumePlan, StreamReading
from streams.workers.sources.door import Door
from tests.support.live_reading import BRAND

if TYPE_CHECKING:
    import pytest

PAYLOADS: Final = 10_000
DAY_MS: Final = 86_400_000
NOW_MS: Final = 1_796_000_000_000

RECORD: Final[dict[str, Any]] = {
    "$type": "app.bsky.feed.post",
    "createdAt": "2026-11-30T10:15:00.123Z",
    "text": "Störung: nordtel.example/out... \U0001f525",
    "langs": ["de", "en"],
    "reply": {"parent": {"uri": "at://did:plc:lee/app.bsky.feed.post/3k", "cid": "baf"}},
    "facets": [
        {
            "index": {"byteStart": 10, "byteEnd": 32},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://nordtel.example/outage"}],
        }
    ],
    "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "A mast on fire"}]},
}

STRANGE: Final[tuple[Any, ...]] = (
    None, True, -1, 2**63, 1e308, "", "x" * 5_000, "\ud83d", "\x00\x1b[31m", [], {}, [[]], {"": None},
    "did:web:" + "a" * 3_000, "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "create", "delete", "app.bsky.feed.post",
)  # fmt: skip


def frame(chance: random.Random) -> bytes:
    """Return a frame of an event."""
    operation = chance.choice(["create", "update", "delete"])
    body: dict[str, Any] = {"rev": "3k", "operation": operation, "collection": "app.bsky.feed.post", "rkey": "3kabc"}
    body |= {} if operation == "delete" else {"record": RECORD, "cid": "baf"}
    kind, event_body = chance.choice(
        [("commit", body)] * 4 + [("account", {"account": {"active": False, "status": "deleted"}})]
    )
    event = Event(chance.randrange(10**9), NOW_MS * 1000, kind, "did:plc:kim", event_body)
    return event.frame(chance.choice(["v1", "v2"]))


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a frame in which something is missing, strange, or broken."""
    if chance.random() < 0.15:
        first = chance.randrange(len(data))
        return (
            data[:first]
            + bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
            + data[first + chance.randrange(9) :]
        )
    value = orjson.loads(data)
    for _ in range(chance.randrange(1, 3)):
        holder: Any = value
        while isinstance(holder, dict | list) and holder:
            key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not isinstance(holder[key], dict | list) or not holder[key] or chance.random() < 0.2:
                if chance.random() < 0.3:
                    del holder[key]
                else:
                    holder[key] = chance.choice(STRANGE)
                break
            holder = holder[key]
    return dumped(value)


def dumped(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half an emoji, or a number that is too large
        return repr(value).encode("utf-8", "surrogatepass")


def reading(now_ms: int = NOW_MS) -> StreamReading:
    settings = JetstreamSettings(id="bluesky", kind="jetstream", languages=["de"], skip_bridged=True)
    return StreamReading(
        "bluesky", settings, EventItems(settings), SourceHealth(), lambda: now_ms,
        host="a.example", wire="v2", at=JetstreamPosition("a.example", None, 0),
        plan=ResumePlan(), request=StreamRequest("live"),
    )  # fmt: skip


def test_each_broken_frame_has_an_outcome() -> None:
    chance = random.Random(17)
    config = Config.model_validate({"brands": [BRAND], "sources": [{"id": "bluesky", "kind": "jetstream"}]})
    door = Door(config, config.sources[0], claims_language=True)
    outcomes: Counter[str] = Counter()
    for _ in range(PAYLOADS):
        found: list[Item] = [*reading()._read([mutated(frame(chance), chance)], NOW_MS).items]
        assert len(found) <= 1
        outcomes[outcome_of(found[0], door) if found else "notice"] += 1
    assert outcomes.total() == PAYLOADS
    assert outcomes["post"] > 1_000
    assert outcomes["Deleted"] > 500
    assert outcomes["AuthorDeleted"] > 300
    assert outcomes["broken_json"] > 500
    assert {"missing_field", "wrong_type", "bad_timestamp"} <= outcomes.keys()


def outcome_of(item: Item, door: Door) -> str:
    """Return what the worker makes of an item."""
    if isinstance(item, Bad):
        assert item.error.detail
        return item.error.reason
    if not isinstance(item, Found):
        return type(item).__name__
    try:
        post = door.admit(item, NOW_MS)
    except RecordError as error:
        return error.reason
    assert not isinstance(post, Post) or post.ts_ms <= NOW_MS
    return "post" if isinstance(post, Post) else "skipped"


def test_a_day_of_events_leaves_nothing_behind_and_moves_the_position(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "BRIDGED_ACCOUNTS", 1_000)
    settings = JetstreamSettings(id="bluesky", kind="jetstream", skip_bridged=True)
    converter, health = EventItems(settings), SourceHealth()
    at = None
    for second in range(0, 86_400, 240):
        now_ms = NOW_MS + second * 1000
        stream = StreamReading(
            "bluesky", settings, converter, health, lambda: NOW_MS,
            host="a.example", wire="v2", at=at, plan=ResumePlan(fresh=at is None), request=StreamRequest("live"),
        )  # fmt: skip
        for part in range(4):
            seq = second * 10 + part * 10
            commit = {
                "operation": "create",
                "collection": "app.bsky.feed.post",
                "rkey": f"{seq}",
                "record": {"text": "x"},
            }
            events = [Event(seq, now_ms * 1000, "commit", "did:plc:kim", commit)]
            events += [
                Event(
                    seq + 1, now_ms * 1000, "identity", f"did:plc:{seq}-{each}", {"identity": {"handle": "x.brid.gy"}}
                )
                for each in range(15)
            ]
            batch = stream._read([event.frame("v2") for event in events], now_ms)
            assert batch.position is not None
            assert at is None or batch.position["time_us"] >= at.time_us
            at = stream.at
    assert at is not None
    assert at.time_us == (NOW_MS + 86_160_000) * 1000
    assert len(converter._skipped) == 0
    assert len(converter._bridged._count) == 1_000
    assert len(health.facts) == 0


def test_frames_of_something_else_end_the_connection_after_a_while() -> None:
    stream = reading()
    batch = stream._read([b"{}"] * 1_000, NOW_MS)
    assert len(batch.items) == FRAMES_OF_OTHERS
    assert stream._ending is not None
