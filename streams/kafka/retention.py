"""Records that retention deleted before a worker had processed them: logged, counted, and named by a dead letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from streams.errors import RecordError
from streams.kafka.clients import translated_errors
from streams.records.dead_letters import LOST_TO_RETENTION
from streams.runtime import metrics

if TYPE_CHECKING:
    from streams.config import KafkaSettings
    from streams.kafka.dead_letters import DeadLetters

log = structlog.get_logger()


async def report_lost(
    settings: KafkaSettings, dead_letters: DeadLetters, topic: str, partition: int, first: int, records: int
) -> None:
    """Report records that are gone, and return when the broker has the dead letter.

    A worker that crashes before it commits reports them again.

    Parameters
    ----------
    settings
        Section `kafka` of the config.
    dead_letters
        The dead letter queue of the topic.
    topic, partition
        Where the records were.
    first
        Offset of the first of them.
    records
        Number of offsets; those of a transaction's markers are among them.

    Raises
    ------
    KafkaError
        If the broker does not accept the dead letter.
    """
    log.warning("records were deleted before they were processed", topic=topic, partition=partition, records=records)
    metrics.RECORDS_LOST.labels(topic).inc(records)
    detail = f"the offsets {first} to {first + records - 1} were deleted by retention before they were processed"
    error = RecordError(LOST_TO_RETENTION, detail)
    with translated_errors(settings, "sending dead letters"):
        await dead_letters.write(error, topic, partition, first, None, records=records)
