"""The broker is slow, and hangs up now and then."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

import pytest

from tests.faults.own_broker import own_broker, verdict
from tests.faults.slow_proxy import SlowProxy, slow_proxy
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

SLOW_SECONDS: Final = 60.0
DROP_EVERY_SECONDS: Final = 3.0


@pytest.fixture
def kafka() -> str:
    """Where the proxy listens, which is what the broker says of itself."""
    return f"127.0.0.1:{reserved_port()}"


@pytest.fixture
async def proxy(kafka: str) -> AsyncIterator[SlowProxy]:
    """Before a broker of this test."""
    with own_broker(f"\nadvertised.listeners=PLAINTEXT://{kafka}\n") as broker:
        port = int((broker.bootstrap or "").rpartition(":")[2])
        front = int(kafka.rpartition(":")[2])
        async with slow_proxy(front, port, random.Random(front)) as proxy:
            yield proxy


async def test_the_broker_is_slow(
    proxy: SlowProxy, trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder
) -> None:
    async with trial(workers={"run": 1}, seconds=SLOW_SECONDS) as stage:
        proxy.disturbing = True
        for _ in range(round(SLOW_SECONDS / DROP_EVERY_SECONDS)):
            await asyncio.sleep(DROP_EVERY_SECONDS)
            proxy.drop()
        proxy.disturbing = False
        row = await verdict(stage, "a broker that takes 0.2 to 2 s each way and hangs up", proxy.dropped)
    if not proxy.delayed or not proxy.dropped:
        row.problems.append("the broker was not slow")
    record(row)
