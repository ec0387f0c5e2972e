"""The worker for live sources on a real Kafka: what arrives, and what happens when it is killed or is not alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.kafka.admin import ensure_topics
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts
from tests.support.scripted_source import posts, write_script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from streams.config import Config

SCRIPTED = "tests.support.scripted_cli"


@pytest.fixture
def make(kafka_config: Callable[..., Config], tmp_path: Path) -> Callable[..., Any]:
    async def make(scripts: dict[str, Sequence[dict[str, Any]]], **sections: Any) -> Config:
        sources = [
            {"id": name, "kind": "files", "paths": [str(write_script(tmp_path / f"{name}.script", lines))]}
            for name, lines in scripts.items()
        ]
        config = kafka_config(sources=sources, **sections)
        await ensure_topics(config, create=True)
        return config

    return make


async def test_each_item_becomes_what_it_is(make: Callable[..., Any], tmp_path: Path) -> None:
    lines = [
        *posts(3), {"id": 1, "created_at": "2026-06-01T12:00:00Z", "text": "Nordtel Nummer 1"},
        {"deleted": "2"}, {"skipped": "repost"}, {"bad": "broken_json"}, {"gap": [1_000, 61_000]},
        {"id": 9, "created_at": "2026-06-01T12:00:00Z", "text": ""}, *posts(1, 3),
    ]  # fmt: skip
    config = await make({"wire": lines})
    async with live_worker(config, tmp_path, module=SCRIPTED):
        found = await until_posts(config, 4)
        cursor = await until_cursor(config, "wire", lambda cursor: cursor.position == {"line": 10})
    assert (found.ids("wire"), found.repeats()) == ({"0", "1", "2", "3"}, 0)
    assert [each.id for each in found.deletions] == ["2"]
    assert [(gap.source, gap.from_ms, gap.to_ms) for gap in found.gaps] == [("wire", 1_000, 61_000)]
    assert [reason for reason, _ in found.dead_letters] == ["broken_json"]
    assert (cursor.kind, cursor.state, [gap.to_ms for gap in cursor.gaps]) == ("files", "live", [])


async def test_a_killed_worker_resumes_where_the_broker_has_acknowledged(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    config = await make({"wire": posts(30_000)})
    async with live_worker(config, tmp_path, module=SCRIPTED) as worker:
        await until_posts(config, 500)
        await worker.kill()
        await worker.start()
        await worker.reads()
        found = await until_posts(config, 30_000)
    assert found.ids("wire") == {str(number) for number in range(30_000)}


async def test_a_standby_takes_over_from_a_worker_that_is_killed_and_from_one_that_ends(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    config = await make({"wire": posts(10)})
    async with (
        live_worker(config, tmp_path, module=SCRIPTED) as first,
        live_worker(config, tmp_path, name="second", module=SCRIPTED) as second,
    ):
        await until_posts(config, 10)
        owner, other = (first, second) if "reading source" in first.log else (second, first)
        assert "reading source" not in other.log
        await until_cursor(config, "wire", lambda cursor: cursor.position == {"line": 10})
        await owner.kill()
        await other.reads()
        write_script(tmp_path / "wire.script", posts(10, 10), append=True)
        await until_posts(config, 20)  # what it has read is saved when it ends in order
        await owner.start()
        assert await other.stop() == 0
        await owner.reads()
        write_script(tmp_path / "wire.script", posts(10, 20), append=True)
        found = await until_posts(config, 30)
    assert found.repeats() == 0


async def test_a_source_that_fails_does_not_hold_up_the_others(make: Callable[..., Any], tmp_path: Path) -> None:
    config = await make(
        {
            "refused": [*posts(1), {"refused": "the token was revoked"}, *posts(1, 1)],
            "broken": [*posts(1), {"bug": "never mind"}, *posts(1, 1)],
            "flaky": [*posts(1), {"unavailable": "reset"}, *posts(1, 1)],
            "fine": posts(3),
        }
    )
    async with live_worker(config, tmp_path, module=SCRIPTED) as worker:
        found = await until_ingested(
            config,
            lambda found: [len(found.ids(each)) for each in ("broken", "flaky", "fine", "refused")] == [2, 2, 3, 1],
        )
        cursor = await until_cursor(config, "refused", lambda cursor: cursor.state == "refused")
        await worker.says("please report this")
    assert cursor.why == "the token was revoked"
    assert "Traceback" not in worker.log
    assert found.repeats() == 0
