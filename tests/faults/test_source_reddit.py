"""Reddit as it misbehaves, and workers that are killed while they read its listings."""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.kafka.admin import ensure_topics
from streams.runtime import clock
from tests.faults.killing import kill_owner, take_over, two_workers
from tests.faults.source_table import SourceRow
from tests.support.http_faults import Answer
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts
from tests.support.reddit_server import CLIENT_SECRET, RedditServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Cursor
    from tests.faults.conftest import SourceRecorder
    from tests.support.http_faults import SeenRequest

    Make = Callable[..., Awaitable[Config]]

SOURCE: Final = "reddit"
NEW: Final = "/r/nordtel/new"
COMMENTS: Final = "/r/nordtel/comments"

numbers = itertools.count()


@pytest.fixture
async def server() -> AsyncIterator[RedditServer]:
    async with RedditServer() as server:
        server.left = None
        yield server


@pytest.fixture
def make(kafka_config: Callable[..., Config], server: RedditServer, tmp_path: Path) -> Make:
    async def make(**options: Any) -> Config:
        (tmp_path / "secret").write_text(CLIENT_SECRET)
        own = {"client_secret_file": str(tmp_path / "secret"), "poll_seconds": 2, "reread_hours": 0}
        config = kafka_config(sources=[server.settings(**own | options)])
        await ensure_topics(config, create=True)
        return config

    return make


def publish(server: RedditServer, at_ms: int | None = None) -> str:
    """Publish a post or a comment, in turn, and return its name."""
    number = next(numbers)
    send = server.comment if number % 2 else server.post
    return send(clock.now_ms() if at_ms is None else at_ms, f"Nordtel Nummer {number}")


def newest_ms(cursor: Cursor, part: str = "new") -> int:
    """Return when the newest post was written that the source has read of a listing; 0 for none."""
    return int(((cursor.position or {}).get(part) or {}).get("newest_ms", 0))


async def begin(config: Config, server: RedditServer) -> None:
    """Wait until the source has read both listings with some older posts, so that its cursor has a place."""
    for _ in range(6):
        publish(server, clock.now_ms() - 3_600_000)
    await until_cursor(config, SOURCE, lambda cursor: bool(newest_ms(cursor) and newest_ms(cursor, "comments")))


@asynccontextmanager
async def publishing(server: RedditServer) -> AsyncIterator[None]:
    """Publish twenty posts and comments a second while the body runs."""

    async def run() -> None:
        while True:
            publish(server)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()


async def polls(server: RedditServer, count: int = 2) -> None:
    """Wait until both listings have been read so often."""
    for path in (NEW, COMMENTS):
        await server.until_seen(path, len(server.seen(path)) + count, 120)


async def row(fault: str, rounds: int, config: Config, server: RedditServer) -> SourceRow:
    """Wait until all that Reddit has is ingested, and compare."""
    await until_posts(config, len(server.things))
    await polls(server)
    found = await until_posts(config, len(server.things))
    return SourceRow.of(fault, rounds, config, found, source=SOURCE, ids=server.things)


