"""The monitors of the partitions a detect worker has, and the records in which they say what they found.

Counts are exact because of one order within a batch: mentions at or below their high-water mark are skipped; the broker
acknowledges alerts and windows (`conclude`); it acknowledges the state that knows of them (`save`); only then may the
offset move. A crash in between repeats work that the marks, and the deterministic ids of alerts, make harmless.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from streams import cloudevents, metrics
from streams.dead_letters import DeadLetters
from streams.errors import RecordError
from streams.gauges import BrandGauges
from streams.kafka import acknowledged, translated_errors
from streams.monitor import PROGRESS_KEY, Outcome, PartitionMonitor
from streams.records import Deletions, mentions_record_from_bytes
from streams.topics import Topics, partition_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from aiokafka import AIOKafkaProducer

    from streams.config import Config

_CONCLUDING: Final = "sending alerts and windows"
_SAVING: Final = "saving state"

log = structlog.get_logger()


class MentionsRecord(Protocol):
    """A record of `social.mentions` as any client of Kafka gives it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


class PartitionMonitors:
    """The monitors of the partitions that this worker has now.

    Parameters
    ----------
    config
        All of it.
    sender
        A started idempotent producer: what it sends to one partition arrives in order or not at all.
    """

    def __init__(self, config: Config, sender: AIOKafkaProducer) -> None:
        self._config = config
        self._topics = Topics(config.topics)
        self._sender = sender
        self._letters = DeadLetters(sender, self._topics.dlq.name)
        self._gauges = BrandGauges(config)
        self._monitors: dict[int, PartitionMonitor] = {}

    def hide(self) -> None:
        """Show nothing until the next `take_over`: others may have the partitions."""
        self._gauges.reset()

    def take_over(self, partitions: Iterable[int], state: Mapping[bytes, bytes]) -> None:
        """Begin anew with some partitions.

        Parameters
        ----------
        state
            What `save` returned for these partitions up to now, whoever called it; entries of others are passed over.

        Raises
        ------
        RecordError
            If an entry is damaged, or was written by a newer firewatch.
        """
        self._monitors = {partition: PartitionMonitor(self._config, partition) for partition in partitions}
        count = self._topics.mentions.partitions
        progress = {PROGRESS_KEY % partition: partition for partition in range(count)}
        for key, value in state.items():
            monitor = self._monitors.get(progress[key] if key in progress else partition_of(key, count))
            if monitor is not None:
                monitor.restore(key, value)
                self._show_size(key, value)
        self._gauges.show_incidents(self._monitors.values())

    async def conclude(self, records: Collection[MentionsRecord]) -> None:
        """Take records, and send what follows from them; return when the broker has it.

        Raises
        ------
        KafkaError
            If it can't be sent.
        """
        newest_ms, letters = await self._absorb(records)
        outcome = Outcome()
        partitions = sorted({record.partition for record in records})
        for partition in partitions:
            advance = self._monitors[partition].advance()
            outcome.alerts += advance.alerts
            outcome.windows += advance.windows
        await acknowledged(self._config.kafka, [*letters, *await self._send(outcome)], _CONCLUDING)
        if outcome.alerts and newest_ms >= 0:
            metrics.POST_TO_ALERT_SECONDS.observe(max(0.0, time.time() - newest_ms / 1000))
        self._show(outcome, partitions)

    async def save(self) -> dict[bytes, bytes]:
        """Write what changed since the last call to the changelog, and return it when the broker has it.

        A partition's progress goes last, so that whatever part of the changes survives a crash is consistent.

        Raises
        ------
        KafkaError
            If it can't be written.
        """
        changes = [(partition, *entry) for partition, monitor in self._monitors.items() for entry in monitor.dirty()]
        with translated_errors(self._config.kafka, _SAVING):
            sent = [
                await self._sender.send(self._topics.changelog.name, value, key=key, partition=partition)
                for partition, key, value in changes
            ]
        await acknowledged(self._config.kafka, sent, _SAVING)
        for _, key, value in changes:
            self._show_size(key, value)
        return {key: value for _, key, value in changes}

    async def _absorb(self, records: Iterable[MentionsRecord]) -> tuple[int, list[asyncio.Future[Any]]]:
        """Hand the records to their monitors.

        Returns
        -------
        tuple
            Broker time of the newest post among them, ms, and the letters about those that can't be used.
        """
        newest_ms, letters = -1, []
        for record in records:
            try:
                content = mentions_record_from_bytes(record.value)
                self._monitors[record.partition].absorb(content)
            except RecordError as error:
                where = record.topic, record.partition, record.offset
                log.warning("unusable record", where=where, reason=error.reason)
                with translated_errors(self._config.kafka, _CONCLUDING):
                    letters.append(await self._letters.send(error, *where, record.value))
                continue
            if not isinstance(content, Deletions):
                newest_ms = max(newest_ms, content.ingested_ms)
        return newest_ms, letters

    async def _send(self, outcome: Outcome) -> list[asyncio.Future[Any]]:
        source = f"/{self._topics.detect_app}"
        alerts, windows = self._topics.alerts.name, self._topics.windows.name
        with translated_errors(self._config.kafka, _CONCLUDING):
            sent = [
                await self._sender.send(
                    alerts, alert.to_bytes(), key=alert.brand.encode(), headers=cloudevents.headers(alert, source)
                )
                for alert in outcome.alerts
            ]
            sent += [
                await self._sender.send(windows, window.to_bytes(), key=window.brand.encode())
                for window in outcome.windows
            ]
        return sent

    def _show(self, outcome: Outcome, partitions: Iterable[int]) -> None:
        self._gauges.show(outcome)
        if outcome.alerts:
            self._gauges.show_incidents(self._monitors.values())
        for partition in partitions:
            self._gauges.show_progress(partition, self._monitors[partition])

    def _show_size(self, key: bytes, value: bytes) -> None:
        if not key.startswith(b"\x00"):
            metrics.STATE_BYTES.labels(key.decode()).set(len(value))
