"""What was lost lately, as the dead letters and the newest windows in Kafka show it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import DAY_MS, HOUR_MS
from streams.errors import BrokerUnreachable, KafkaError, RecordError
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.records import window_from_bytes
from streams.records.dead_letters import LOST_TO_RETENTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from streams.kafka.topics import Topic

NEWEST_DEAD_LETTERS: Final = 1_000
"""Dead letters of each partition that are read."""

NEWEST_WINDOWS: Final = 500
"""Windows of each partition whose late mentions are counted."""

MIN_RISE: Final = 10
RISE_FACTOR: Final = 2
"""Dead letters rise if there were more than `MIN_RISE` in the last hour, and more than `RISE_FACTOR` times as many as
in the mean hour of the day before."""

MIN_LATE: Final = 20
MAX_LATE_SHARE: Final = 0.01
"""Share of late mentions above which they are a problem, if there are at least `MIN_LATE`."""


class DeadLetterHead(NamedTuple):
    """A dead letter without its record.

    Parameters
    ----------
    reason
        Its reason.
    topic
        Where its record came from.
    records
        Number of records that it stands for.
    at_ms
        When the broker appended it, in milliseconds since the epoch.
    """

    reason: str
    topic: str
    records: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Losses:
    """Records that did not get where they should.

    Parameters
    ----------
    deleted_unread
        Records that retention deleted before they were processed, in the last 24 hours, by topic.
    undelivered
        Alerts that a bridge has given up, in the last 24 hours, by reason.
    dead_letters_last_hour, dead_letters_usual_hour
        Dead letters of posts, mentions, labels and models: in the last hour, and in the mean hour of the day before.
    late, late_share
        Late mentions in the newest windows, and their share of all mentions there.
    """

    deleted_unread: dict[str, int] = field(default_factory=dict)
    undelivered: dict[str, int] = field(default_factory=dict)
    dead_letters_last_hour: int = 0
    dead_letters_usual_hour: float = 0.0
    late: int = 0
    late_share: float = 0.0

    def problems(self) -> list[str]:
        """Return the problems, one sentence each."""
        problems = [
            f"{records:,} records of {topic} were deleted by retention before they were processed, in the last 24 "
            "hours: its workers were too far behind or too long away"
            for topic, records in self.deleted_unread.items()
        ]
        if self.undelivered:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(self.undelivered.items()))
            problems.append(
                f"{sum(self.undelivered.values()):,} alerts were not delivered in the last 24 hours ({reasons}): they "
                "are in the dead letters of the alerts, and the bridge's log says why"
            )
        if self.dead_letters_last_hour > max(MIN_RISE, RISE_FACTOR * self.dead_letters_usual_hour):
            problems.append(
                f"{self.dead_letters_last_hour:,} dead letters in the last hour, "
                f"{self.dead_letters_usual_hour:,.0f} in the mean hour of the day before"
            )
        if self.late >= MIN_LATE and self.late_share > MAX_LATE_SHARE:
            problems.append(
                f"{self.late_share:.1%} of the mentions in the newest windows came too late for theirs "
                f"({self.late:,}): do posts arrive in another order than they were written?"
            )
        return problems


async def read_losses(
    config: Config, reader: AIOKafkaConsumer, letters: Sequence[DeadLetterHead], now_ms: int
) -> Losses:
    """Add up what was lost.

    Parameters
    ----------
    config
        The whole config.
    reader
        A client without a group.
    letters
        The newest dead letters but those of alerts.
    now_ms
        The present, milliseconds since the epoch.

    Raises
    ------
    KafkaError
        If the broker does not answer or denies access.
    """
    topics = Topics(config.topics)
    undelivered = await read_dead_letters(config, reader, topics.alerts_dlq) or []
    counted = late = 0
    windows = TopicReader(reader, config.kafka, topics.windows)
    await windows.seek_back(NEWEST_WINDOWS)
    for record in await windows.to_the_end():
        try:
            window = window_from_bytes(record.value)
        except RecordError:
            continue
        counted, late = counted + window.count, late + window.late
    return losses_of(letters, undelivered, now_ms, counted=counted, late=late)


def losses_of(
    letters: Iterable[DeadLetterHead], undelivered: Iterable[DeadLetterHead], now_ms: int, *, counted: int, late: int
) -> Losses:
    """Add up dead letters, those of undelivered alerts, and mentions of the newest windows."""
    day = [letter for letter in letters if letter.at_ms > now_ms - DAY_MS - HOUR_MS]
    lost = Counter[str]()
    for letter in [*day, *undelivered]:
        if letter.reason == LOST_TO_RETENTION and letter.at_ms > now_ms - DAY_MS:
            lost[letter.topic] += letter.records
    given_up = Counter(
        letter.reason for letter in undelivered if letter.reason != LOST_TO_RETENTION and letter.at_ms > now_ms - DAY_MS
    )
    last_hour = sum(letter.at_ms > now_ms - HOUR_MS for letter in day)
    share = late / (counted + late) if late else 0.0
    return Losses(dict(lost), dict(given_up), last_hour, (len(day) - last_hour) / 24, late, share)


async def read_dead_letters(config: Config, reader: AIOKafkaConsumer, topic: Topic) -> list[DeadLetterHead] | None:
    """Read the newest dead letters of a queue; return None if this client may not read them.

    Raises
    ------
    BrokerUnreachable
        If the broker does not answer.
    """
    dead_letters = TopicReader(reader, config.kafka, topic)
    try:
        await dead_letters.seek_back(NEWEST_DEAD_LETTERS)
        return [_head(record) for record in await dead_letters.to_the_end()]
    except BrokerUnreachable:
        raise
    except KafkaError:  # reading them takes a right that nothing else here does
        return None


def _head(record: ConsumerRecord) -> DeadLetterHead:
    headers = {name: text.decode(errors="replace") for name, text in record.headers}
    records = headers.get("records", "1")
    count = int(records) if records.isdecimal() else 1
    return DeadLetterHead(headers.get("reason", ""), headers.get("topic", ""), count, record.timestamp)