async def test_the_only_worker_is_killed(
    make: Make,
    server: RedditServer,
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
            await kill_owner(worker, rounds=count, chance=chance, seconds=4)
        record_source(await row("reddit: kill -9 of the worker", count, config, server))


async def test_the_owner_is_killed_and_another_takes_over(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make()
    async with two_workers(config, tmp_path) as workers:
        await begin(config, server)
        async with publishing(server):
            await take_over(*workers, rounds=count)
        record_source(await row("reddit: kill -9 of the owner beside a stand-by", count, config, server))


async def test_pages_end_at_random_bytes(
    make: Make,
    server: RedditServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = await make()
    whole = server._subreddit
    cuts: list[int] = []

    def cut(request: SeenRequest) -> Answer:
        answer = whole(request)
        if not cuts or request.path not in {NEW, COMMENTS} or not isinstance(answer.body, bytes):
            return answer
        return Answer(answer.status, answer.headers, answer.body, cut_after=cuts.pop() % len(answer.body))

    server.handle("/r/", cut)
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for turn in range(count):
                cuts.append(chance.randrange(1_000_000))
                await polls(server, 1)
                if turn % 3 == 2:
                    await until_posts(config, len(server.things))  # or the waits would grow from round to round
        record_source(await row("reddit: an answer ends at a random byte", count, config, server))


async def test_answers_stall(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    config = await make()
    stalls = [Answer(stall_before=True), Answer(body=b'{"kind": "Listing"' + b" " * 900, stall_in_body=500)]
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for turn in range(count):
                path = (NEW, COMMENTS)[turn % 2]
                seen = len(server.seen(path))
                server.script(path, stalls[turn % 2])
                await server.until_seen(path, seen + 1, 60)
                server.rescript(path)
                await server.until_seen(path, seen + 2, 120)
                await until_posts(config, len(server.things))  # or more would be missed than a listing has
        record_source(await row("reddit: an answer stalls and stays open", count, config, server))


async def test_entries_come_twice_and_out_of_order(
    make: Make,
    server: RedditServer,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    """Each entry is listed again at each reading, and some seconds off its place."""
    count, chance = rounds(20), random.Random(seed)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        for _ in range(count):
            for _ in range(60):
                name = publish(server)
                server.things[name]["listed_utc"] = server.things[name]["created_utc"] + chance.uniform(-2, 2)
            await polls(server, 1)
        record_source(await row("reddit: entries twice and out of order", count, config, server))


async def test_entries_are_hostile(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    """A page that one entry spoils is read around it; what cannot be reached behind it is a gap."""
    count = rounds(6)
    config = await make(comments=False)
    spoilt = [b"[" * 100_000, b"{", b"y" * 3_000_000, b"z" * 20_000_000, b'{"data":' * 50_000, b"<html>"]
    at_ms = clock.now_ms() // 1000 * 1000 - 7_200_000
    posts, lost = {server.post(at_ms, "Nordtel zuvor"): at_ms}, set()
    async with live_worker(config, tmp_path):
        await until_posts(config, 1)
        for turn in range(count):
            at_ms += 60_000
            for number in range(3):
                posts[server.post(at_ms + number * 1000, f"Nordtel {turn} {number}")] = at_ms + number * 1000
            await until_cursor(config, SOURCE, lambda cursor, at_ms=at_ms: newest_ms(cursor) == at_ms + 2000)  # type: ignore[misc]
            names = {}
            for number in range(10, 20):
                names[server.post(at_ms + number * 1000, f"Nordtel {turn} {number}")] = at_ms + number * 1000
            spoils = list(names)[4]
            server.spoils[spoils] = spoilt[turn % len(spoilt)]
            posts |= names
            await until_cursor(config, SOURCE, lambda cursor, at_ms=at_ms: newest_ms(cursor) == at_ms + 19_000)  # type: ignore[misc]
            lost |= (hidden := set(list(names)[:5]))
            server.vanished |= hidden
            del server.spoils[spoils]
        found = await until_ingested(config, lambda found: len(found.gaps) >= count)
    fault = "reddit: an entry of garbage, nesting, 3 or 20 MB spoils its pages"
    record_source(SourceRow.beside_losses(fault, count, config, found, source=SOURCE, posts=posts, lost=lost))


async def test_defects_among_the_entries(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(20)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        expected = set(server.things)
        for turn in range(count):
            for field, value in (("name", f"t3_!{turn}"), ("title", 17), ("created_utc", "soon")):
                thing = server.things[server.post(clock.now_ms(), "Nordtel")]
                thing |= {"listed_utc": thing["created_utc"], field: value}
            expected |= {publish(server), publish(server)}
            await polls(server, 1)
        found = await until_posts(config, len(expected))
        found = await until_ingested(config, lambda found: len(found.dead_letters) >= 3 * count)
    result = SourceRow.of("reddit: defects among the entries", count, config, found, source=SOURCE, ids=expected)
    if len(found.dead_letters) != 3 * count:
        result.problems.append(f"{len(found.dead_letters)} dead letters for {3 * count} defects")
    record_source(result)


async def test_reddit_answers_by_errors_for_a_while(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(8)
    config = await make()
    storms = [Answer(503), Answer(429, {"Retry-After": "1"}), Answer(502), Answer(200, {}, b"<html>"), Answer(raw=b"?")]
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for turn in range(count):
                path = (NEW, COMMENTS)[turn % 2]
                seen = len(server.seen(path))
                server.script(path, storms[turn % len(storms)])
                await server.until_seen(path, seen + 3, 60)
                server.rescript(path)
                await until_posts(config, len(server.things))  # or the waits would grow from storm to storm
        record_source(await row("reddit: storms of 429, 5xx and pages", count, config, server))


async def test_tokens_are_revoked(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(8)
    config = await make()
    async with live_worker(config, tmp_path):
        await begin(config, server)
        async with publishing(server):
            for turn in range(count):
                server.tokens.clear()
                await server.until_seen("/api/v1/access_token", turn + 2, 60)
                await polls(server, 1)
        record_source(await row("reddit: the token is revoked", count, config, server))


async def test_access_is_withdrawn_and_given_again(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make()
    problems = []
    async with live_worker(config, tmp_path) as worker:
        await begin(config, server)
        async with publishing(server):
            for _ in range(count):
                await until_cursor(config, SOURCE, lambda cursor: cursor.state == "live")
                server.withdrawn = True
                cursor = await until_cursor(config, SOURCE, lambda cursor: cursor.state == "refused")
                if "ask Reddit for access again" not in cursor.why:
                    problems.append(f"the state does not name the remedy: {cursor.why}")
                asked = len(server.requests)
                await asyncio.sleep(3)
                if len(server.requests) > asked + 2:
                    problems.append(f"{len(server.requests) - asked} requests within 3 s of the refusal")
                server.withdrawn = False
                await worker.stop()  # it would be tried again within 15 minutes
                await worker.start()
                await polls(server, 1)
        result = await row("reddit: access is withdrawn, then given again", count, config, server)
    result.problems += problems
    record_source(result)


async def test_the_listing_has_fewer_entries_than_were_missed(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make(comments=False)
    server.depth = 250
    at_ms = clock.now_ms() // 1000 * 1000 - 50_000_000
    posts = {server.post(at_ms + number * 1000, f"Nordtel {number}"): at_ms + number * 1000 for number in range(5)}
    lost: set[str] = set()
    async with live_worker(config, tmp_path) as worker:
        await until_posts(config, 5)
        for _ in range(count):
            last_ms = max(posts.values())
            await until_cursor(config, SOURCE, lambda cursor, last_ms=last_ms: newest_ms(cursor) == last_ms)  # type: ignore[misc]
            await worker.kill()
            missed = {
                server.post(last_ms + number * 1000, f"Nordtel {number}"): last_ms + number * 1000
                for number in range(1, 401)
            }
            posts |= missed
            lost |= set(list(missed)[:150])
            await worker.start()
            await until_posts(config, len(posts) - len(lost))
        found = await until_ingested(config, lambda found: len(found.gaps) >= count)
    fault = "reddit: the listing has fewer entries than were missed"
    record_source(SourceRow.beside_losses(fault, count, config, found, source=SOURCE, posts=posts, lost=lost))


async def test_the_posts_that_were_read_last_are_deleted(
    make: Make, server: RedditServer, tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    config = await make()
    expected = {publish(server, clock.now_ms() - 3_600_000) for _ in range(10)}
    async with live_worker(config, tmp_path) as worker:
        await until_posts(config, len(expected))
        for _ in range(count):
            expected |= (names := {publish(server) for _ in range(250)})
            await until_posts(config, len(expected))
            await worker.kill()
            server.vanished |= names
            await worker.start()
            await worker.reads()
            await polls(server, 1)
        found = await until_posts(config, len(expected))
    record_source(
        SourceRow.of("reddit: the posts read last are deleted", count, config, found, source=SOURCE, ids=expected)
    )
