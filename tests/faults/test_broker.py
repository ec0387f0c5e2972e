"""The broker dies, or is away for a minute; the service is `firewatch run`, and nobody repairs anything."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

import pytest

from tests.faults.own_broker import TOLD, log_of, own_broker, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from deploy.local.kafka import LocalKafka
    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LOAD_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 6.0
OUTAGE_SECONDS: Final = float(os.environ.get("FAULTS_OUTAGE_SECONDS") or 60)
SERVICE: Final = {"run": 1}
WATCHFUL: Final = {"liveness": {"stall_seconds": 30}}
"""A detect worker that loses the broker while it is being given its partitions hangs until the watchdog ends it."""


@pytest.fixture
def broker() -> Iterator[LocalKafka]:
    """Of this test."""
    with own_broker() as broker:
        yield broker


@pytest.fixture
def kafka(broker: LocalKafka) -> str:
    """Its address."""
    assert broker.bootstrap is not None
    return broker.bootstrap


async def take_broker_away(stage: Trial, broker: LocalKafka, address: str, seconds: float) -> None:
    """Kill -9, and start it again after some time."""
    (service,) = stage.fleet.named("run")
    with stage.recovery(service):
        await asyncio.to_thread(broker.crash)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(broker.start, int(address.rpartition(":")[2]))


async def test_the_broker_is_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
    broker: LocalKafka,
    kafka: str,
) -> None:
    count = rounds(2)
    async with trial(config=WATCHFUL, workers=SERVICE, seconds=LOAD_SECONDS) as stage:
        for _ in range(count):
            await asyncio.sleep(PAUSE_SECONDS)
            await take_broker_away(stage, broker, kafka, 0)
        record(await verdict(stage, "kill -9 of the broker, restarted at once", count))


async def test_the_broker_is_away(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, broker: LocalKafka, kafka: str
) -> None:
    async with trial(config=WATCHFUL, workers=SERVICE, seconds=LOAD_SECONDS) as stage:
        await asyncio.sleep(PAUSE_SECONDS)
        await take_broker_away(stage, broker, kafka, OUTAGE_SECONDS)
        told = TOLD in log_of(stage)
        row = await verdict(stage, f"no broker for {OUTAGE_SECONDS:g} s", 1)
    if not told:
        row.problems.append("nobody said that the broker is away")
    record(row)
