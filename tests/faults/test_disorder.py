"""Another client sends envelopes and progress again: repeated, in another order, and late."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from streams.kafka.clients import acknowledged, consumer, producer
from streams.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from aiokafka.structs import ConsumerRecord

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

REMEMBERED = 3_000
"""Records from which is drawn what is sent again: up to many event-time buckets old."""

AGAIN = 40
"""Records sent again at a time."""


class Meddler:
    """Reads `social.mentions` and writes parts of it once more, shuffled."""

    def __init__(self, stage: Trial) -> None:
        self._stage = stage
        self.sent = 0

    async def run(self) -> None:
        """Meddle until cancelled."""
        config, mentions = self._stage.config, Topics(self._stage.config.topics).mentions
        seen: deque[ConsumerRecord] = deque(maxlen=REMEMBERED)
        async with consumer(config.kafka, None) as reader, producer(config.kafka) as sender:
            reader.assign([TopicPartition(mentions.name, partition) for partition in range(mentions.partitions)])
            await reader.seek_to_beginning()
            while True:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    seen.extend(records)
                again = self._stage.random.sample(list(seen), min(AGAIN, len(seen)))
                sends = [
                    await sender.send(mentions.name, record.value, key=record.key, partition=record.partition)
                    for record in again
                ]
                await acknowledged(config.kafka, sends, "meddling")
                self.sent += len(again)
                await asyncio.sleep(0.1)


async def test_envelopes_come_again_shuffled_and_late(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder
) -> None:
    async with trial(seconds=50) as stage:
        meddler = Meddler(stage)
        meddling = asyncio.create_task(meddler.run())
        while not all(member.done for member in stage.fleet.named("ingest")):
            assert not meddling.done(), meddling
            await asyncio.sleep(0.5)
        meddling.cancel()
        with suppress(asyncio.CancelledError):
            await meddling
        assert meddler.sent > 5_000
        record(await stage.verdict("envelopes repeated, shuffled and late, by another client", meddler.sent))
