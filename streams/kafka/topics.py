"""The definition of every topic, by which topics are created and verified: names, partitions, retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS
from streams.config.kafka import POSTS_TOPIC
from streams.kafka.names import group_of

if TYPE_CHECKING:
    from streams.config import TopicSettings

COMPACTED_SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Size of a segment of a compacted topic: the newest one is never compacted, and each new owner must read it."""

CURSOR_SEGMENT_BYTES: Final = 4 * 1024 * 1024
"""Size of a segment of the cursors, which are small, change every second, and are read by whoever asks for a status."""

NO_LIMIT_MS: Final = 2**63 - 1

BRANDS_TABLE: Final = "brands"
"""Name of the table in the name of the changelog topic, which holds the state of each brand."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The definition of one topic.

    Parameters
    ----------
    name
        Full name with prefix.
    partitions
        The exact number, because keys and state depend on it.
    cleanup_policy
        ``delete`` or ``compact``.
    retention_ms
        Retention for ``delete``; it counts from ingest time, so that a replayed archive is not deleted as it arrives.
    log_append_time
        Whether the broker stamps records on arrival (ingest time), which producers can't forge.
    max_message_bytes
        Largest record batch that the broker accepts.
    segment_bytes
        Size of a segment for ``compact``.
    """

    name: str
    partitions: int
    replication_factor: int
    cleanup_policy: str = "delete"
    retention_ms: int | None = None
    log_append_time: bool = True
    max_message_bytes: int = 1_048_588
    segment_bytes: int = COMPACTED_SEGMENT_BYTES

    def configs(self) -> dict[str, str]:
        """Return the settings of the topic as Kafka names them.

        The limits of timestamps are as wide as possible: with LogAppendTime the broker stamps records itself, and if
        someone switches a topic to CreateTime, an archive must not be refused for its age.
        """
        configs = {
            "cleanup.policy": self.cleanup_policy,
            "message.timestamp.type": "LogAppendTime" if self.log_append_time else "CreateTime",
            "message.timestamp.before.max.ms": str(NO_LIMIT_MS),
            "message.timestamp.after.max.ms": str(NO_LIMIT_MS),
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.retention_ms is not None:
            configs["retention.ms"] = str(self.retention_ms)
        if self.cleanup_policy == "compact":
            configs |= {"segment.bytes": str(self.segment_bytes), "min.cleanable.dirty.ratio": "0.1"}
        return configs


class Topics:
    """All topics of one installation.

    `labels` and `models` always have one partition, because what is learned depends on the order of the labels; so do
    `cursors`, which are few.

    >>> from streams.config import TopicSettings
    >>> Topics(TopicSettings(prefix="staging.")).posts.name
    'staging.social.posts'
    """

    def __init__(self, settings: TopicSettings) -> None:
        def topic(name: str, partitions: int, hours: int) -> Topic:
            return Topic(settings.prefix + name, partitions, settings.replication_factor, retention_ms=hours * HOUR_MS)

        self.posts = topic(POSTS_TOPIC, settings.partitions, settings.posts_retention_hours)
        self.dlq = topic("social.posts.dlq", 1, settings.dlq_retention_hours)
        self.mentions = topic("social.mentions", settings.partitions, settings.mentions_retention_hours)
        self.windows = topic("social.windows", settings.partitions, settings.windows_retention_hours)
        self.alerts = topic("social.alerts", settings.partitions, settings.alerts_retention_hours)
        self.alerts_dlq = topic("social.alerts.dlq", 1, settings.dlq_retention_hours)
        self.detect_app = group_of("detect", settings)
        self.labels = Topic(
            f"{settings.prefix}social.labels",
            1,
            settings.replication_factor,
            retention_ms=settings.labels_retention_hours * HOUR_MS,
        )
        self.models = Topic(
            f"{settings.prefix}social.models",
            1,
            settings.replication_factor,
            cleanup_policy="compact",
        )
        self.cursors = Topic(
            f"{settings.prefix}social.cursors",
            1,
            settings.replication_factor,
            cleanup_policy="compact",
            segment_bytes=CURSOR_SEGMENT_BYTES,
        )
        self.changelog = Topic(
            f"{self.detect_app}-{BRANDS_TABLE}-changelog",
            settings.partitions,
            settings.replication_factor,
            cleanup_policy="compact",
        )

    def state_writer(self, partition: int) -> str:
        """Return the transactional ID of the writer of a partition of the state."""
        return f"{self.changelog.name}-{partition}"

    def cursor_writer(self, source: str) -> str:
        """Return the transactional ID of the writer of the cursor of a source."""
        return f"{self.cursors.name}-{source}"

    def all(self) -> list[Topic]:
        """Return all topics in the order of the flow."""
        return [
            self.posts,
            self.dlq,
            self.mentions,
            self.windows,
            self.alerts,
            self.alerts_dlq,
            self.changelog,
            self.labels,
            self.models,
            self.cursors,
        ]
