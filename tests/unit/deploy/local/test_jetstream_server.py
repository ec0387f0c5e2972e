"""The local Jetstream server speaks both wires as their documentation says."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from deploy.local.jetstream_events import NSID
from deploy.local.jetstream_requests import Filter
from deploy.local.jetstream_server import V1_PATH, V2_PATH
from tests.support.jetstream_faults import FaultyJetstream
from tests.support.lexicon import problems_of
from tests.support.paths import DEPLOY, SHARED_SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.asyncio.server import ServerConnection

LEXICON = SHARED_SOURCES / "fixtures" / "jetstream" / "subscribeEvents.json"

PATHS = {"v1": V1_PATH, "v2": V2_PATH}


def ticking(first_us: int = 1_796_000_000_000_000) -> Iterator[int]:
    """Yield moments a second apart."""
    while True:
        yield first_us
        first_us += 1_000_000


def server_of(**options: Any) -> FaultyJetstream:
    """Return a server that misbehaves only if asked to, so that a test can wait for subscriptions."""
    clock = ticking()
    return FaultyJetstream(now_us=lambda: next(clock), **options)


def post(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"p{number}", "author": "kim", "text": f"post {number}", "created_at": 1_796_000_000} | fields


async def frames(
    server: FaultyJetstream, count: int, wire: str = "v2", query: str = "cursor=1"
) -> list[dict[str, Any]]:
    async with connect(f"{server.url}{PATHS[wire]}?{query}") as stream:
        return [orjson.loads(await asyncio.wait_for(stream.recv(), 20)) for _ in range(count)]


async def refusal(server: FaultyJetstream, query: str, path: str = V2_PATH) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"{server.url}{path}?{query}")
    return caught.value.response.status_code, orjson.loads(caught.value.response.body)


def numbers(received: list[dict[str, Any]]) -> list[int]:
    return [frame["cursor"] if "cursor" in frame else frame["payload"]["seq"] for frame in received]


def everything(server: FaultyJetstream) -> None:
    server.post(post(1, lang="de", reply_to="p0"))
    server.post(post(1, text="better", edited=True))
    server.post({"id": "at://did:web:example.org/app.bsky.feed.post/3kabc", "text": "x"})
    server.post(post(2, id="an id with blanks", langs=["de", "en"], created_at="2026-03-02T10:15:00Z"))
    server.delete("p1")
    server.account("kim", active=False, status="deleted")
    server.identity("kim", "kim.example")
    server.add("sync", "did:plc:kim", {"sync": {"rev": "x"}})


@pytest.mark.skipif(not LEXICON.exists(), reason=f"{LEXICON} is missing")
async def test_each_event_of_v2_is_as_the_lexicon_says() -> None:
    definitions = json.loads(LEXICON.read_text(encoding="utf-8"))["defs"]
    async with server_of() as server:
        everything(server)
        received = await frames(server, 9, query="cursor=1700000000000000")
    assert [frame["payload"]["$type"].removeprefix(f"{NSID}#") for frame in received] == [
        "info", *["commit"] * 5, "account", "identity", "sync",
    ]  # fmt: skip
    for frame in received:
        assert frame.keys() == {"$type", "payload"}
        assert frame["$type"] == "message"
        kind = frame["payload"]["$type"].partition("#")[2]
        assert problems_of(frame["payload"], definitions[kind], kind) == []


def test_the_check_against_the_lexicon_can_fail() -> None:
    schema = {
        "type": "object",
        "required": ["did"],
        "properties": {"did": {"type": "string", "format": "did"}, "seq": {"type": "integer"}},
    }
    assert problems_of({"did": "kim", "seq": "7", "more": 1}, schema) == [
        ".more: is unknown", ".did: 'kim' is no did", ".seq: '7' is no integer",
    ]  # fmt: skip
    assert problems_of({}, schema) == [".did: is missing"]


async def test_v1_has_the_same_events_in_its_own_form_but_for_sync() -> None:
    async with server_of() as server:
        everything(server)
        first, second = await frames(server, 7, "v1"), await frames(server, 7, "v2")
    assert [frame["kind"] for frame in first] == [*["commit"] * 5, "account", "identity"]
    for one, other in zip(first, second, strict=True):
        payload = other["payload"]
        assert (one["did"], one["cursor"]) == (payload["did"], payload["seq"])
        detail = one[one["kind"]]
        assert detail == ({name: payload[name] for name in detail} if one["kind"] == "commit" else payload[one["kind"]])
    assert "record" not in first[4]["commit"]


async def test_a_stream_begins_with_the_present_unless_a_cursor_is_given() -> None:
    async with server_of() as server:
        server.post(post(1))
        reading = asyncio.create_task(frames(server, 1, query=""))
        await server.until_subscriptions(1)
        server.post(post(2))
        assert numbers(await reading) == [2]


@pytest.mark.parametrize("wire", ["v1", "v2"])
async def test_cursors_are_numbers_or_times_and_inclusive(wire: str) -> None:
    async with server_of() as server:
        for number in range(1, 5):
            server.post(post(number), witnessed_us=1_796_000_000_000_000 + number)
        assert numbers(await frames(server, 2, wire, "cursor=3")) == [3, 4]
        assert numbers(await frames(server, 2, wire, "cursor=1796000000000003")) == [3, 4]


@pytest.mark.parametrize("wire", ["v1", "v2"])
@pytest.mark.parametrize("cursor", ["900", "1999000000000000"])
async def test_a_cursor_in_the_future_gives_the_present_without_a_word(wire: str, cursor: str) -> None:
    async with server_of() as server:
        server.post(post(1))
        reading = asyncio.create_task(frames(server, 1, wire, f"cursor={cursor}"))
        await server.until_subscriptions(1)
        server.post(post(2))
        assert numbers(await reading) == [2]


async def test_a_cursor_that_is_too_old_is_refused_or_moved_forward() -> None:
    async with server_of(look_back_seconds=3) as server:
        for number in range(1, 40):
            server.post(post(number))
        floor = server.first_seq
        assert 1 < floor < 39
        status, error = await refusal(server, "cursor=1")
        assert (status, error["error"]) == (400, "CursorTooOld")
        assert str(floor) in error["message"]
        info, first = await frames(server, 2, query="cursor=1700000000000000")
        assert (info["payload"]["name"], first["payload"]["seq"]) == ("OutdatedCursor", floor)
        assert numbers(await frames(server, 1, "v1", "cursor=1")) == [floor]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("kinds=likes", "likes"),
        ("kinds=account&collections=app.bsky.feed.post", "commit"),
        ("cursor=yesterday", "yesterday"),
        ("cursor=", "''"),
        ("wantedCollections=x", "wantedCollections"),
        ("maxMessageSizeBytes=much", "maxMessageSizeBytes"),
    ],
)
async def test_v2_refuses_what_it_does_not_know(query: str, message: str) -> None:
    async with server_of() as server:
        status, error = await refusal(server, query)
    assert (status, error["error"]) == (400, "InvalidRequest")
    assert message in error["message"]


async def test_a_server_of_one_wire_does_not_have_the_other() -> None:
    async with server_of(wires=("v1",)) as server:
        assert (await refusal(server, ""))[0] == 404


async def test_filters_are_anded_and_large_events_left_out() -> None:
    async with server_of() as server:
        server.post(post(1, text="x" * 2_000))
        server.account("kim", active=True)
        server.commit("did:plc:lee", "create", "app.bsky.feed.like", "3k", {"subject": {}})
        server.post(post(2, author="lee"))
        server.post(post(3))
        query = "cursor=1&kinds=commit&collections=app.bsky.feed.*&maxMessageSizeBytes=1000"
        assert numbers(await frames(server, 3, query=query)) == [3, 4, 5]
        query = "cursor=1&wantedCollections=app.bsky.feed.post&maxMessageSizeBytes=1000"
        assert numbers(await frames(server, 3, "v1", query)) == [2, 4, 5]


@pytest.mark.parametrize(("wire", "code"), [("v1", 1007), ("v2", 1008)])
async def test_a_client_that_sends_something_is_disconnected(wire: str, code: int) -> None:
    async with server_of() as server, connect(f"{server.url}{PATHS[wire]}") as stream:
        await stream.send("hello")
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(stream.recv(), 20)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == code


async def test_a_server_that_was_stopped_listens_at_the_same_address_again() -> None:
    server = server_of()
    async with server:
        url = server.url
        server.post(post(1))
    async with server:
        assert server.url == url
        assert numbers(await frames(server, 1)) == [1]


async def test_the_script_serves_posts_of_standard_input() -> None:
    script = str(DEPLOY / "local" / "jetstream_server.py")
    process = await asyncio.create_subprocess_exec(sys.executable, script, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        process.stdin.write(orjson.dumps(post(1)) + b"\n" + orjson.dumps({"delete": True, "id": "p1"}) + b"\n")
        async with connect(f"{url}{V2_PATH}?cursor=1") as stream:
            received = [orjson.loads(await asyncio.wait_for(stream.recv(), 20))["payload"] for _ in range(2)]
    finally:
        process.kill()
        await process.communicate()
    assert [frame["operation"] for frame in received] == ["create", "delete"]
    assert received[0]["rkey"] == received[1]["rkey"] == "p1"
    assert received[0]["did"] == received[1]["did"]


async def test_a_reader_that_is_faster_does_not_keep_the_server_from_answering_pings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[bytes] = []

    async def send(_: object, frame: bytes) -> None:
        sent.append(frame)

    server = server_of()
    for number in range(1_000):
        server.post(post(number))
    monkeypatch.setattr(server, "send", send)
    sending = asyncio.create_task(server._send_events(cast("ServerConnection", None), "v2", Filter(), 1))
    await asyncio.sleep(0)
    assert 0 < len(sent) < 1_000
    sending.cancel()
