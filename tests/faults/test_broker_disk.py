"""The broker finds no room on its disk and dies of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from tests.faults.own_broker import folder, own_broker, verdict
from tests.faults.small_disk import ONLY_ROOT, full, small_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from deploy.local.kafka import LocalKafka
    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LOAD_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 8.0
FULL_SECONDS: Final = 15.0
DISK_KB: Final = 400_000

pytestmark = ONLY_ROOT


@pytest.fixture
def broker() -> Iterator[LocalKafka]:
    """Of this test, on a small disk."""
    with small_disk(folder(), DISK_KB), own_broker() as broker:
        yield broker


@pytest.fixture
def kafka(broker: LocalKafka) -> str:
    """Its address."""
    assert broker.bootstrap is not None
    return broker.bootstrap


async def test_the_broker_finds_no_room(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, broker: LocalKafka, kafka: str
) -> None:
    async with trial(workers={"run": 1}, seconds=LOAD_SECONDS) as stage:
        await asyncio.sleep(PAUSE_SECONDS)
        (service,) = stage.fleet.named("run")
        with stage.recovery(service):
            with full(folder()):
                await asyncio.sleep(FULL_SECONDS)
                died = broker.bootstrap is None
            await asyncio.to_thread(broker.crash)
            await asyncio.to_thread(broker.start, int(kafka.rpartition(":")[2]))
        row = await verdict(stage, "no room for the broker, which dies of it", 1)
    if not died:
        row.problems.append("the broker found room")
    record(row)
