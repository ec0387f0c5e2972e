"""The disk is full where the cursor of an ingest is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from tests.faults.small_disk import ONLY_ROOT, full, small_disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LOAD_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 8.0
CURSOR_KB: Final = 64

pytestmark = ONLY_ROOT


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
