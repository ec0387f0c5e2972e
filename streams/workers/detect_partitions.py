"""The monitors of the partitions that a detect worker owns, and the records that it sends and saves for them.

Counts are exact because of one order within a batch: mentions at or below their high-water mark are skipped; the broker
acknowledges alerts and windows (`process`); it acknowledges the state that includes them (`save`); only then may the
offset move. A crash in between repeats work, which the high-water marks and the deterministic alert ids make harmless.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from streams.core.detect.outcome import Outcome
from streams.core.detect.partition import PartitionMonitor
from streams.core.detect.quarantine import Quarantine
from streams.core.detect.state_keys import parsed
from streams.core.detect.validation import MentionsValidator
from streams.errors import RecordError
from streams.kafka.clients import MAX_RECORD_BYTES, acknowledged, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.retention import report_lost
from streams.kafka.topics import Topics
from streams.records import Envelope, Progress, cloudevents
from streams.runtime import metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.workers.detect_metrics import DetectMetrics

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from aiokafka import AIOKafkaProducer

    from streams.config import Config
    from streams.core.detect.outcome import DroppedState
    from streams.errors import DetectorFailed
    from streams.kafka.changelog import Changelog

_SENDING: Final = "sending alerts and windows"

_UNKNOWN_OFFSET: Final = -1
"""Offset of a state in its dead letter: a restored state is the newest of its key, wherever it is."""

log = structlog.get_logger()


class MentionsRecord(Protocol):
    """A record of `social.mentions` as any Kafka client returns it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> float: ...  # broker time in seconds
    @property
    def value(self) -> bytes | None: ...


