"""The broker dies, is away for a minute, or is slow; the service is `firewatch run`, and nobody repairs anything."""

from __future__ import annotations

import asyncio
import os
import random
from typing import TYPE_CHECKING, Final

from deploy.local.kafka import free_port
from tests.faults.own_broker import TOLD, log_of, own_broker, verdict
from tests.faults.slow_proxy import slow_proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from deploy.local.kafka import LocalKafka
    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LOAD_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 6.0
OUTAGE_SECONDS: Final = float(os.environ.get("FAULTS_OUTAGE_SECONDS") or 60)
SLOW_SECONDS: Final = 60.0
DROP_EVERY_SECONDS: Final = 3.0
SERVICE: Final = {"run": 1}


async def take_broker_away(stage: Trial, broker: LocalKafka, port: int, seconds: float) -> None:
    """Kill -9, and start it again after some time."""
    (service,) = stage.fleet.named("run")
    with stage.recovery(service):
        await asyncio.to_thread(broker.crash)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(broker.start, port)


async def test_the_broker_is_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(2)
    with own_broker() as (broker, port):
        kafka = {"kafka": {"bootstrap_servers": f"127.0.0.1:{port}"}}
        async with trial(config=kafka, workers=SERVICE, seconds=LOAD_SECONDS) as stage:
            for _ in range(count):
                await asyncio.sleep(PAUSE_SECONDS)
                await take_broker_away(stage, broker, port, 0)
            row = await verdict(stage, "kill -9 of the broker, restarted at once", count)
    record(row)


async def test_the_broker_is_away(trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder) -> None:
    with own_broker() as (broker, port):
        kafka = {"kafka": {"bootstrap_servers": f"127.0.0.1:{port}"}}
        async with trial(config=kafka, workers=SERVICE, seconds=LOAD_SECONDS) as stage:
            await asyncio.sleep(PAUSE_SECONDS)
            await take_broker_away(stage, broker, port, OUTAGE_SECONDS)
            told = TOLD in log_of(stage)
            row = await verdict(stage, f"no broker for {OUTAGE_SECONDS:g} s", 1)
    if not told:
        row.problems.append("nobody said that the broker is away")
    record(row)


async def test_the_broker_is_slow(trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder) -> None:
    front = free_port()
    advertised = f"\nadvertised.listeners=PLAINTEXT://127.0.0.1:{front}\n"
    with own_broker(advertised) as (_, port):
        async with slow_proxy(front, port, random.Random(front)) as proxy:
            kafka = {"kafka": {"bootstrap_servers": f"127.0.0.1:{front}"}}
            async with trial(config=kafka, workers=SERVICE, seconds=SLOW_SECONDS) as stage:
                proxy.disturbing = True
                for _ in range(round(SLOW_SECONDS / DROP_EVERY_SECONDS)):
                    await asyncio.sleep(DROP_EVERY_SECONDS)
                    proxy.drop()
                proxy.disturbing = False
                row = await verdict(stage, "a broker that takes 0.2 to 2 s each way and hangs up", proxy.dropped)
    if not proxy.delayed or not proxy.dropped:
        row.problems.append("the broker was not slow")
    record(row)
