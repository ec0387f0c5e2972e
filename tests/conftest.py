"""Fixtures of all tests: a Kafka of their own, topics of their own, and where the shared research data is."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from deploy.local.kafka import DEFAULT_HOME, LocalKafka
from deploy.local.prerequisites import LocalKafkaError
from streams.config import Config, MetricsSettings
from streams.runtime.logs import FORMAT_VARIABLE
from tests.support.paths import SHARED_DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PORTS = [name for name in MetricsSettings.model_fields if name.endswith("_port")]
REQUIRED = os.environ.get("FIREWATCH_REQUIRE_KAFKA") == "1"


Running = TypeVar("Running")


def started(start: Callable[[], Running]) -> Running:
    """What starting a broker gives; where none can be had the test is skipped, or fails if Kafka is required."""
    try:
        return start()
    except LocalKafkaError as error:
        if REQUIRED:
            pytest.fail(f"Kafka is required (FIREWATCH_REQUIRE_KAFKA=1) and can't be had: {error}", pytrace=False)
        pytest.skip(f"NO KAFKA: {error}")


@pytest.fixture(autouse=True)
def log_format() -> Iterator[None]:
    """Keep the log format that a command chooses for its process and its children from the tests that follow."""
    before = os.environ.pop(FORMAT_VARIABLE, None)
    yield
    os.environ.pop(FORMAT_VARIABLE, None)
    if before is not None:
        os.environ[FORMAT_VARIABLE] = before


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Address of a broker that only this test run uses; it and its data go at the end."""
    broker = LocalKafka(DEFAULT_HOME, f"test-{os.getpid()}")
    try:
        yield started(broker.start)
    finally:
        broker.wipe()


@pytest.fixture
def kafka_config(kafka: str) -> Callable[..., Config]:
    """Make a config on that broker, its topics and groups under a prefix of this test; sections by keyword."""
    prefix = f"t{uuid.uuid4().hex[:8]}."

    def make(**sections: Any) -> Config:
        defaults: dict[str, Any] = {
            "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}],
            "kafka": {"bootstrap_servers": kafka},
            "metrics": dict.fromkeys(PORTS, 0),
        }
        topics = {"prefix": prefix, "partitions": 4} | sections.pop("topics", {})
        return Config.model_validate(defaults | {"topics": topics} | sections)

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the research data, which is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no research data at {SHARED_DATA}")
    return SHARED_DATA
