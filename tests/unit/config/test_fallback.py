"""What operators get of a broken config, and when it is refused since another Kafka might be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.config.fallback import readable_config
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from streams.config.fallback import ReadableConfig

BRANDS = "brands:\n  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}}\n"
OPEN_QUOTE = BRANDS.replace("[nordtel]", '["nordtel]')
KAFKA = "kafka: {bootstrap_servers: 'kafka:9092', security_protocol: SSL, ca_file: /ca}\n"
TOPICS = "topics: {prefix: x.}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "firewatch.yaml"


def read(path: Path, text: str, **environment: str) -> ReadableConfig:
    path.write_text(text)
    return readable_config(path, environment)


def test_a_good_config_is_read_as_it_is(path: Path) -> None:
    readable = read(path, BRANDS + KAFKA)
    assert (readable.error, readable.problem) == (None, None)
    assert readable.config.kafka.bootstrap_servers == "kafka:9092"


@pytest.mark.parametrize(
    ("broken", "names"),
    [
        (BRANDS + KAFKA + TOPICS + "windows: {bucket_seconds: 7}\n", ["Nordtel"]),
        (BRANDS + KAFKA + TOPICS + "windoes: {}\n", ["Nordtel"]),
        (BRANDS + KAFKA + TOPICS + "alerts: {language: de\n", ["Nordtel"]),
        (BRANDS + "alerts: {language: de\n" + KAFKA + TOPICS, ["Nordtel"]),
        (OPEN_QUOTE + KAFKA + TOPICS, []),
        (BRANDS.replace("match", "macth") + KAFKA + TOPICS, ["Nordtel"]),
        (KAFKA + TOPICS, []),
        (BRANDS + KAFKA + TOPICS + "default_detectors: false\n", ["Nordtel"]),
        (BRANDS.replace("}}", "}, detectors: {volum: {}}}") + KAFKA + TOPICS, ["Nordtel"]),
        (BRANDS + KAFKA + "topics: {prefix: x., posts_retention_hours: 0}\n", ["Nordtel"]),
        (BRANDS + KAFKA + TOPICS + "expected_events: [{reason: x, day: 2026-02-30}]\n", ["Nordtel"]),
    ],
)
def test_what_is_broken_elsewhere_keeps_kafka_topics_and_names(path: Path, broken: str, names: list[str]) -> None:
    """Operators could not acknowledge an incident while a colleague's edit of the config was half done."""
    readable = read(path, broken)
    assert readable.problem is not None
    assert readable.problem.startswith(f"{path}")
    kafka = readable.config.kafka
    assert (kafka.bootstrap_servers, kafka.security_protocol) == ("kafka:9092", "SSL")
    assert readable.config.topics.prefix == "x."
    assert [brand.name for brand in readable.config.brands] == names


def test_a_file_that_names_no_kafka_means_the_default_one(path: Path) -> None:
    assert read(path, OPEN_QUOTE).config.kafka.bootstrap_servers == "127.0.0.1:9092"


@pytest.mark.parametrize(
    ("doubtful", "section"),
    [
        (BRANDS + "kafka: {bootstrap_servers: 'kafka:9092}\n", "kafka"),
        (BRANDS + "kafka: {bootstrap_server: 'kafka:9092'}\n", "kafka"),
        (BRANDS + "kafka: {bootstrap_servers: 'kafka:99999'}\n", "kafka"),
        (BRANDS + "kafka: {security_protocol: SASL_SSL}\n", "kafka"),
        (BRANDS + "kafak: {bootstrap_servers: 'kafka:9092'}\n", "kafka"),
        (BRANDS + "  kafka: {bootstrap_servers: 'kafka:9092'}\n", "kafka"),
        (BRANDS + "kafka:\n  bootstrap_servers: a:1\n  bootstrap_servers: b:1\n", "kafka"),
        (BRANDS + "kafka: [a]\n", "kafka"),
        (BRANDS + KAFKA + "topics: {prefix: 'a b'}\n", "topics"),
        (BRANDS + KAFKA + "topics: {prefixx: a}\n", "topics"),
        (BRANDS + KAFKA + "topics: {partitions: 0}\n", "topics"),
        (BRANDS + KAFKA + "topic: {prefix: x.}\n", "topics"),
    ],
)
def test_another_kafka_or_other_topics_than_meant_are_never_used(path: Path, doubtful: str, section: str) -> None:
    with pytest.raises(ConfigError, match=rf"it is not certain which Kafka .*: repair `{section}` in the file first"):
        read(path, doubtful)


def test_the_environment_says_for_certain_which_kafka_is_meant(path: Path) -> None:
    whole = {"FIREWATCH__KAFKA": "{bootstrap_servers: 'other:9092'}"}
    assert (
        read(path, BRANDS + "kafka: {boot: 1}\nwindoes: {}\n", **whole).config.kafka.bootstrap_servers == "other:9092"
    )
    unreadable = BRANDS + "kafka: {bootstrap_servers: 'kafka:9092}\n"
    assert read(path, unreadable, KAFKA_BOOTSTRAP="other:9092").config.kafka.bootstrap_servers == "other:9092"
    nothing = read(path, "[", FIREWATCH__TOPICS="{prefix: y.}", **whole).config
    assert (nothing.kafka.bootstrap_servers, nothing.topics.prefix) == ("other:9092", "y.")
    with pytest.raises(ConfigError, match="FIREWATCH__TOPICS="):
        read(path, "[", **whole)


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        readable_config(path, {})
