"""A little of each kind of fault; `make test-faults` does all of it, and for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.runtime.failpoints import Failpoint
from tests.faults.disturbances import die_at, kill_at_random, restart_one_after_another
from tests.faults.load import Load
from tests.faults.trial import settings, staged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config

SEED = 12


async def test_nothing_is_lost_or_counted_twice_whatever_dies(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    load = Load.simulated(tmp_path / "load", SEED, scenario="firestorm")
    config = kafka_config(**settings(load) | {"windows": {"end_of_stream_seconds": 10}})
    async with staged(config, load, tmp_path, SEED, workers={"score": 1}) as stage:
        assert stage.oracle.alerts, "a load without alerts would not show whether they come twice"
        await die_at(stage, Failpoint.DETECT_STATE_SENT, rounds=1, seconds=12)
        await kill_at_random(stage, rounds=1, pause_seconds=1)
        await restart_one_after_another(stage, rounds=1)
        row = await stage.verdict("a little of everything", rounds=1)
    assert not row.problems, "\n".join(row.problems)
