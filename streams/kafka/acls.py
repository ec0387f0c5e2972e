"""Permissions of each worker in Kafka: the fewest it runs with, checked when it starts and printed as ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from streams.config import receiver_names
from streams.kafka.names import MODEL_DEAD_LETTERS, bridge_name, group_of, worker_name
from streams.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.config import Config
    from streams.kafka.names import Worker
    from streams.kafka.topics import Topic

VERIFY: Final = "DescribeConfigs"
"""The operation by which every worker compares its topics with their definition before it starts."""


class Access(NamedTuple):
    """Operations on one topic, consumer group or transactional id, as Kafka names them.

    Read and Write include Describe.
    """

    kind: Literal["topic", "group", "transactional-id"]
    name: str
    operations: tuple[str, ...]


def topics_of(worker: Worker, config: Config) -> list[Topic]:
    """Return the topics that a worker reads or writes."""
    own = {access.name for access in accesses(worker, config) if access.kind == "topic"}
    return [topic for topic in Topics(config.topics).all() if topic.name in own]


def accesses(worker: Worker, config: Config) -> list[Access]:
    """Return all that a worker needs, and nothing else.

    >>> from streams.config import Config
    >>> config = Config(brands=[{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}])
    >>> for access in accesses("ingest", config):
    ...     print(*access)
    topic social.posts ('Write', 'DescribeConfigs')
    topic social.posts.dlq ('Write', 'DescribeConfigs')
    """
    topics = Topics(config.topics)
    if worker == "topics":
        rights = ("Create", "Describe", VERIFY, "AlterConfigs")
        return [Access("topic", topic.name, rights) for topic in topics.all()]
    reads: list[Topic] = []
    writes: list[Topic] = []
    groups: list[str] = []
    writers: list[str] = []
    match worker:
        case "ingest":
            writes = [topics.posts, topics.dlq]
        case "sources":
            reads = [topics.cursors]
            writes = [topics.posts, topics.dlq, topics.cursors]
            writers = [topics.cursor_writer(source.id) for source in config.sources]
        case "score":
            reads = [topics.posts, topics.models]
            writes = [topics.mentions, topics.dlq]
            groups = ["score"]
        case "detect":
            reads = [topics.mentions, topics.changelog]
            writes = [topics.changelog, topics.alerts, topics.windows, topics.dlq]
            groups = ["detect"]
            writers = [topics.state_writer(partition) for partition in range(topics.changelog.partitions)]
        case "train":
            reads = [topics.labels, topics.models]
            writes = [topics.models, topics.dlq]
            groups = [*(worker_name("train", quality) for quality in config.models()), MODEL_DEAD_LETTERS]
            writers = [group_of(MODEL_DEAD_LETTERS, config.topics)]
        case "label":
            reads = [topics.posts, topics.models]
            writes = [topics.labels]
        case "bridge":
            reads = [topics.alerts, topics.labels]
            writes = [topics.alerts_dlq]
            groups = [bridge_name(receiver) for receiver in receiver_names()]
    needed = []
    for topic in topics.all():
        operations = ["Read"] * (topic in reads) + ["Write"] * (topic in writes)
        if operations:
            needed.append(Access("topic", topic.name, (*operations, VERIFY)))
    needed += [Access("group", group_of(name, config.topics), ("Read",)) for name in groups]
    return needed + [Access("transactional-id", name, ("Write",)) for name in writers]


def granting_commands(config: Config, workers: Iterable[Worker], user: str | None = None) -> list[str]:
    """Return the command lines of ``kafka-acls.sh`` that grant the permissions of workers.

    Parameters
    ----------
    config
        Sections `kafka` and `topics`.
    workers
        The workers that get the permissions.
    user
        Principal of all workers; ``firewatch-score`` and so on by default.
    """
    lines = []
    for worker in workers:
        together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for access in accesses(worker, config):
            together.setdefault((access.kind, access.operations), []).append(access.name)
        for (kind, operations), names in together.items():
            words = [f"--operation {operation}" for operation in operations] + [f"--{kind} {name}" for name in names]
            lines.append(
                f"kafka-acls.sh --bootstrap-server {config.kafka.bootstrap_servers} --command-config admin.properties "
                f"--add --allow-principal User:{user or f'firewatch-{worker}'} {' '.join(words)}"
            )
    return lines
