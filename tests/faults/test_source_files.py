"""Files grow, are rotated and replaced while they are ingested, and the worker is killed beside it."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from streams.kafka.admin import ensure_topics
from tests.faults.killing import kill_owner, two_workers
from tests.faults.source_table import SourceRow
from tests.support.live_sources import live_worker, until_ingested

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config
    from tests.faults.conftest import SourceRecorder

SOURCE: Final = "inbox"


class Writer:
    """A program that writes a log line by line, in pieces, and rotates it; an async context manager.

    Parameters
    ----------
    folder
        Where it writes.
    seed
        Of how it writes.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self.ids: list[str] = []
        self.rotations = self.files = 0
        self._writing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pause()

    async def pause(self) -> None:
        """Write nothing more; the last line is complete."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
            self._writing = None

    def line(self) -> bytes:
        """Return the next post as a line."""
        number = len(self.ids)
        self.ids.append(f"p{number}")
        post = {"id": f"p{number}", "created_at": time.time(), "text": f"Nordtel ist weg, die {number}."}
        return json.dumps(post).encode() + b"\n"

    async def _write(self) -> None:
        log = self._folder / "log.jsonl"
        while True:
            data = b"".join(self.line() for _ in range(20))
            cut = self._chance.randrange(len(data))
            with log.open("ab", buffering=0) as file:
                file.write(data[:cut])
                try:
                    await asyncio.sleep(0.05)
                finally:
                    file.write(data[cut:])
            if self._chance.random() < 0.05:
                self.rotations += 1
                log.rename(self._folder / f"log.jsonl.{self.rotations}")
            if self._chance.random() < 0.05:
                self.files += 1
                packed = self._folder / f"pack.{self.files}.jsonl.gz"
                part = packed.with_suffix(".part")
                part.write_bytes(gzip.compress(b"".join(self.line() for _ in range(200))))
                part.rename(packed)
            await asyncio.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("done", ["keep", "move"])
async def test_the_worker_is_killed_while_logs_grow_and_rotate(
    kafka_config: Callable[..., Config],
    folder: Path,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
    done: str,
) -> None:
    count, chance = rounds(20 if done == "keep" else 5), random.Random(seed)
    more: dict[str, Any] = {"done": "move", "done_folder": str(tmp_path / "done")} if done == "move" else {}
    config = kafka_config(sources=[entry_of(folder, **more)])
    await ensure_topics(config, create=True)
    async with live_worker(config, tmp_path) as worker, Writer(folder, seed) as writer:
        await kill_owner(worker, rounds=count, chance=chance, seconds=3)
        await writer.pause()
        record_source(await row_of("files: kill -9", f"done: {done}", count, config, writer))


async def test_the_owner_is_killed_and_another_takes_over(
    kafka_config: Callable[..., Config],
    folder: Path,
    tmp_path: Path,
    record_source: SourceRecorder,
    rounds: Callable[[int], int],
    seed: int,
) -> None:
    count, chance = rounds(20), random.Random(seed)
    config = kafka_config(sources=[entry_of(folder)])
    await ensure_topics(config, create=True)
    async with two_workers(config, tmp_path) as workers, Writer(folder, seed) as writer:
        await kill_owner(*workers, rounds=count, chance=chance)
        await writer.pause()
        record_source(
            await row_of("files: kill -9 of the owner beside a stand-by", "done: keep", count, config, writer)
        )


def entry_of(folder: Path, **more: Any) -> dict[str, Any]:
    """Return the entry of a source that watches a folder."""
    return {
        "id": SOURCE,
        "kind": "files",
        "paths": [str(folder)],
        "poll_seconds": 0.2,
        "settle_seconds": 3,
    } | more


async def row_of(fault: str, further: str, rounds: int, config: Config, writer: Writer) -> SourceRow:
    """Return what became of all that was written, once it is there."""
    found = await until_ingested(config, lambda found: set(writer.ids) <= found.ids(SOURCE), 300)
    fault = f"{fault}, lines in pieces, {writer.rotations} rotations, {writer.files} archives, {further}"
    row = SourceRow.of(fault, rounds, config, found, source=SOURCE, ids=writer.ids)
    if found.dead_letters:
        row.problems.append(f"dead letters: {found.dead_letters[:3]}")
    return row
