"""Creation of topics, and verification of existing ones against their definition."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from streams.errors import BrokerUnreachable, KafkaError, TopicMismatch
from streams.kafka.clients import admin, translated_errors
from streams.kafka.topics import Topic, Topics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka.admin import AIOKafkaAdminClient

    from streams.config import Config

_SET_ON_THE_TOPIC: Final = 1
"""Kafka's `ConfigSource.DYNAMIC_TOPIC_CONFIG`."""

_PROPAGATION_POLL_SECONDS: Final = 0.05


class Difference(NamedTuple):
    """A setting of an existing topic that differs from the definition, named as Kafka names it."""

    setting: str
    actual: str
    wanted: str


@dataclass(frozen=True, slots=True)
class TopicReport:
    """The result of verifying or creating one topic.

    Parameters
    ----------
    name
        Full name.
    state
        ``created``, ``verified`` (as defined), ``differs`` (in `differences`, which the service can run with), or
        ``repaired`` (the `differences` are gone).
    differences
        Settings of retention, timestamps and record sizes.
    """

    name: str
    state: Literal["created", "verified", "differs", "repaired"]
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        listed = "; ".join(
            f"{setting} is {actual}, defined as {wanted}" for setting, actual, wanted in self.differences
        )
        return f"{self.name}: {self.state}" + (f" ({listed})" if listed else "")


@dataclass(frozen=True, slots=True)
class _Existing:
    partitions: int
    configs: dict[str, str]
    own_configs: dict[str, str]


async def ensure_topics(
    config: Config, *, create: bool, repair: bool = False, only: list[Topic] | None = None
) -> list[TopicReport]:
    """Verify that topics exist and are as defined; create or repair them if asked to.

    Parameters
    ----------
    config
        Sections `kafka` and `topics`.
    create
        Whether missing topics are created; workers only verify.
    repair
        Whether differences in retention, timestamps and record sizes are repaired. Shorter retention deletes records.
    only
        The topics to verify; all by default.

    Returns
    -------
    list of TopicReport
        In the order of the flow.

    Raises
    ------
    TopicMismatch
        If topics differ in partitions or cleanup policy, with the commands that repair it.
    KafkaError
        If topics are missing and `create` is false, or they can't be created.
    """
    topics = Topics(config.topics)
    wanted = topics.all() if only is None else only
    one_partition = (topics.dlq, topics.alerts_dlq, topics.labels, topics.models)
    async with admin(config.kafka) as client:
        with translated_errors(config.kafka, "checking the topics"):
            existing = await _describe(client, [topic.name for topic in wanted])
        missing = [topic for topic in wanted if topic.name not in existing]
        if missing and not create:
            names = ", ".join(topic.name for topic in missing)
            raise KafkaError(
                f"missing on {config.kafka.bootstrap_servers}: {names}. Run `firewatch topics` to create topics"
            )
        problems = [
            problem
            for topic in wanted
            if topic.name in existing
            for problem in _breaking(topic, existing[topic.name], config, adjustable=topic not in one_partition)
        ]
        if problems:
            raise TopicMismatch("\n".join(problems))
        if missing:
            await _create(client, missing, config)
        reports = []
        for topic in wanted:
            if topic.name not in existing:
                reports.append(TopicReport(topic.name, "created"))
                continue
            differences = _differences(topic, existing[topic.name])
            if differences and repair:
                await _repair(client, topic, existing[topic.name], config)
            state: Literal["verified", "differs", "repaired"] = "repaired" if repair else "differs"
            reports.append(TopicReport(topic.name, state if differences else "verified", differences))
        return reports


async def delete_topics(config: Config) -> None:
    """Delete all topics of an installation and their records.

    Raises
    ------
    KafkaError
        If Kafka refuses.
    """
    names = [topic.name for topic in Topics(config.topics).all()]
    async with admin(config.kafka) as client:
        with translated_errors(config.kafka, "deleting topics"):
            await client.delete_topics(sorted(set(await client.list_topics()).intersection(names)))


