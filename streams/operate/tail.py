"""`firewatch alerts tail`: incidents as they are raised, on a terminal or as JSON lines."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import structlog

from streams.config.moments import zone_of
from streams.errors import RecordError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.operate.alert_lines import print_alert, print_verdict
from streams.operate.incident_log import IncidentLog
from streams.records import SEVERITIES, alert_from_bytes, verdict_in
from streams.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aiokafka.structs import ConsumerRecord
    from rich.console import Console

    from detectors.base import Severity
    from streams.config import Config
    from streams.records import Alert

log = structlog.get_logger()


class Tail:
    """Shows records of social.alerts, each step once, and the verdicts on the incidents that are shown.

    Parameters
    ----------
    config
        The whole configuration, which has the names of the brands and the time zone of alerts.
    brands
        Ids of the brands that are shown; all brands if empty.
    severity
        The lowest severity that is shown; None for all.
    console
        Where to print blocks of lines; None for JSON lines on standard output.

    Attributes
    ----------
    shown
        Number of steps shown so far.
    """

    def __init__(
        self, config: Config, brands: Collection[str], severity: Severity | None, console: Console | None
    ) -> None:
        self._zone = zone_of(config.alerts.timezone)
        self._names = {brand.id: brand.name for brand in config.brands}
        self._brands = brands
        self._lowest = SEVERITIES.index(severity) if severity else 0
        self._console = console
        self._log = IncidentLog()
        self._shown_incidents: set[str] = set()
        self.shown = 0

    def show_alert(self, record: ConsumerRecord) -> None:
        """Show a record of social.alerts."""
        try:
            alert = alert_from_bytes(record.value)
        except RecordError as error:
            where = f"{record.topic}[{record.partition}]@{record.offset}"
            log.warning("alert can't be decoded", reason=error.reason, record=where)
            return
        if not self._log.add_alert(alert) or not self._is_wanted(alert):
            return
        self.shown += 1
        if self._console is None:
            sys.stdout.write(alert.to_bytes().decode() + "\n")
            sys.stdout.flush()
        else:
            is_first = alert.fingerprint not in self._shown_incidents
            print_alert(self._console, alert, self._names, self._zone, is_first=is_first)
        self._shown_incidents.add(alert.fingerprint)

    def show_verdict(self, record: ConsumerRecord) -> None:
        """Show a record of social.labels if it is a verdict on an incident that is shown."""
        verdict = verdict_in(record.value)
        incident = self._log.incidents.get(verdict.incident) if verdict else None
        if verdict and incident and self._console is not None and self._is_wanted(incident.newest):
            print_verdict(self._console, verdict, self._names, self._zone)

    def _is_wanted(self, alert: Alert) -> bool:
        return (not self._brands or alert.brand in self._brands) and SEVERITIES.index(alert.severity) >= self._lowest


async def tail(config: Config, shown: Tail, since_seconds: float, stop: asyncio.Event, *, follow: bool) -> None:
    """Show the latest records in the order in which the broker appended them, and then new ones.

    Parameters
    ----------
    config
        The whole configuration.
    shown
        Shows the records.
    since_seconds
        How far back to start.
    stop
        Ends the tail when it is set.
    follow
        Whether to wait for new records.

    Raises
    ------
    KafkaError
        If no broker answers, or a topic is missing.
    """
    await ensure_topics(config, create=False)
    topics = Topics(config.topics)
    since_ms = clock.now_ms() - round(since_seconds * 1000)
    async with AsyncExitStack() as stack:
        readers = []
        for topic in (topics.alerts, topics.labels):
            reader = TopicReader(await stack.enter_async_context(consumer(config.kafka, None)), config.kafka, topic)
            await reader.seek(since_ms)
            readers.append(reader)
        alerts, labels = readers
        past = [(record, shown.show_alert) for record in await alerts.to_the_end()]
        past += [(record, shown.show_verdict) for record in await labels.to_the_end()]
        for record, show in sorted(past, key=lambda each: each[0].timestamp):
            show(record)
        if not follow:
            return
        tasks = [
            asyncio.create_task(_follow(alerts, shown.show_alert)),
            asyncio.create_task(_follow(labels, shown.show_verdict)),
            asyncio.create_task(stop.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        for task in done:
            task.result()


async def _follow(reader: TopicReader, show: Callable[[ConsumerRecord], None]) -> None:
    async for record in reader.on():
        show(record)
