"""A Jetstream server misbehaves while its posts are ingested, and the worker is killed beside it."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from deploy.local.jetstream_events import POSTS, did_of
from streams.kafka.admin import ensure_topics
from tests.faults.killing import kill_owner
from tests.faults.source_table import SourceRow
from tests.support.jetstream_faults import Chances, FaultyJetstream
from tests.support.live_sources import live_worker, until_cursor, until_ingested

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from deploy.local.jetstream_events import Event
    from streams.config import Config
    from streams.records import Cursor
    from tests.faults.conftest import SourceRecorder
    from tests.support.live_sources import Ingested

SOURCE: Final = "bluesky"
SECONDS: Final = 300.0
PAUSE: Final = 0.02
LEGACY: Final[dict[str, Any]] = {"wires": ("v1",), "numbered": False}


class Network:
    """Posts that some servers witness as they are published; an async context manager.

    Parameters
    ----------
    servers
        The servers, each of which witnesses everything.
    """

    def __init__(self, *servers: FaultyJetstream) -> None:
        self.servers = servers
        self.ids: list[str] = []
        self._publishing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._publishing = asyncio.create_task(self._publish())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pause()

    async def _publish(self) -> None:
        while True:
            self.post()
            await asyncio.sleep(PAUSE)

    async def pause(self) -> None:
        """Publish nothing more."""
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.wait([self._publishing])

    def post(self, text: str = "", *, counts: bool = True) -> int:
        """Publish a post; return when the first server witnessed it, milliseconds since the epoch."""
        number = len(self.ids)
        post = {"id": f"p{number}", "author": "kim", "text": text or f"Nordtel ist weg, die {number}."}
        first, *others = self.servers
        first.post(post)
        event = first._events[-1]
        for server in others:
            server.add(event.kind, event.did, event.body, event.time_us + 1_000)
        self.ids.append(f"at://{did_of('kim')}/{POSTS}/p{number}" if counts else "")
        return int(event.time_us // 1000)

    def expected(self) -> list[str]:
        return [id for id in self.ids if id]


@pytest.fixture
def make(kafka_config: Callable[..., Config]) -> Callable[..., Any]:
    async def make(*servers: FaultyJetstream, **settings: Any) -> Config:
        source: dict[str, Any] = {"id": SOURCE, "kind": "jetstream", "hosts": [server.url for server in servers]}
        source |= {"backfill_seconds": 600, "overlap_seconds": 2, "stall_seconds": 5}
        config = kafka_config(sources=[source | settings])
        await ensure_topics(config, create=True)
        return config

    return make


@asynccontextmanager
async def started(*servers: FaultyJetstream) -> AsyncIterator[None]:
    for server in servers:
        await server.start()
    try:
        yield
    finally:
        for server in servers:
            await server.stop()


async def all_of(config: Config, network: Network) -> Ingested:
    """Wait until all that counts is ingested, and return what is."""
    expected = set(network.expected())
    return await until_ingested(config, lambda found: expected <= found.ids(SOURCE), SECONDS)


def is_at(event: Event) -> Callable[[Cursor], bool]:
    """Return whether a cursor is at an event; its number alone may be that of an earlier life of the server."""
    at = {"seq": event.seq, "time_us": event.time_us}
    return lambda cursor: cursor.position is not None and at.items() <= cursor.position.items()


def row(fault: str, count: int, config: Config, found: Ingested, network: Network, gaps: Any = ()) -> SourceRow:
    return SourceRow.of(f"jetstream: {fault}", count, config, found, source=SOURCE, ids=network.expected(), gaps=gaps)


@pytest.mark.parametrize(
    ("wire", "options"), [("v2", {"wires": ("v2",)}), ("v1", {"wires": ("v1",)}), ("v1 without numbers", LEGACY)]
)
async def test_the_worker_is_killed_while_the_server_cuts_repeats_and_sends_garbage(
    make: Callable[..., Any],
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
    wire: str,
    options: dict[str, Any],
) -> None:
    count, chance = rounds(20 if wire == "v2" else 7), random.Random(seed)
    chances = Chances(cut=0.004, close=0.004, repeat=0.02, garbage=0.01, swap=0.02 if options is LEGACY else 0)
    server = FaultyJetstream(seed, chances, **options)
    async with started(server):
        config = await make(server)
        async with live_worker(config, tmp_path) as worker, Network(server) as network:
            await kill_owner(worker, rounds=count, chance=chance, seconds=3)
            await network.pause()
            for _ in range(3):
                network.post()  # a last one may be held back by a swap
            found = await all_of(config, network)
        ends = server.faults["cut"] + server.faults["close"]
    fault = f"kill -9, {ends} cuts and closes, {server.faults['repeat']} repeats ({wire})"
    record_source(row(fault, count, config, found, network))


async def test_the_server_refuses_for_a_while_again_and_again(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    server = FaultyJetstream()
    async with started(server):
        config = await make(server)
        async with live_worker(config, tmp_path), Network(server) as network:
            for _ in range(count):
                await asyncio.sleep(1)
                server.refusals = [(503, {}), (429, {"Retry-After": "1"}), (500, {})]
                await server.end_all()
                await server.until_subscriptions(server.subscriptions + 1)
            await network.pause()
            found = await all_of(config, network)
    record_source(row("500, 503, 429 with Retry-After", count, config, found, network))


async def test_the_server_stalls_with_the_connection_open(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(4)
    server = FaultyJetstream()
    async with started(server):
        config = await make(server)
        async with live_worker(config, tmp_path), Network(server) as network:
            for _ in range(count):
                await asyncio.sleep(1)
                server.chances = Chances(stall=1)
                await server.until_fault("stall")
                server.chances = Chances()
                await server.until_subscriptions(server.subscriptions + 1)
            await network.pause()
            found = await all_of(config, network)
    record_source(row("stall, connection open", count, config, found, network))


async def test_servers_take_turns(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(6)
    servers = FaultyJetstream(wires=("v2",)), FaultyJetstream(wires=("v1",), first_seq=90_000)
    async with started(*servers):
        config = await make(*servers)
        async with live_worker(config, tmp_path), Network(*servers) as network:
            for turn in range(count):
                down, up = servers[turn % 2], servers[1 - turn % 2]
                await down.stop()
                await up.until_subscriptions(up.subscriptions + 1)
                await asyncio.sleep(1)
                await down.start()
            await network.pause()
            found = await all_of(config, network)
    record_source(row("fail-over between two servers", count, config, found, network))


@pytest.mark.parametrize("fault", ["cursor too old", "server set up again", "numbers of another server"])
async def test_the_server_does_not_have_what_was_missed(
    make: Callable[..., Any],
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    fault: str,
) -> None:
    count, gaps = rounds(5), []
    server = FaultyJetstream()
    async with started(server):
        config = await make(server)
        network = Network(server)
        async with live_worker(config, tmp_path) as worker:
            last_ms = network.post()
            for turn in range(count):
                await all_of(config, network)
                seq = server.next_seq - 1
                await until_cursor(config, SOURCE, is_at(server._events[-1]))
                await worker.kill()
                await asyncio.sleep(0.01)
                missed = [network.post(counts=False) for _ in range(10)]
                if fault == "cursor too old":
                    server.forget(seq + 11 - server.first_seq)
                else:
                    server.reset(1 if fault == "server set up again" else 1_000 * (turn + 2))
                await asyncio.sleep(0.01)
                first_ms = network.post()
                assert last_ms < missed[0] <= missed[-1] < first_ms
                gaps.append((last_ms, first_ms))
                last_ms = network.post()
                await worker.start()
            found = await all_of(config, network)
    record_source(row(fault, count, config, found, network, gaps))


async def test_events_are_too_large(
    make: Callable[..., Any], tmp_path: Path, record_source: SourceRecorder, rounds: Callable[[int], int]
) -> None:
    count, gaps = rounds(5), []
    server = FaultyJetstream()
    async with started(server):
        config = await make(server)
        network = Network(server)
        async with live_worker(config, tmp_path):
            for _ in range(count):
                before_ms = network.post()
                await asyncio.sleep(0.01)
                network.post("x" * 10_000_000, counts=False)
                await asyncio.sleep(0.01)
                gaps.append((before_ms, network.post()))
                await all_of(config, network)
            found = await all_of(config, network)
    assert [reason for reason, _ in found.dead_letters] == ["too_large"] * count
    record_source(row("events of 10 MB", count, config, found, network, gaps))