async def _describe(client: AIOKafkaAdminClient, names: list[str]) -> dict[str, _Existing]:
    # Only topics known to exist are described: a broker that creates topics automatically would create the others.
    present = sorted(set(await client.list_topics()).intersection(names))
    if not present:
        return {}
    partitions = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics(present)}
    responses = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in present])
    existing = {}
    for response in responses:
        for error_code, message, _, name, entries in response.resources:
            _raise_if_error(error_code, message)
            configs = {entry[0]: entry[1] for entry in entries}
            own = {entry[0]: entry[1] for entry in entries if entry[3] == _SET_ON_THE_TOPIC}
            existing[name] = _Existing(partitions[name], configs, own)
    return existing


def _breaking(topic: Topic, existing: _Existing, config: Config, *, adjustable: bool) -> Iterable[str]:
    server = config.kafka.bootstrap_servers
    if existing.partitions != topic.partitions:
        setting = f"set topics.partitions to {existing.partitions} in the config, or, " if adjustable else ""
        yield (
            f"topic {topic.name} has {existing.partitions} partitions and must have {topic.partitions}; keys and state "
            f"depend on it, so it can't be changed in place: {setting}if its records can go, delete it by "
            f"`kafka-topics.sh --bootstrap-server {server} --delete --topic {topic.name}` and run `firewatch topics`"
        )
    policy = existing.configs["cleanup.policy"]
    if policy != topic.cleanup_policy:
        yield (
            f"topic {topic.name} has cleanup.policy={policy} and must have {topic.cleanup_policy}, else records "
            f"{'of the same key vanish' if 'compact' in policy else 'vanish with age'}: "
            f"`kafka-configs.sh --bootstrap-server {server} --alter --entity-type topics --entity-name {topic.name} "
            f"--add-config cleanup.policy={topic.cleanup_policy}`"
        )


def _differences(topic: Topic, existing: _Existing) -> tuple[Difference, ...]:
    return tuple(
        Difference(setting, existing.configs[setting], value)
        for setting, value in topic.configs().items()
        if existing.configs[setting] != value
    )


async def _repair(client: AIOKafkaAdminClient, topic: Topic, existing: _Existing, config: Config) -> None:
    # This request replaces all settings of the topic, so those that firewatch does not define are sent along.
    configs = existing.own_configs | topic.configs()
    with translated_errors(config.kafka, f"repairing topic {topic.name}"):
        for response in await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs)]):
            for error_code, message, *_ in response.resources:
                _raise_if_error(error_code, message)


async def _create(client: AIOKafkaAdminClient, topics: list[Topic], config: Config) -> None:
    requests = [
        NewTopic(topic.name, topic.partitions, topic.replication_factor, topic_configs=topic.configs())
        for topic in topics
    ]
    with translated_errors(config.kafka, "creating topics"):
        response = await client.create_topics(requests)
        for name, error_code, message in response.topic_errors:
            if for_code(error_code) is not TopicAlreadyExistsError:
                _raise_if_error(error_code, f"{name}: {message}")
        try:
            async with asyncio.timeout(config.kafka.request_timeout_seconds):
                await _wait_for_leaders(client, [topic.name for topic in topics])
        except TimeoutError as error:
            raise BrokerUnreachable(config.kafka.bootstrap_servers, "the new topics have no leaders") from error


async def _wait_for_leaders(client: AIOKafkaAdminClient, names: list[str]) -> None:
    while True:
        described = await client.describe_topics(names)
        if all(topic["partitions"] and all(p["leader"] >= 0 for p in topic["partitions"]) for topic in described):
            return
        await asyncio.sleep(_PROPAGATION_POLL_SECONDS)


def _raise_if_error(error_code: int, message: Any) -> None:
    error = for_code(error_code)
    if error is not NoError:
        raise error(message)
