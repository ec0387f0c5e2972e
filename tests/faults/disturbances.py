"""Disturbances of a running fleet that both the fault tests and the short integration test use."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from streams.runtime.failpoints import Failpoint

if TYPE_CHECKING:
    from tests.faults.trial import Trial

LOAD_SECONDS = 40.0
RARE = {Failpoint.DETECT_ALERT_SENT, Failpoint.TRAIN_PUBLISHED}
"""Reached a few times in a test, not with every batch."""


def failpoints(stage: Trial, point: Failpoint, rounds: int) -> list[str]:
    """One for each life of the victim: the first or a later time it gets there."""
    latest = 2 if point in RARE else 10
    return [f"{point}:{stage.random.randint(1, latest)}" for _ in range(rounds)]


async def die_at(stage: Trial, point: Failpoint, rounds: int, seconds: float = LOAD_SECONDS) -> None:
    """Send the load, and have a worker die at a failpoint, life after life; return when it lives on."""
    planned = failpoints(stage, point, rounds)
    name = point.split(".")[0]
    if name == "ingest":
        victim = stage.ingest(seconds, failpoints=planned)
    else:
        victim = stage.fleet.start(name, failpoints=planned)
        stage.ingest(seconds)
    if name == "train":
        stage.teach(seconds)
    for life in range(rounds):
        await victim.reborn(life)
        with stage.recovery(victim):
            await victim.reborn(life + 1, seconds=120)
    reached = sum('"failing here"' in log for _, log in stage.fleet.logs)
    assert reached == rounds, "a test in which nothing failed proves nothing"


PAUSE_SECONDS = 5.0
"""Between two kills, on average."""


async def kill_at_random(stage: Trial, rounds: int, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Kill -9 one worker after another, whichever is drawn."""
    for _ in range(rounds):
        await asyncio.sleep(stage.random.uniform(0.4, 1.6) * pause_seconds)
        await stage.kill(stage.random.choice(stage.fleet.members))


async def restart_one_after_another(stage: Trial, rounds: int) -> None:
    """A rolling restart by SIGTERM: every worker once a round."""
    for _ in range(rounds):
        for member in [each for each in stage.fleet.members if each.name != "ingest"]:
            with stage.recovery(member):
                await member.restart()
            await stage.ready(member)
