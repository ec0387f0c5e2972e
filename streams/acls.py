"""What each worker may do in Kafka: the least rights it runs with, checked at its start and printed as ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from streams.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.config import Config, TopicSettings
    from streams.topics import Topic

Worker = Literal["topics", "ingest", "score", "detect", "train", "label"]
WORKERS: Final[tuple[Worker, ...]] = ("topics", "ingest", "score", "detect", "train", "label")

VERIFY: Final = "DescribeConfigs"
"""Every worker compares its topics with their definition before it starts."""


class Access(NamedTuple):
    """Operations on one topic or consumer group, in Kafka's own words; Read and Write include Describe."""

    kind: Literal["topic", "group"]
    name: str
    operations: tuple[str, ...]


def group_of(worker: Literal["score", "detect", "train"], settings: TopicSettings) -> str:
    """The consumer group of a worker."""
    return Topics(settings).detect_app if worker == "detect" else f"{settings.prefix}firewatch-{worker}"


def topics_of(worker: Worker, settings: TopicSettings) -> list[Topic]:
    """The topics that a worker has to do with."""
    own = {access.name for access in accesses(worker, settings) if access.kind == "topic"}
    return [topic for topic in Topics(settings).all() if topic.name in own]


def accesses(worker: Worker, settings: TopicSettings) -> list[Access]:
    """All that a worker needs, and nothing else.

    >>> from streams.config import TopicSettings
    >>> for access in accesses("ingest", TopicSettings()):
    ...     print(*access)
    topic social.posts ('Write', 'DescribeConfigs')
    topic social.posts.dlq ('Write', 'DescribeConfigs')
    """
    topics = Topics(settings)
    if worker == "topics":
        rights = ("Create", "Describe", VERIFY, "AlterConfigs")
        return [Access("topic", topic.name, rights) for topic in topics.all()]
    reads: list[Topic] = []
    writes: list[Topic] = []
    group: str | None = None
    match worker:
        case "ingest":
            writes = [topics.posts, topics.dlq]
        case "score":
            reads = [topics.posts, topics.models]
            writes = [topics.mentions, topics.dlq]
            group = group_of(worker, settings)
        case "detect":
            reads = [topics.mentions, topics.changelog]
            writes = [topics.changelog, topics.alerts, topics.windows, topics.dlq]
            group = group_of(worker, settings)
        case "train":
            reads = [topics.labels, topics.models]
            writes = [topics.models, topics.dlq]
            group = group_of(worker, settings)
        case "label":
            reads = [topics.posts, topics.models]
            writes = [topics.labels]
    needed = []
    for topic in topics.all():
        operations = ["Read"] * (topic in reads) + ["Write"] * (topic in writes)
        if operations:
            needed.append(Access("topic", topic.name, (*operations, VERIFY)))
    if group:
        needed.append(Access("group", group, ("Read",)))
    return needed


def granting_commands(config: Config, workers: Iterable[Worker], user: str | None = None) -> list[str]:
    """Command lines of ``kafka-acls.sh`` that grant them.

    Parameters
    ----------
    config
        Names the broker and the topics.
    workers
        To whom.
    user
        Principal of them all; ``firewatch-score`` and so on by default.
    """
    lines = []
    for worker in workers:
        together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for access in accesses(worker, config.topics):
            together.setdefault((access.kind, access.operations), []).append(access.name)
        for (kind, operations), names in together.items():
            words = [f"--operation {operation}" for operation in operations] + [f"--{kind} {name}" for name in names]
            lines.append(
                f"kafka-acls.sh --bootstrap-server {config.kafka.bootstrap_servers} --command-config admin.properties "
                f"--add --allow-principal User:{user or f'firewatch-{worker}'} {' '.join(words)}"
            )
    return lines
