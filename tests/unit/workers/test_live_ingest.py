"""Starting the worker for live sources; tests/integration has its work with a broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from streams.config import Config
from streams.errors import BrokerUnreachable, ConfigError
from streams.workers.live_ingest import live_ingest

if TYPE_CHECKING:
    from pathlib import Path

BRANDS = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
NOWHERE = {"bootstrap_servers": "127.0.0.1:1", "request_timeout_seconds": 1}


def config(missing: Path, *more: dict[str, object]) -> Config:
    push = {"id": "push", "kind": "webhook", "senders": [{"id": "crawler", "token_file": str(missing)}]}
    return Config.model_validate(
        {"brands": BRANDS, "kafka": NOWHERE, "metrics": {"sources_port": 0}, "sources": [push, *more]}
    )


async def test_where_no_source_can_be_made_the_worker_does_not_start_and_names_source_and_setting(
    tmp_path: Path,
) -> None:
    settings = config(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"^source push: token_file of sender crawler: "):
        await live_ingest(settings, settings.sources, asyncio.Event())


async def test_one_source_that_can_not_be_made_does_not_keep_the_others_from_starting(tmp_path: Path) -> None:
    settings = config(tmp_path / "none", {"id": "bluesky", "kind": "jetstream"})
    with pytest.raises(BrokerUnreachable):
        await live_ingest(settings, settings.sources, asyncio.Event())
