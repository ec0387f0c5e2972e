"""Fixtures of the integration tests beside those of `tests/conftest.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import started
from tests.integration.secure_broker import SecureBroker, SecureKafka

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker that asks everybody who they are and grants nothing by itself."""
    kafka = SecureKafka(tmp_path_factory.mktemp("secure"))
    try:
        yield started(kafka.start)
    finally:
        kafka.wipe()