class PartitionMonitors:
    """The monitors of the partitions that this worker owns now.

    Parameters
    ----------
    config
        The whole config.
    sender
        A started idempotent producer: what it sends to one partition arrives in order or not at all.
    changelog
        The topic to which state is written.
    """

    def __init__(self, config: Config, sender: AIOKafkaProducer, changelog: Changelog) -> None:
        self._config = config
        self._topics = Topics(config.topics)
        self._sender = sender
        self._changelog = changelog
        self._dead_letters = DeadLetters(sender, self._topics.dlq.name)
        self._metrics = DetectMetrics(config)
        self._monitors: dict[int, PartitionMonitor] = {}
        self._quarantine = Quarantine(config, config.detect.quarantine_after)
        self._dropped: list[DroppedState] = []
        self._validator = MentionsValidator(config)
        metrics.STATE_LIMIT.set(MAX_RECORD_BYTES)

    def hide(self) -> None:
        """Show nothing until the next `restore`: other workers may own the partitions."""
        self._metrics.reset()

    def restore(self, partitions: Iterable[int], state: Mapping[bytes, bytes]) -> None:
        """Replace all monitors by those of some partitions, with their saved state.

        Parameters
        ----------
        partitions
            The partitions.
        state
            Everything that `save` has written for these partitions, whichever worker called it; entries of other
            partitions are skipped.

        Raises
        ------
        DetectorFailed
            If a detector raises; `note` it.
        RecordError
            If an entry is damaged, or was written by a newer firewatch.
        """
        self._quarantine = Quarantine(self._config, self._config.detect.quarantine_after)
        self._monitors = {
            partition: PartitionMonitor(self._config, partition, self._quarantine) for partition in partitions
        }
        for key, value in sorted(state.items()):  # notes of failures before brands, brands before their chunks
            home = self._home(key)
            if home in self._monitors:
                self._monitors[home].restore(key, value)
                self._show_size(key, value)
        for monitor in self._monitors.values():
            outcome = monitor.outcome()
            self._dropped += outcome.dropped
            self._metrics.show(outcome)
        self._metrics.show_quarantined(self._quarantine.news())
        self._metrics.show_incidents(self._monitors.values())

    def _home(self, key: bytes) -> int | None:
        """Return the partition that an entry of the state belongs to; None if its key is unknown."""
        entry = parsed(key)
        return None if entry is None else entry.home(self._validator.home)

    async def report_lost(self, partition: int, first: int, records: int) -> None:
        """Report mentions that retention deleted before they were counted, as `streams.kafka.retention` does.

        Raises
        ------
        KafkaError
            If the broker does not accept the dead letter.
        """
        mentions = self._topics.mentions.name
        await report_lost(self._config.kafka, self._dead_letters, mentions, partition, first, records)

    async def note(self, failed: DetectorFailed) -> None:
        """Write to the changelog that a detector raised, for the next owner of the partition.

        Raises
        ------
        KafkaError
            If it can't be written.
        WorkerFailed
            If another worker owns the partition now.
        """
        self._metrics.show_quarantined(self._quarantine.news())
        key, value = self._quarantine.note(failed.failure)
        home = self._validator.home(failed.failure.brand.encode())
        await self._changelog.write([(home, key, value)])

    async def reload(self, config: Config) -> None:
        """Apply another config between two batches: no bucket is skipped, none is evaluated twice.

        Incidents of brands that it does not name are resolved. The state is restored as after a rebalance.

        Parameters
        ----------
        config
            The other config; it differs only in what can be changed live (`streams.config.changes`).

        Raises
        ------
        DetectorFailed
            If a detector raises; `note` it.
        KafkaError
            If something can't be sent, saved or read.
        WorkerFailed
            If another worker owns the partitions now.
        """
        brands = {brand.id for brand in config.brands}
        outcome = Outcome([alert for monitor in self._monitors.values() for alert in monitor.dismiss(brands)])
        await acknowledged(self._config.kafka, await self._send(outcome), _SENDING)
        self._metrics.show(outcome)
        await self.save()
        self._config = config
        self._metrics.reload(config)
        partitions = list(self._monitors)
        self.restore(partitions, await self._changelog.acquire(partitions))

    async def process(self, records: Collection[MentionsRecord]) -> None:
        """Consume records, and send what follows from them; return when the broker has it.

        Raises
        ------
        DetectorFailed
            If a detector raises; `note` it. Nothing has been sent then but dead letters.
        KafkaError
            If it can't be sent.
        """
        newest_ms, dead_letters = await self._absorb(records)
        dead_letters += await self._send_dropped()
        outcome = Outcome()
        partitions = sorted({record.partition for record in records})
        for partition in partitions:
            outcome.add(self._monitors[partition].advance())
        self._metrics.show_quarantined(self._quarantine.news())
        await acknowledged(self._config.kafka, [*dead_letters, *await self._send(outcome)], _SENDING)
        if outcome.alerts:
            reached(Failpoint.DETECT_ALERT_SENT)
            if newest_ms >= 0:
                metrics.POST_TO_ALERT_SECONDS.observe(max(0.0, time.time() - newest_ms / 1000))
        self._show(outcome, partitions)

    async def save(self) -> None:
        """Write everything that has changed since the last call to the changelog; return when the broker has it.

        Raises
        ------
        DetectorFailed
            If a detector raises; `note` it. Nothing has been written then.
        KafkaError
            If it can't be written.
        WorkerFailed
            If another worker owns the partitions now.
        """
        changes = [(partition, *entry) for partition, monitor in self._monitors.items() for entry in monitor.dirty()]
        self._metrics.show_quarantined(self._quarantine.news())
        await self._changelog.write(changes)
        reached(Failpoint.DETECT_STATE_SAVED)
        for _, key, value in changes:
            self._show_size(key, value)

    async def _absorb(self, records: Iterable[MentionsRecord]) -> tuple[int, list[asyncio.Future[Any]]]:
        """Pass the records to their monitors.

        Returns
        -------
        tuple
            Broker time of the newest post among them, ms, and the dead letters of unusable records.
        """
        newest_ms, dead_letters = -1, []
        for record in records:
            try:
                content = self._validator.read(record.partition, round(record.timestamp * 1000), record.value)
                self._monitors[record.partition].absorb(content)
            except RecordError as error:
                where = record.topic, record.partition, record.offset
                log.warning("unusable record", where=where, reason=error.reason)
                with translated_errors(self._config.kafka, _SENDING):
                    dead_letters.append(await self._dead_letters.send(error, *where, record.value))
                continue
            if isinstance(content, Envelope | Progress):
                newest_ms = max(newest_ms, content.ingested_ms)
        return newest_ms, dead_letters

    async def _send_dropped(self) -> list[asyncio.Future[Any]]:
        """Send learned states that could not be restored to the DLQ, before the next `save` overwrites them."""
        dropped, self._dropped = self._dropped, []
        topic = self._topics.changelog.name
        sent = []
        with translated_errors(self._config.kafka, _SENDING):
            for brand, detector, reason, detail, snapshot in dropped:
                error = RecordError(reason, f"detector {detector!r} of brand {brand!r} starts from nothing: {detail}")
                partition = self._validator.home(brand.encode())
                sent.append(await self._dead_letters.send(error, topic, partition, _UNKNOWN_OFFSET, snapshot))
        return sent

    async def _send(self, outcome: Outcome) -> list[asyncio.Future[Any]]:
        source = f"/{self._topics.detect_app}"
        alerts, windows = self._topics.alerts.name, self._topics.windows.name
        with translated_errors(self._config.kafka, _SENDING):
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
        self._metrics.show(outcome)
        if outcome.alerts:
            self._metrics.show_incidents(self._monitors.values())
        for partition in partitions:
            self._metrics.show_progress(partition, self._monitors[partition])

    def _show_size(self, key: bytes, value: bytes | None) -> None:
        entry = parsed(key)
        if entry is not None and entry.kind == "brand" and value is not None:
            self._metrics.show_size(entry.owner.decode(), len(value))
