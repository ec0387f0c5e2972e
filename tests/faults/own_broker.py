"""A broker of a test's own, which may do with it what it likes, and the verdict on what the service made of that.

Such a test overrides the fixture `kafka`, so that nothing else is started.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from deploy.local import kafka as local_kafka
from deploy.local.kafka import DEFAULT_HOME, LocalKafka
from streams.errors import BrokerUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.table import Row
    from tests.faults.trial import Trial

FOLDER_NAME: Final = f"fault-{os.getpid()}"
TOLD: Final = "no Kafka broker answers at"

START_SECONDS: Final = 240.0
"""After kill -9 a broker waits until its own old session is over, and then reads its logs."""


def folder() -> Path:
    """Where the broker of this process has its data."""
    return DEFAULT_HOME / "instances" / FOLDER_NAME


@contextmanager
def own_broker(settings: str = "") -> Iterator[LocalKafka]:
    """The broker, started."""
    broker = LocalKafka(DEFAULT_HOME, FOLDER_NAME, settings)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(local_kafka, "START_SECONDS", START_SECONDS)
        try:
            broker.start()
            yield broker
        finally:
            broker.wipe()


def log_of(stage: Trial) -> str:
    """All that was logged."""
    running = [member.worker.log for member in stage.fleet.members if member.worker is not None]
    return "".join([text for _, text in stage.fleet.logs] + running)


async def verdict(stage: Trial, fault: str, rounds: int) -> Row:
    """That of the stage. Without a broker an ingest may end, saying so: it is started again at its cursor."""
    await stage.finish()
    pardoned = f"ingest ended with {BrokerUnreachable.exit_code}:"
    stage.fleet.deaths[:] = [
        death for death in stage.fleet.deaths if not (death.startswith(pardoned) and TOLD in death)
    ]
    row = await stage.verdict(fault, rounds)
    if "Traceback" in log_of(stage):
        row.problems.append("there are tracebacks in the logs")
    return row
