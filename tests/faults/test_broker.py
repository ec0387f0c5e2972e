"""The broker dies, or is away for a minute; the service is `firewatch run`, and nobody repairs anything."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError
from urllib.request import urlopen

import orjson
import pytest

from streams.errors import BrokerUnreachable
from tests.faults.own_broker import TOLD, log_of, own_broker, verdict
from tests.support.worker import Worker

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
UNREACHABLE: Final = f"exit code {BrokerUnreachable.exit_code}"
WORKERS: Final = ("score", "detect", "train")
DETECT_STARTS: Final = '"event": "starting", "group"'
"""Of the workers of `firewatch run`, detect alone names its group first."""
JOIN_SECONDS: Final = 2.5
"""What joining the group and taking over take at most on a machine with nothing else to do."""


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


def events(log: str) -> list[tuple[str, dict[str, Any]]]:
    """Worker and event of all lines that are events; an ingest that runs alone ends with a line of text."""
    found = [orjson.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [(event["worker"], event) for event in found]


def ended_workers(log: str) -> Counter[tuple[str, str]]:
    """Worker and outcome of every end, as the supervisor tells it."""
    return Counter(
        (event["of"], event["outcome"])
        for _, event in events(log)
        if event["event"] == "worker ended, it will be restarted"
    )


def asked(log: str, worker: str, path: str) -> str:
    """What the latest process of a worker answers beside its metrics."""
    (*_, url) = (event["metrics"] for name, event in events(log) if (name, event["event"]) == (worker, "starting"))
    try:
        with urlopen(url.replace("/metrics", path)) as response:  # noqa: S310  its own, on loopback
            return str(response.read().decode())
    except HTTPError as error:
        with error:
            return error.read().decode()


def restarts(log: str, worker: str) -> int:
    """Return from the metrics of a worker how often it has been restarted because of an outage."""
    name = f'firewatch_restarts_total{{reason="outage",worker="{worker}"}} '
    lines = asked(log, worker, "/metrics").splitlines()
    return round(sum(float(line.removeprefix(name)) for line in lines if line.startswith(name)))


async def asked_for_status(stage: Trial) -> tuple[int, str]:
    """Exit code and words of `firewatch status`."""
    status = await Worker.start("status", stage.fleet.config_path)
    return await status.ended(), status.log


async def test_the_broker_is_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
    broker: LocalKafka,
    kafka: str,
) -> None:
    count = rounds(2)
    async with trial(workers=SERVICE, seconds=LOAD_SECONDS) as stage:
        for _ in range(count):
            await asyncio.sleep(PAUSE_SECONDS)
            await take_broker_away(stage, broker, kafka, 0)
        record(await verdict(stage, "kill -9 of the broker, restarted at once", count))


async def test_the_broker_is_killed_while_partitions_are_given_out(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
    broker: LocalKafka,
    kafka: str,
) -> None:
    count = rounds(4)
    async with trial(workers={}) as stage:
        service = stage.fleet.start("run")
        await stage.ready(service)
        stage.ingest(LOAD_SECONDS)
        for _ in range(count):
            await service.restart()
            await stage.heard(service, DETECT_STARTS)
            await asyncio.sleep(stage.random.uniform(0, JOIN_SECONDS))
            await take_broker_away(stage, broker, kafka, 0)
            await stage.recovered()
        record(await verdict(stage, "kill -9 of the broker while detect is given its partitions", count))


async def test_the_broker_is_away(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, broker: LocalKafka, kafka: str
) -> None:
    async with trial(workers=SERVICE, seconds=LOAD_SECONDS) as stage:
        await asyncio.sleep(PAUSE_SECONDS)
        away = asyncio.create_task(take_broker_away(stage, broker, kafka, OUTAGE_SECONDS))
        await asyncio.sleep(0.9 * OUTAGE_SECONDS)
        told, status = ended_workers(log_of(stage)), await asked_for_status(stage)
        silent = {worker for worker in WORKERS if (worker, UNREACHABLE) not in told}
        unready = {worker: asked(log_of(stage), worker, "/readyz") for worker in silent}
        await away
        await stage.finish()
        ends = ended_workers(log_of(stage))
        counted = {worker: restarts(log_of(stage), worker) for worker in WORKERS}
        row = await verdict(stage, f"no broker for {OUTAGE_SECONDS:g} s", 1)
    for worker, answer in unready.items():  # a scorer waits for three requests' time for what it has sent
        if worker != "score" or "the broker has not answered for" not in answer:
            row.problems.append(f"{worker} did not end by saying that the broker is away, and /readyz says {answer}")
    if others := {end for end in ends if end[1] != UNREACHABLE}:
        row.problems.append(f"there were other ends: {others}")
    for worker in WORKERS:
        if counted[worker] != ends[worker, UNREACHABLE]:
            row.problems.append(f"firewatch_restarts_total of {worker} is {counted[worker]} after {ends}")
    if status[0] != BrokerUnreachable.exit_code or TOLD not in status[1]:
        row.problems.append(f"firewatch status says {status}")
    record(row)
