"""10,000 bodies that somebody has broken: each record of each is a post, skipped, a deletion or a dead letter."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.sources.live.base import SourceHealth, Surroundings
from streams.sources.live.content_encoding import ENCODINGS, BodyInflater
from streams.sources.live.webhook.intake import PostsIntake
from streams.sources.live.webhook.problems import HttpAnswer, RequestRefused
from streams.sources.live.webhook.senders import Senders
from streams.sources.live.webhook.waiting import WaitingItems
from tests.support.packing import zstd_packed
from tests.support.platforms import RECORDS
from tests.support.pushing import ManualClock, StoredItems, config_with, lines, post, posts, pushing

if TYPE_CHECKING:
    from streams.sources.live.webhook.payload import Form

BODIES: Final = 10_000

VALUES: Final[list[Any]] = [
    None, True, False, 0, -1, 2**53, 2**70, 1e308, 0.5, "", " ", "\u0000", "\ud83d", "NaN", "\u202e", "x" * 300, [], {},
    [[]], [None], {"id": 1}, {"a": {"b": {"c": []}}}, "2026-03-02T10:10:00Z", "0000-00-00", "9" * 40, "<b>", "🔥",
]  # fmt: skip
BYTES: Final = [b"\x00", b"\xff", b"{", b"}", b"[", b"]", b'"', b"\\", b",", b"\n", b"NaN", b"\\u0000", b"\xef\xbb\xbf"]


def mutated(chance: random.Random) -> tuple[bytes, str, Form]:
    """Return a body, its Content-Encoding, and what its media type says."""
    records = [changed(dict(chance.choice(TEMPLATES)), chance) for _ in range(chance.choice([1, 1, 2, 5]))]
    shape = chance.randrange(4)
    whole = records[0] if shape == 0 else {"documents": records} if shape == 1 else records
    body = lines(records) if shape == 3 else json.dumps(whole).encode()
    for _ in range(chance.choice([0, 0, 1, 1, 3])):
        body = broken(body, chance)
    encoding = chance.choice(["", "", "gzip", "zstd", "deflate"])
    sent = gzip.compress(body) if encoding == "gzip" else zstd_packed(body) if encoding == "zstd" else body
    if chance.random() < 0.1:
        sent = broken(sent, chance)
    return sent, encoding, chance.choice(["json", "lines", "any"])


TEMPLATES: Final = [post(), {"delete": True, "id": "1"}, {"delete": True, "author": "kim"}, *RECORDS.values()]


def changed(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        name = chance.choice([*record, "id", "text", "created_at", "delete", "author", "source", ""])
        inner = record.get(name)
        if isinstance(inner, dict) and inner and chance.random() < 0.5:
            record[name] = changed(dict(inner), chance)
        elif chance.random() < 0.3:
            record.pop(name, None)
        else:
            record[name] = chance.choice(VALUES)
    return record


def broken(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    match chance.randrange(3):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + chance.choice(BYTES) + body[at:]
        case 2:
            return body[:at] + body[at + chance.randrange(1, 9) :]
        case 3:
            return body[:at] + chance.choice([b"[", b'{"a":']) * chance.choice([3, 2_000]) + body[at:]
        case _:
            return body[at:] + body[:at]


async def test_no_body_raises_or_is_lost() -> None:
    chance = random.Random(17)
    config, clock, waiting = config_with({}), ManualClock(), WaitingItems()
    settings: Any = config.sources[0]
    sender = Senders(settings, clock).anonymous
    assert sender is not None
    intake = PostsIntake(settings, Surroundings(config, now_ms=clock), waiting, SourceHealth())
    stored = StoredItems(config, "push")

    async def store() -> None:
        while True:
            for pushed in await waiting.next(1, 1):
                pushed.settle([stored.outcome(item, clock()) for item in pushed.items])

    storing = asyncio.create_task(store())
    statuses: dict[int, int] = {}
    counted = dict.fromkeys(("received", "accepted", "repeated", "deleted", "skipped", "rejected"), 0)
    for _ in range(BODIES):
        body, encoding, form = mutated(chance)
        try:
            answer = await intake.process(sender, body, form, BodyInflater(encoding, 1_000_000, ENCODINGS))
        except RequestRefused as refused:
            answer = refused.answer()
            assert answer.status in {400, 413}
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        count(answer, counted)
    storing.cancel()
    assert set(statuses) >= {202, 400, 422}
    assert sum(statuses.values()) == BODIES
    assert all(count > 100 for count in counted.values()), counted
    assert counted["received"] == sum(counted[name] for name in ("accepted", "deleted", "skipped", "rejected"))
    assert counted["accepted"] - counted["repeated"] == len(stored.posts)
    assert counted["deleted"] == len(stored.deleted) + len(stored.deleted_authors)
    assert counted["rejected"] == len(stored.dead_letters)
    assert counted["skipped"] == stored.skipped
    assert intake.room.held == (0, 0)


def count(answer: HttpAnswer, counted: dict[str, int]) -> None:
    body = json.loads(answer.body)
    if "received" in body:
        assert len(body["errors"]) == body["rejected"]
        for name in counted:
            counted[name] += body[name]


@pytest.mark.parametrize("seed", range(3))
async def test_no_bytes_on_the_wire_stop_the_server(seed: int) -> None:
    chance = random.Random(seed)
    request = b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nContent-Encoding: gzip\r\n\r\n%b"
    body = gzip.compress(json.dumps(posts(3)).encode())
    async with pushing({"body_seconds": 0.1}) as push:
        for _ in range(25):
            sent = request % (len(body), body)
            for _ in range(chance.choice([1, 2, 5])):
                sent = broken(sent, chance)
            answer = await push.raw(sent)
            assert answer == b"" or answer.split(b" ")[1] in {b"202", b"400", b"404", b"405", b"408", b"411", b"413",
                                                             b"415", b"422", b"403"}  # fmt: skip
        assert (await push.push(post("last"))).status == 202
