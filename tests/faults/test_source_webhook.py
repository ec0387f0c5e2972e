"""Posts are pushed by senders that repeat what was not answered, while the worker, the broker or others fail them."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest

from streams.kafka.admin import ensure_topics
from tests.faults.killing import kill_owner, owner_of, two_workers
from tests.faults.own_broker import own_broker
from tests.faults.source_table import SourceRow
from tests.support.live_sources import Ingested, live_worker, until_posts
from tests.support.persistent_sender import PersistentSender
from tests.support.ports import reserved_port
from tests.support.pushing import lines, posts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from deploy.local.kafka import LocalKafka
    from streams.config import Config
    from tests.faults.conftest import SourceRecorder
    from tests.support.live_sources import LiveWorker

SIZE: Final = 25
"""Posts of a request."""

BOMB: Final = gzip.compress(b"[" + b" " * 50_000_000)


@pytest.fixture(scope="module")
def broker() -> Iterator[LocalKafka]:
    """Of these tests."""
    with own_broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def kafka(broker: LocalKafka) -> str:
    """Its address."""
    assert broker.bootstrap is not None
    return broker.bootstrap


@pytest.fixture
def make(kafka_config: Callable[..., Config]) -> Callable[..., Any]:
    async def make(**settings: Any) -> tuple[Config, str]:
        listen = f"127.0.0.1:{reserved_port()}"
        config = kafka_config(sources=[{"id": "push", "kind": "webhook", "listen": listen} | settings])
        await ensure_topics(config, create=True)
        return config, f"http://{listen}"

    return make


@asynccontextmanager
async def senders(url: str, count: int = 3, **settings: Any) -> AsyncIterator[list[PersistentSender]]:
    """Push all the time, by some senders; at the end all that they have begun is answered."""
    ended = asyncio.Event()
    pushing = [PersistentSender(url, name=f"s{number}", **settings) for number in range(count)]

    async def push(sender: PersistentSender) -> None:
        number = 0
        while not ended.is_set():
            await sender.push(1, SIZE, number)
            number += 1
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(push(sender)) for sender in pushing]
    try:
        yield pushing
    finally:
        ended.set()
        await asyncio.gather(*tasks)


async def row_of(fault: str, rounds: int, config: Config, pushed: list[PersistentSender]) -> SourceRow:
    ids = set().union(*(sender.acknowledged for sender in pushed))
    row = SourceRow.of(fault, rounds, config, await Ingested.of(config), source="push", ids=ids)
    if not ids:
        row.problems.append("nothing was pushed")
    return row


async def test_the_only_worker_is_killed(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int], seed: int
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config, url = await make()
    async with live_worker(config, tmp_path) as worker:
        await worker.reads()
        async with senders(url) as pushed:
            await kill_owner(worker, rounds=count, chance=chance)
        record_source(await row_of("webhook: kill -9 of the only worker", count, config, pushed))
        assert sum(sender.repeats for sender in pushed) >= count


async def test_the_owner_is_killed_and_another_listens(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int], seed: int
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config, url = await make()
    async with two_workers(config, tmp_path) as workers:
        await owner_of(*workers)
        async with senders(url) as pushed:
            await kill_owner(*workers, rounds=count, chance=chance)
        record_source(await row_of("webhook: kill -9 of the owner beside a stand-by", count, config, pushed))


async def test_the_broker_is_away(
    make: Callable[..., Any],
    broker: LocalKafka,
    kafka: str,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
) -> None:
    count = rounds(3)
    config, url = await make()
    async with live_worker(config, tmp_path) as worker, restarted(worker):
        await worker.reads()
        async with senders(url) as pushed:
            for _ in range(count):
                await asyncio.sleep(2)
                await asyncio.to_thread(broker.crash)
                await asyncio.sleep(10)
                await asyncio.to_thread(broker.start, int(kafka.rpartition(":")[2]))
                await until_acknowledged(pushed, SIZE)
        record_source(await row_of("webhook: the broker is killed and away for 10 s", count, config, pushed))
        assert {status for sender in pushed for status in sender.statuses} <= {0, 202, 503}


async def test_other_senders_misbehave(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int], seed: int
) -> None:
    count, chance = rounds(20), random.Random(seed)
    for name in ("good", "bad"):
        (tmp_path / name).write_text(f"token-of-{name}")
    entries = [{"id": name, "token_file": str(tmp_path / name)} for name in ("good", "bad")]
    config, url = await make(
        senders=entries, body_seconds=2, max_body_bytes=1_000_000, max_decompressed_bytes=4_000_000, max_connections=60
    )
    async with live_worker(config, tmp_path) as worker:
        await worker.reads()
        bad = {"Authorization": "Bearer token-of-bad"}
        good = {"Authorization": "Bearer token-of-good"}
        async with senders(url, headers=good) as pushed, aiohttp.ClientSession() as session:
            for _ in range(count):
                await asyncio.gather(
                    *(misbehave(session, url, bad if chance.random() < 0.7 else {}, chance) for _ in range(40))
                )
        assert "Traceback" not in worker.log
        record_source(await row_of("webhook: slow, cut, huge, broken and foreign requests", 40 * count, config, pushed))


async def test_answers_are_lost(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int], seed: int
) -> None:
    count, chance = rounds(100), random.Random(seed)
    config, url = await make()
    sender = PersistentSender(url)
    async with live_worker(config, tmp_path) as worker, aiohttp.ClientSession() as session:
        await worker.reads()
        for number in range(count):
            batch = posts(SIZE, number * SIZE)
            body = lines(batch)
            headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": f"p-{number}"}
            with suppress(TimeoutError):
                async with (
                    asyncio.timeout(chance.uniform(0, 0.03)),
                    session.post(f"{url}/v1/posts", data=body, headers=headers) as answer,
                ):
                    await answer.read()
            chance.shuffle(batch)
            for again in (f"p-{number}", f"q-{number}") if number % 2 else (f"q-{number}",):
                with suppress(AssertionError):  # the same id with the posts in another order is refused
                    await sender.deliver(session, again, batch)
            await sender.deliver(session, f"r-{number}", batch)
            sender.acknowledged.update(each["id"] for each in batch)
        await until_posts(config, count * SIZE)
        record_source(
            await row_of("webhook: answers are lost, requests repeated and reordered", count, config, [sender])
        )


async def misbehave(session: aiohttp.ClientSession, url: str, headers: dict[str, str], chance: random.Random) -> None:
    """Send something that no good sender does."""
    body = lines(posts(SIZE))

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]
            await asyncio.sleep(0.5)

    async def cut() -> AsyncIterator[bytes]:
        yield body[: chance.randrange(len(body))]
        raise ConnectionError("the sender is gone")

    sent: list[tuple[Any, dict[str, str]]] = [
        (slowly(), {}),
        (cut(), {}),
        (BOMB, {"Content-Encoding": "gzip"}),
        (io.BytesIO(b" " * 2_000_000), {}),
        (b'{"a":' * 100_000, {}),
        (chance.randbytes(10_000), {"Content-Encoding": chance.choice(["gzip", "zstd", "deflate", ""])}),
        (json.dumps([{}] * 500).encode(), {}),
        (body, {"Authorization": "Bearer guessed"}),
    ]
    with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
        content, further = chance.choice(sent)
        timeout = aiohttp.ClientTimeout(total=10)
        async with session.post(f"{url}/v1/posts", data=content, headers=headers | further, timeout=timeout) as answer:
            await answer.read()


@asynccontextmanager
async def restarted(worker: LiveWorker) -> AsyncIterator[None]:
    """Start the worker again whenever it ends, as `firewatch run` does."""

    async def restart() -> None:
        while True:
            await worker.process.ended(None)
            await asyncio.sleep(1)
            await worker.start()

    restarting = asyncio.create_task(restart())
    try:
        yield
    finally:
        restarting.cancel()
        with suppress(asyncio.CancelledError):
            await restarting


async def until_acknowledged(pushed: list[PersistentSender], further: int) -> None:
    """Wait until more posts are answered by success than at present."""
    enough = sum(len(sender.acknowledged) for sender in pushed) + further
    async with asyncio.timeout(120):
        while sum(len(sender.acknowledged) for sender in pushed) < enough:  # noqa: ASYNC110  senders have no event
            await asyncio.sleep(0.1)
