"""Fixtures of all tests: a Kafka of their own, topics of their own, and where the shared research data is."""

from __future__ import annotations

import os
import signal
import uuid
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from deploy.local import kafka as local_kafka
from deploy.local.kafka import DEFAULT_HOME, LocalKafka
from deploy.local.prerequisites import LocalKafkaError
from streams.config import Config
from tests.support.paths import SHARED_DATA
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import ANY_PORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REQUIRE_VARIABLE: Final = "FIREWATCH_REQUIRE_KAFKA"
REQUIRED: Final = os.environ.get(REQUIRE_VARIABLE) == "1"

OF_TERMINALS: Final = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""Variables by which a shell or a CI server changes how wide and how colourful rich and click print."""


def pytest_configure() -> None:
    """Take an interrupt again where it is ignored, as by what a script starts in its background: tests send it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case of compressed bytes by its parameter: the bytes hold the time, and each process of a run its own."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


Running = TypeVar("Running")


def started(start: Callable[[], Running]) -> Running:
    """What starting a broker gives; where none can be had the test is skipped, or fails if Kafka is required."""
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(local_kafka, "START_SECONDS", PATIENCE_SECONDS)
            return start()
    except LocalKafkaError as error:
        if REQUIRED:
            pytest.fail(f"Kafka is required (FIREWATCH_REQUIRE_KAFKA=1) and can't be had: {error}", pytrace=False)
        pytest.skip(f"NO KAFKA: {error}")


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Keep what configures firewatch in the shell, and what a command chooses for its children, from each test."""
    _forget_settings()
    yield
    _forget_settings()


def _forget_settings() -> None:
    for name in list(os.environ):
        if (name.startswith("FIREWATCH_") and name != REQUIRE_VARIABLE) or name in {"KAFKA_BOOTSTRAP", *OF_TERMINALS}:
            del os.environ[name]


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
            "metrics": ANY_PORTS,
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
