"""Whether Kafka answers a worker that goes on during an outage, as the bridge does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import KafkaError
from streams.kafka.clients import check_reachable
from streams.runtime import metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from streams.config import KafkaSettings

CHECK_SECONDS: Final = 5.0

log = structlog.get_logger()


class Connection:
    """Asks the broker now and then, because Kafka's consumers try again and again without a word.

    Parameters
    ----------
    settings
        The address, and how to log in.
    check
        Raises a `KafkaError` if no broker answers.

    Attributes
    ----------
    problem
        Why Kafka can't be reached; None while it answers.
    """

    def __init__(
        self, settings: KafkaSettings, check: Callable[[KafkaSettings], Awaitable[None]] = check_reachable
    ) -> None:
        self._settings = settings
        self._check = check
        self.problem: str | None = None

    async def watch(self) -> None:
        """Check until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.check()

    async def check(self) -> None:
        """Ask the broker; log if the answer is another than before."""
        before, self.problem = self.problem, await self._ask()
        metrics.KAFKA_CONNECTED.set(self.problem is None)
        if self.problem is not None and before is None:
            log.error("Kafka does not answer; alerts wait until it does", reason=self.problem)
        elif self.problem is None and before is not None:
            log.info("Kafka answers again")

    async def _ask(self) -> str | None:
        try:
            await self._check(self._settings)
        except KafkaError as error:
            return str(error)
        return None
