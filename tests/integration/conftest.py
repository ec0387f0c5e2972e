"""Fixtures of the integration tests beside those of `tests/conftest.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import started
from tests.support.alertmanager import Alertmanager, Receiver, require_alertmanager
from tests.support.secure_broker import SecureBroker, SecureKafka

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker that asks everybody who they are and grants nothing by itself."""
    kafka = SecureKafka(tmp_path_factory.mktemp("secure"))
    try:
        yield started(kafka.start)
    finally:
        kafka.wipe()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
def alertmanager_config() -> Mapping[str, Any]:
    """Return the sections of the config besides route and receiver, none by default."""
    return {}


@pytest.fixture
async def alertmanager(
    tmp_path: Path, receiver: Receiver, alertmanager_config: Mapping[str, Any]
) -> AsyncIterator[Alertmanager]:
    require_alertmanager()
    server = Alertmanager(tmp_path, receiver.url, alertmanager_config)
    await server.start()
    yield server
    await server.stop()
