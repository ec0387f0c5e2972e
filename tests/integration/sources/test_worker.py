"""The worker for live sources on a real Kafka: what arrives, and what happens when it is killed or is not alone."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import pytest

from streams.config import PASSWORD_VARIABLE, Config
from streams.kafka.acls import granting_commands
from streams.kafka.admin import ensure_topics
from streams.kafka.cursor_board import read_cursors
from streams.kafka.topics import Topics
from streams.records import Cursor
from streams.runtime.failpoints import VARIABLE, Failpoint
from streams.workers import supervisor
from streams.workers.supervisor import SOURCES
from tests.support.broker import send
from tests.support.live_sources import Ingested, live_worker, until_cursor, until_ingested, until_posts
from tests.support.patience import PATIENCE_SECONDS
from tests.support.scripted_source import posts, write_script
from tests.support.secure_broker import PASSWORD, grant_printed
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.secure_broker import SecureBroker

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
    assert (cursor.kind, cursor.state, [gap.to_ms for gap in cursor.gaps]) == ("files", "live", [61_000])


async def test_a_worker_that_dies_between_the_acknowledgement_and_the_cursor_repeats_and_loses_nothing(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    lines = [each for block in range(20) for each in (*posts(100, 100 * block), {"waits": 0.1})]
    config = await make({"wire": lines})
    dying = {VARIABLE: f"{Failpoint.INGEST_ACKNOWLEDGED}:8"}
    async with live_worker(config, tmp_path, module=SCRIPTED, environment=dying) as worker:
        assert await worker.process.ended() == -signal.SIGKILL
        cursor = (await read_cursors(config))["wire"]
        acknowledged = len((await Ingested.of(config)).ids("wire"))
        assert 0 < acknowledged < 2_000
        assert cursor.position is None or cursor.position["line"] <= acknowledged
        worker.environment.clear()
        await worker.start()
        found = await until_posts(config, 2_000)
        await until_cursor(config, "wire", lambda cursor: cursor.position == {"line": len(lines)})
    assert set(found.counted(config).values()) == {1}


async def test_a_cursor_of_another_kind_is_refused_and_left_alone_while_other_sources_go_on(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    config = await make({"wire": posts(3), "fine": posts(3)})
    before = Cursor(source="wire", kind="jetstream", position={"seq": 7}, saved_ms=1)
    await send(config, Topics(config.topics).cursors.name, [(before.key, before.to_bytes())])
    async with live_worker(config, tmp_path, module=SCRIPTED) as worker:
        await worker.says("was saved by a source of the kind 'jetstream'")
        found = await until_posts(config, 3, "fine")
        assert await worker.stop() == 0
    assert found.ids("wire") == set()
    assert (await read_cursors(config))["wire"] == before


async def test_a_source_that_can_not_be_made_says_why_in_its_cursor(make: Callable[..., Any], tmp_path: Path) -> None:
    config = await make({"fine": posts(3)})
    push = {"id": "push", "kind": "webhook", "listen": "127.0.0.1:0"}
    push["senders"] = [{"id": "crawler", "token_file": str(tmp_path / "none")}]  # type: ignore[assignment]
    sources = [*(source.model_dump(mode="json", exclude_unset=True) for source in config.sources), push]
    config = Config.model_validate(config.model_dump(mode="json", exclude_unset=True) | {"sources": sources})
    async with live_worker(config, tmp_path, module=SCRIPTED):
        cursor = await until_cursor(config, "push", lambda cursor: cursor.state == "refused")
        await until_posts(config, 3, "fine")
    assert "token_file" in cursor.why
    assert cursor.owner is None


async def test_the_worker_needs_no_rights_but_those_that_are_printed(
    broker: SecureBroker, make: Callable[..., Any], tmp_path: Path
) -> None:
    config = await make(
        {"wire": [*posts(3), {"author_deleted": "anna"}]}, kafka={"bootstrap_servers": broker.superuser}
    )
    grant_printed(broker, granting_commands(config, ["sources"], "sources"))
    kafka = {
        "bootstrap_servers": broker.scram, "security_protocol": "SASL_SSL", "ca_file": str(broker.authority),
        "sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "sources",
    }  # fmt: skip
    confined = Config.model_validate(config.model_dump(mode="json", exclude_unset=True) | {"kafka": kafka})
    password = {PASSWORD_VARIABLE: PASSWORD.format(user="sources")}
    async with live_worker(confined, tmp_path, module=SCRIPTED, environment=password) as worker:
        found = await until_posts(config, 3)
        await until_cursor(config, "wire", lambda cursor: cursor.position == {"line": 4})
        assert await worker.stop() == 0
    assert [partition for partition, _ in found.author_deletions] == list(range(config.topics.partitions))


async def test_a_killed_worker_resumes_where_the_broker_has_acknowledged(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    lines = [each for block in range(40) for each in (*posts(100, 100 * block), {"waits": 0.1})]
    config = await make({"wire": lines})
    async with live_worker(config, tmp_path, module=SCRIPTED) as worker:
        await until_posts(config, 500)
        await worker.kill()
        await worker.start()
        found = await until_posts(config, 4_000)
    assert found.counted(config) == {("wire", str(number)): 1 for number in range(4_000)}


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


async def test_the_supervisor_runs_the_sources_of_the_config_as_one_worker(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    config = kafka_config(sources=[{"id": "push", "kind": "webhook", "listen": "127.0.0.1:0"}])
    await ensure_topics(config, create=True)
    stop, lines = asyncio.Event(), list[tuple[str, str]]()

    def emit(name: str, line: str) -> None:
        lines.append((name, line))
        if "reading source" in line:
            stop.set()

    async with asyncio.timeout(PATIENCE_SECONDS):
        await supervisor.run(write_config(config, tmp_path / "firewatch.yaml"), [SOURCES], stop, emit=emit)
    assert {name for name, _ in lines} == {SOURCES}
    assert any("source stopped" in line for _, line in lines)
