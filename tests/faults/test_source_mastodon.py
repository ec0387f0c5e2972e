"""Instances of Mastodon that misbehave, and workers that are killed while they read them."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from streams.kafka.admin import ensure_topics
from tests.faults.killing import kill_owner, take_over, two_workers
from tests.faults.source_table import SourceRow
from tests.support.http_faults import Answer
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts
from tests.support.mastodon_reading import id_at
from tests.support.mastodon_server import TOKEN, MastodonServer, event_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Cursor
    from tests.faults.conftest import SourceRecorder

    Make = Callable[..., Awaitable[Config]]

SOURCE: Final = "fediverse"
TIMELINE: Final = "/api/v1/timelines/public"
STREAM: Final = "/api/v1/streaming/public/local"


@pytest.fixture
async def server() -> AsyncIterator[MastodonServer]:
    async with MastodonServer(heartbeat_seconds=0.3) as server:
        yield server


@pytest.fixture
def make(kafka_config: Callable[..., Config], tmp_path: Path) -> Make:
    async def make(*servers: MastodonServer, streams: tuple[str, ...] = ("public:local",), **settings: Any) -> Config:
        (tmp_path / "token").write_text(TOKEN)
        instances = [
            {"host": server.url, "token_file": str(tmp_path / "token"), "streams": list(streams)} for server in servers
        ]
        source = {"id": SOURCE, "kind": "mastodon", "instances": instances, "allow_private": True} | settings
        config = kafka_config(sources=[source])
        await ensure_topics(config, create=True)
        return config

    return make


def begun(cursor: Cursor) -> bool:
    return bool((cursor.position or {}).get("streams"))


@asynccontextmanager
async def publishing(server: MastodonServer) -> AsyncIterator[None]:
    """Publish twenty posts a second while the body runs."""

    async def publish() -> None:
        for number in range(1_000_000):
            server.publish(f"Nordtel Nummer {number}")
            await asyncio.sleep(0.05)

    task = asyncio.create_task(publish())
    try:
        yield
    finally:
        task.cancel()


async def row(fault: str, rounds: int, config: Config, server: MastodonServer, **expected: Any) -> SourceRow:
    """Wait until all that the instance keeps is ingested, and compare."""
    ids = [id_at(server, kept.status) for kept in server.kept]
    found = await until_posts(config, len(ids))
    return SourceRow.of(fault, rounds, config, found, source=SOURCE, ids=ids, **expected)


async def test_the_only_worker_is_killed(
    make: Make,
    server: MastodonServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make(server)
    async with live_worker(config, tmp_path) as worker:
        await until_cursor(config, SOURCE, begun)
        async with publishing(server):
            await kill_owner(worker, rounds=count, chance=chance)
        record_source(await row("mastodon: kill -9 of the worker", count, config, server))


async def test_the_owner_is_killed_and_another_takes_over(
    make: Make, server: MastodonServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make(server)
    async with two_workers(config, tmp_path) as workers:
        await until_cursor(config, SOURCE, begun)
        async with publishing(server):
            await take_over(*workers, rounds=count)
        record_source(await row("mastodon: kill -9 of the owner beside a stand-by", count, config, server))


async def test_streams_end_amid_an_event(
    make: Make,
    server: MastodonServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make(server)
    async with live_worker(config, tmp_path):
        await until_cursor(config, SOURCE, begun)
        async with publishing(server):
            for _ in range(count):
                await server.until_streams()
                await asyncio.sleep(chance.uniform(0, 0.5))
                event = event_bytes("update", orjson.dumps(server.publish("abgeschnitten", streamed=False)))
                server.send(event[: chance.randrange(len(event))])
                server.cut()
        record_source(await row("mastodon: the stream ends at a random byte", count, config, server))


async def test_streams_stall_without_an_end(
    make: Make, server: MastodonServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make(server, stall_seconds=2)
    async with live_worker(config, tmp_path):
        await until_cursor(config, SOURCE, begun)
        async with publishing(server):
            for _ in range(count):
                await server.until_streams()
                server.stall()
            await server.until_streams()
        record_source(await row("mastodon: the stream stalls and stays open", count, config, server))


async def test_events_come_twice_and_out_of_order(
    make: Make,
    server: MastodonServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make(server)
    async with live_worker(config, tmp_path):
        await until_cursor(config, SOURCE, begun)
        for turn in range(count):
            await server.until_streams()
            statuses = [server.publish(f"Nordtel Nummer {number}", streamed=False) for number in range(50)] * 2
            chance.shuffle(statuses)
            for status in statuses:
                server.send(event_bytes("update", orjson.dumps(status)))
            if turn % 5 == 4:
                server.cut()
        record_source(await row("mastodon: events twice and shuffled", count, config, server))


async def test_records_are_hostile(
    make: Make, server: MastodonServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(20)
    config = await make(server)
    hostile = [b'{"id":', b"[" * 100_000, b'{"id":"1","content":"' + b"x" * 10_000_000 + b'"}', b"17", b"\xff\x00"]
    async with live_worker(config, tmp_path):
        await until_cursor(config, SOURCE, begun)
        for _ in range(count):
            await server.until_streams()
            for data in hostile:
                server.send(event_bytes("update", data))
                server.publish("Nordtel ist noch da")
            await until_posts(config, len(server.kept))
        result = await row("mastodon: garbage, nesting and events of 10 MB", count, config, server)
        found = await until_ingested(config, lambda found: len(found.dead_letters) >= count * len(hostile))
    if len(found.dead_letters) != count * len(hostile):
        result.problems.append(f"{len(found.dead_letters)} dead letters for {count * len(hostile)} defects")
    record_source(result)


async def test_the_instance_answers_by_errors_for_a_while(
    make: Make, server: MastodonServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(8)
    config = await make(server)
    storms = [Answer(503), Answer(429, {"Retry-After": "1"}), Answer(502), Answer(200, {}, b"<html>"), Answer(raw=b"?")]
    async with live_worker(config, tmp_path):
        await until_cursor(config, SOURCE, begun)
        async with publishing(server):
            for turn in range(count):
                path = (TIMELINE, STREAM)[turn % 2]
                server.http.script(path, storms[turn % len(storms)])
                seen = len(server.http.seen(path))
                server.cut()
                await server.http.until_seen(path, seen + 2)
                server.http.rescript(path)
                await server.until_streams()
                await until_posts(config, len(server.kept))  # or the waits would grow from storm to storm
        record_source(await row("mastodon: storms of 429, 5xx and pages", count, config, server))


async def test_more_is_missed_than_is_asked_for(
    make: Make, server: MastodonServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make(server, backfill_pages=1, overlap_seconds=0)
    gaps = []
    lost: set[str] = set()
    async with live_worker(config, tmp_path) as worker:
        await until_cursor(config, SOURCE, begun)
        for turn in range(count):
            newest = server.publish("Nordtel ist da")
            await until_cursor(config, SOURCE, at(newest["id"]))
            await worker.kill()
            missed = [server.publish(f"Nordtel Nummer {number}", streamed=False) for number in range(200)]
            gaps.append((int(missed[39]["id"]) >> 16, int(missed[160]["id"]) >> 16))
            lost |= {status["id"] for status in missed[40:160]}
            await worker.start()
            await until_posts(config, 81 * (turn + 1))
            await until_cursor(config, SOURCE, at(missed[-1]["id"]))
        server.kept = [kept for kept in server.kept if kept.status["id"] not in lost]
        record_source(await row("mastodon: more missed than backfill_pages", count, config, server, gaps=gaps))


def at(id: str) -> Callable[[Cursor], bool]:
    return lambda cursor: begun(cursor) and next(iter((cursor.position or {})["streams"].values()))[0] == id


async def test_two_instances_show_the_same_posts_and_fail_in_turn(
    make: Make, server: MastodonServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(10)
    async with MastodonServer("elsewhere.example", heartbeat_seconds=0.3) as other:
        config = await make(server, other, streams=("public",))
        async with live_worker(config, tmp_path):
            await until_cursor(config, SOURCE, lambda cursor: len((cursor.position or {}).get("streams", ())) == 2)
            uris = []
            for turn in range(count):
                await server.until_streams()
                await other.until_streams()
                for number in range(50):
                    uri = f"https://third.example/statuses/{turn}-{number}"
                    uris.append(uri)
                    server.publish(is_local=False, uri=uri, streamed=number % 2 == 0)
                    other.publish(is_local=False, uri=uri, streamed=number % 3 == 0)
                (server, other)[turn % 2].cut()
            server.cut()
            other.cut()
            found = await until_posts(config, len(uris))
    record_source(
        SourceRow.of("mastodon: the same posts by two instances", count, config, found, source=SOURCE, ids=uris)
    )
