"""X as it misbehaves, and workers that are killed while they read its stream."""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from streams.kafka.admin import ensure_topics
from streams.runtime import clock
from tests.faults.killing import kill_owner, take_over, two_workers
from tests.faults.source_table import SourceRow
from tests.support.http_faults import Answer
from tests.support.live_sources import Ingested, live_worker, until_cursor, until_ingested, until_posts
from tests.support.x_server import TOKEN, XServer, ms_of, tweet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Cursor
    from tests.faults.conftest import SourceRecorder

    Make = Callable[..., Awaitable[Config]]

SOURCE: Final = "x"
STREAM: Final = "/2/tweets/search/stream"
RULES: Final = f"{STREAM}/rules"
SEARCH: Final = "/2/tweets/search/recent"

numbers = itertools.count()


@pytest.fixture
async def server() -> AsyncIterator[XServer]:
    async with XServer() as server:
        yield server


@pytest.fixture
def make(kafka_config: Callable[..., Config], server: XServer, tmp_path: Path) -> Make:
    async def make(**options: Any) -> Config:
        (tmp_path / "token").write_text(TOKEN)
        own = {
            "bearer_file": str(tmp_path / "token"),
            "spend_limit_usd_per_day": 10_000,
            "max_recovered_posts": 100_000,
        }
        config = kafka_config(sources=[server.settings(**own | options)])
        await ensure_topics(config, create=True)
        return config

    return make


def post() -> dict[str, Any]:
    """Return a new post."""
    number = next(numbers)
    return tweet(clock.now_ms(), f"Nordtel Nummer {number}", number)


def begun(cursor: Cursor) -> bool:
    return bool((cursor.position or {}).get("newest_ms"))


async def begin(config: Config, server: XServer) -> None:
    """Wait until the source has read a post, so that its cursor has a place."""
    await server.until_streams()
    await server.publish(post())
    await until_cursor(config, SOURCE, begun)


@asynccontextmanager
async def publishing(server: XServer) -> AsyncIterator[None]:
    """Publish twenty posts a second while the body runs."""

    async def publish() -> None:
        while True:
            await server.publish(post())
            await asyncio.sleep(0.05)

    task = asyncio.create_task(publish())
    try:
        yield
    finally:
        task.cancel()


async def until_read(server: XServer) -> None:
    """Wait until a stream is open and has brought posts, or the waits would grow from round to round."""
    await server.until_streams()
    count = len(server.delivered)
    await server.until(lambda: len(server.delivered) > count + 1)


async def settled(config: Config) -> Ingested:
    """Wait until the source is connected and has recovered what it missed, and return what arrived."""
    now_ms = clock.now_ms()

    def is_settled(cursor: Cursor) -> bool:
        position = cursor.position or {}
        return position["alive_ms"] > now_ms and not {"missed_ms", "reduced_ms"} & position.keys()

    await until_cursor(config, SOURCE, is_settled, 180)
    return await Ingested.of(config)


async def row(
    fault: str, rounds: int, config: Config, server: XServer, dropped: Iterable[str] = (), slack_ms: int = 0
) -> SourceRow:
    """Wait until the source has recovered what it missed, and compare; what it drops counts as not delivered."""
    found = await settled(config)
    posts = {each["id"]: ms_of(each) for each in server.published}
    lost = posts.keys() - (set(server.delivered) - set(dropped)) - server.searched
    return SourceRow.beside_losses(
        fault, rounds, config, found, source=SOURCE, posts=posts, lost=lost, slack_ms=slack_ms
    )


