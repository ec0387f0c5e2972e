"""The disk is full: where the cursor of an ingest is kept, and where the broker keeps everything."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from streams.errors import InputError
from tests.faults.own_broker import folder, own_broker, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LOAD_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 8.0
FULL_SECONDS: Final = 15.0
CURSOR_KB: Final = 64
BROKER_KB: Final = 400_000

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@contextmanager
def small_disk(at: Path, kilobytes: int) -> Iterator[None]:
    """A file system of that size."""
    at.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", at], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """While nothing more fits."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            for size in (1 << 20, 4_096, 1):
                with_room = True
                while with_room:
                    with_room = _fits(file.fileno(), size)
            yield
        finally:
            filler.unlink()


def _fits(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"x" * size) == size
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False


async def test_the_cursor_finds_no_room(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", CURSOR_KB):
        async with trial() as stage:
            stage.cursor = tmp_path / "small" / "cursor"
            ingest = stage.ingest(LOAD_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)
            kept = stage.cursor.read_bytes()
            with full(tmp_path / "small"):
                await ingest.reborn(1)
            deaths, stage.fleet.deaths[:] = [*stage.fleet.deaths], []
            row = await stage.verdict("no room for the cursor", 1)
    row.problems += [
        death
        for death in deaths
        if not death.startswith(f"ingest ended with {InputError.exit_code}:")
        or "the cursor can't be saved (No space left on device)" not in death
        or "Traceback" in death
    ]
    if not deaths or not kept:
        row.problems.append("there was room for the cursor")
    record(row)


async def test_the_broker_finds_no_room(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder
) -> None:
    with small_disk(folder(), BROKER_KB), own_broker() as (broker, port):
        kafka = {"kafka": {"bootstrap_servers": f"127.0.0.1:{port}"}}
        async with trial(config=kafka, workers={"run": 1}, seconds=LOAD_SECONDS) as stage:
            await asyncio.sleep(PAUSE_SECONDS)
            (service,) = stage.fleet.named("run")
            with stage.recovery(service):
                with full(folder()):
                    await asyncio.sleep(FULL_SECONDS)
                    died = broker.bootstrap is None
                await asyncio.to_thread(broker.crash)
                await asyncio.to_thread(broker.start, port)
            row = await verdict(stage, "no room for the broker, which dies of it", 1)
    if not died:
        row.problems.append("the broker found room")
    record(row)
