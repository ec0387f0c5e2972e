"""The worker for live sources is killed, suspended and taken over from, in the middle of a stream."""

from __future__ import annotations

import itertools
import random
import signal
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.kafka.admin import ensure_topics
from streams.kafka.cursor_board import LEASE_SECONDS
from tests.faults.killing import kill_owner, owner_of, two_workers
from tests.faults.source_table import SourceRow
from tests.support.live_sources import live_worker, until_cursor, until_posts
from tests.support.scripted_source import posts, write_script

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from streams.config import Config
    from tests.faults.conftest import SourceRecorder
    from tests.support.live_sources import Ingested

SCRIPTED: Final = "tests.support.scripted_cli"
BLOCK: Final = 50


class Stream:
    """A source that never ends before the test does.

    Parameters
    ----------
    path
        Its script.
    blocks
        Blocks of posts, with a pause of a tenth of a second after each.
    """

    def __init__(self, path: Path, blocks: int) -> None:
        lines: list[dict[str, Any]] = []
        for block in range(blocks):
            lines += [*posts(BLOCK, block * BLOCK), {"waits": 0.1}]
        self.path = write_script(path, lines)
        self.posts = blocks * BLOCK
        self.lines = len(lines)

    async def ended(self, config: Config) -> Ingested:
        """Wait until all of it is ingested, and return what is."""
        await until_cursor(config, "wire", lambda cursor: cursor.position == {"line": self.lines}, 300)
        return await until_posts(config, self.posts)

    def row(self, fault: str, rounds: int, config: Config, found: Ingested) -> SourceRow:
        ids = [str(number) for number in range(self.posts)]
        return SourceRow.of(fault, rounds, config, found, source="wire", ids=ids)


@pytest.fixture
async def make(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> Callable[[int], Awaitable[tuple[Config, Stream]]]:
    async def make(blocks: int) -> tuple[Config, Stream]:
        stream = Stream(tmp_path / "wire.script", blocks)
        config = kafka_config(sources=[{"id": "wire", "kind": "files", "paths": [str(stream.path)]}])
        await ensure_topics(config, create=True)
        return config, stream

    return make


async def test_the_only_worker_is_killed(
    make: Callable[[int], Awaitable[tuple[Config, Stream]]],
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config, stream = await make(25 * count)
    async with live_worker(config, tmp_path, module=SCRIPTED) as worker:
        await kill_owner(worker, rounds=count, chance=chance)
        found = await stream.ended(config)
    record_source(stream.row("kill -9 of the only worker", count, config, found))


async def test_the_owner_is_killed_and_another_takes_over(
    make: Callable[[int], Awaitable[tuple[Config, Stream]]],
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config, stream = await make(25 * count)
    async with two_workers(config, tmp_path, module=SCRIPTED) as workers:
        await kill_owner(*workers, rounds=count, chance=chance)
        found = await stream.ended(config)
    record_source(stream.row("kill -9 of the owner beside a stand-by", count, config, found))


async def test_the_owner_is_suspended_until_another_has_taken_over_and_then_goes_on(
    make: Callable[[int], Awaitable[tuple[Config, Stream]]],
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
) -> None:
    count = rounds(3)
    config, stream = await make(150 * count)
    async with two_workers(config, tmp_path, module=SCRIPTED) as (first, second):
        owner = await owner_of(first, second)
        for turn in itertools.count(1):
            other = second if owner is first else first
            reads = other.log.count("reading source")
            owner.process.process.send_signal(signal.SIGSTOP)
            await other.process.wait_for("reading source", 5 * LEASE_SECONDS, times=reads + 1)
            owner.process.process.send_signal(signal.SIGCONT)
            await owner.says("another process reads the source now", times=(turn + 1) // 2)
            owner = other
            if turn == count:
                break
        found = await stream.ended(config)
    record_source(stream.row("the owner is suspended (SIGSTOP), replaced, and wakes", count, config, found))