async def test_the_only_worker_is_killed(
    make: Make,
    server: XServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make()
    async with live_worker(config, tmp_path) as worker:
        await begin(config, server)
        async with publishing(server):
            await kill_owner(worker, rounds=count, chance=chance)
        record_source(await row("x: kill -9 of the worker", count, config, server))


async def test_the_owner_is_killed_and_another_takes_over(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make()
    async with two_workers(config, tmp_path) as workers:
        await begin(config, server)
        async with publishing(server):
            await take_over(*workers, rounds=count)
        record_source(await row("x: kill -9 of the owner beside a stand-by", count, config, server))


async def test_streams_end_amid_a_post(
    make: Make,
    server: XServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for _ in range(count):
                await server.until_streams()
                await asyncio.sleep(chance.uniform(0, 0.5))
                cut = post()
                await server.publish(cut, streamed=False)
                line = orjson.dumps({"data": cut})
                await server.cut(line[: chance.randrange(len(line))])
        record_source(await row("x: the stream ends at a random byte", count, config, server))


async def test_streams_stall_and_count_as_open(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for _ in range(count):
                await server.until_streams()
                await server.stall()
            await server.until_streams()
        record_source(await row("x: the stream stalls, stays open and counts on", count, config, server))


async def test_posts_come_twice_and_out_of_order(
    make: Make,
    server: XServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        for turn in range(count):
            await server.until_streams()
            posts = [post() for _ in range(50)]
            await server.publish(*posts, streamed=False)
            twice = posts * 2
            chance.shuffle(twice)
            if turn % 5 == 4:  # the second half of them is not delivered
                await server.stream(*twice[:50])
                await server.until(lambda part=twice[:50]: {each["id"] for each in part} <= set(server.delivered))  # type: ignore[misc]
                await server.cut()
            else:
                await server.stream(*twice)
        record_source(await row("x: posts twice and shuffled", count, config, server))


async def test_messages_are_hostile(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(20)
    config = await make()
    long = b'{"data":{"id":"%d","text":"%b"}}'
    hostile = [
        b'{"data":', b"[" * 100_000, b'{"data":' + b'{"a":' * 100_000, b"17", b"\xff\x00",
        long % (1, b"x" * 3_000_000), long % (2, b"y" * 10_000_000),
    ]  # fmt: skip
    async with live_worker(config, tmp_path):
        await begin(config, server)
        for _ in range(count):
            await server.until_streams()
            for line in hostile:
                await server.send(line)
                await server.publish(post())
            await until_posts(config, len(server.published))
        result = await row("x: garbage, nesting and messages of 3 and 10 MB", count, config, server)
        found = await until_ingested(config, lambda found: len(found.dead_letters) >= count * len(hostile))
    if len(found.dead_letters) != count * len(hostile):
        result.problems.append(f"{len(found.dead_letters)} dead letters for {count * len(hostile)} defects")
    record_source(result)


async def test_x_answers_by_errors_for_a_while(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(8)
    config = await make()
    storms = [Answer(503), Answer(429, {"Retry-After": "1"}), Answer(502), Answer(500), Answer(raw=b"?")]
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for turn in range(count):
                await until_read(server)
                path = (STREAM, RULES)[turn % 2]
                server.script(path, storms[turn % len(storms)])
                seen = len(server.seen(path))
                await server.cut()
                await server.until_seen(path, seen + 2, 60)
                server.rescript(path)
                await server.until_streams()
            seen = len(server.seen(SEARCH))
            server.script(SEARCH, Answer(503))
            await server.until_seen(SEARCH, seen + 3, 90)
            server.rescript(SEARCH)
        record_source(await row("x: storms of 429 and 5xx at stream, rules and search", count, config, server))


async def test_the_stream_brings_errors_and_stays_open(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(10)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for turn in range(count):
                await until_read(server)
                title = ("operational-disconnect", "ConnectionException")[turn % 2]
                seen = len(server.seen(STREAM))
                await server.send(b'{"errors":[{"title":"%b"}]}' % title.encode())
                await server.until_seen(STREAM, seen + 1, 60)
            await server.until_streams()
        record_source(await row("x: errors in the stream", count, config, server))


async def test_x_counts_a_connection_that_nobody_has(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for _ in range(count):
                await until_read(server)
                server.stale_connection = True
                await server.cut()
                await server.until(lambda: not server.stale_connection)
            await server.until_streams()
        record_source(await row("x: the connection is taken", count, config, server))


async def test_somebody_deletes_the_rules_and_the_worker_is_killed(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make()
    async with live_worker(config, tmp_path) as worker:
        await begin(config, server)
        async with publishing(server):
            for _ in range(count):
                await server.until_streams()
                server.rules.clear()
                gone_ms = clock.now_ms() + 2_000
                await until_cursor(config, SOURCE, lambda cursor, gone_ms=gone_ms: alive_since(cursor, gone_ms))  # type: ignore[misc]
                await worker.kill()
                await worker.start()
            await server.until_streams()
        record_source(await row("x: somebody deletes the rules, then kill -9", count, config, server))


def alive_since(cursor: Cursor, ms: int) -> bool:
    return bool((cursor.position or {}).get("alive_ms", 0) > ms)


async def test_more_is_missed_than_is_asked_for(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make(max_recovered_posts=20)
    async with live_worker(config, tmp_path) as worker:
        await begin(config, server)
        for _ in range(count):
            await missed(config, server, worker.kill, 60)
            await worker.start()
            await settled(config)
        record_source(await row("x: more missed than max_recovered_posts", count, config, server))


async def test_search_is_not_allowed(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make()
    server.script(SEARCH, Answer(403))
    async with live_worker(config, tmp_path) as worker:
        await begin(config, server)
        for _ in range(count):
            await missed(config, server, worker.kill, 10)
            await worker.start()
            await settled(config)
            await server.publish(post())
        record_source(await row("x: no access to recent search", count, config, server))


async def missed(config: Config, server: XServer, kill: Callable[[], Awaitable[None]], count: int) -> None:
    """Have the source read a post, then publish others without it."""
    newest = post()
    await server.publish(newest)
    await until_cursor(config, SOURCE, lambda cursor: (cursor.position or {})["newest_ms"] >= ms_of(newest))
    await kill()
    for _ in range(count):
        await server.publish(post())
        await asyncio.sleep(0.02)


async def test_the_limit_is_reached_and_raised(
    make: Make, server: XServer, tmp_path: Path, record_source: SourceRecorder
) -> None:
    config = await make(at_limit="stop", spend_limit_usd_per_day=0.5)
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            await until_cursor(config, SOURCE, lambda cursor: cursor.state == "limited")
            await asyncio.sleep(15)
    dropped = server.delivered[100:]  # the limit has been spent with the first hundred
    raised = await make(at_limit="stop", spend_limit_usd_per_day=10_000)
    async with live_worker(raised, tmp_path, name="raised"):
        async with publishing(server):
            await until_read(server)
        fault = "x: the spending limit is reached, then raised"
        result = await row(fault, 1, raised, server, dropped, slack_ms=11_000)  # the search begins before the end
    record_source(result)
