"""A firestorm about one brand, 5,000 posts a second of event time, while scorers and detectors are killed: live, and as
the backlog of an outage.

Everything of a brand that was not visible yet used to stand in one record of the changelog: from some 450 mentions a
second on detect ended, again after each restart. On a machine that can't score as fast as the posts come the live storm
becomes a backlog that grows while it is worked off.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from streams.core.detect.state_keys import parsed
from streams.kafka.fragments import FRAGMENT_BYTES
from streams.kafka.topics import Topics
from tests.faults.load import Load
from tests.support.broker import read_topic, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from streams.config import Config
    from tests.faults.conftest import Recorder
    from tests.faults.fleet import Member
    from tests.faults.trial import Trial

RATE: Final = 5_000
SECONDS: Final = 24.0
BRAND: Final = "nordtel"
CALM_DAYS: Final = 0.1
NO_BROKEN: Final = 10**9
FINISH_SECONDS: Final = 600.0
"""A machine that is busy with other work scores some hundred posts a second."""

SPREAD_KILLS: Final = 3.0
"""Seconds between two kills, on average: workers are killed while they read, save and restore."""


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory, seed: int) -> tuple[Load, Load, Load]:
    """Two hours of calm, the storm, and both."""
    folder = tmp_path_factory.mktemp("firestorm")
    calm = Load.simulated(folder / "calm", seed, days=CALM_DAYS, scenario="calm", broken_every=NO_BROKEN)
    storm = calm.firestorm(folder / "storm", BRAND, rate=RATE, seconds=SECONDS, seed=seed)
    return calm, storm, calm.followed_by(storm, folder / "both")


def send(stage: Trial, load: Load, *options: str) -> Member:
    cursor = stage.folder / f"cursor-{load.posts.parent.name}"
    return stage.fleet.start("ingest", str(load.posts), "--cursor", str(cursor), "--keep-order", *options)


async def sent(member: Member) -> None:
    async def done() -> bool:
        return member.done

    await until(done, 180)


async def kill_scorers_and_detectors(stage: Trial, rounds: int) -> None:
    for number in range(rounds):
        await asyncio.sleep(stage.random.uniform(0.4, 1.6) * SPREAD_KILLS)
        member = stage.random.choice(stage.fleet.named("score" if number % 3 == 2 else "detect"))
        await member.kill()  # how long the backlog then takes is a matter of the machine


async def state_problems(config: Config) -> list[str]:
    """What is wrong with the records of the state; a storm that needs no chunk proves nothing."""
    records = await read_topic(config, Topics(config.topics).changelog.name)
    largest = max(len(record.value or b"") for record in records)
    kinds = {entry.kind for record in records if (entry := parsed(record.key)) is not None}
    problems = [] if "chunk" in kinds else ["no mentions were in chunks"]
    return problems if largest <= FRAGMENT_BYTES else [*problems, f"a record of {largest} bytes"]


async def test_a_firestorm_comes_live_while_workers_are_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
    loads: tuple[Load, Load, Load],
) -> None:
    calm, storm, both = loads
    count = rounds(6)
    async with trial(load=both) as stage:
        await sent(send(stage, calm))
        send(stage, storm, "--speed", "1")
        await kill_scorers_and_detectors(stage, count)
        row = await stage.verdict(
            f"a firestorm of {RATE:,} posts/s, live; kill -9 of detect and score", count, FINISH_SECONDS
        )
        row.problems += await state_problems(stage.config)
    record(row)


async def test_a_firestorm_is_a_backlog_while_workers_are_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
    loads: tuple[Load, Load, Load],
) -> None:
    calm, storm, both = loads
    count = rounds(6)
    async with trial(load=both, workers={}) as stage:
        await sent(send(stage, calm))
        await sent(send(stage, storm))
        for name in ("score", "score", "detect", "detect"):
            stage.fleet.start(name)
        await asyncio.gather(*[stage.ready(member) for member in stage.fleet.members if not member.done])
        await kill_scorers_and_detectors(stage, count)
        row = await stage.verdict(
            f"a backlog of a firestorm of {RATE:,} posts/s; kill -9 of detect and score", count, FINISH_SECONDS
        )
        row.problems += await state_problems(stage.config)
    record(row)
