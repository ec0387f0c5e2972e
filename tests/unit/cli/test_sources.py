"""`firewatch sources`: what it lists and checks without Kafka, and its exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
import structlog
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.errors import BrokerUnreachable, ConfigError, SourceError
from streams.operate import source_check
from streams.sources.live import registry
from tests.support import scripted_source
from tests.support.cli import BRANDS
from tests.support.scripted_source import ScriptedSource, posts, write_script

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from streams.sources.live.base import Batch, Position


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.KINDS, "files", f"{scripted_source.__name__}.ScriptedSource")
    monkeypatch.setattr(source_check, "LEAST_SECONDS", 0.0)


def config(tmp_path: Path, **scripts: list[dict[str, Any]]) -> str:
    path = tmp_path / "firewatch.yaml"
    paths = {id: write_script(tmp_path / f"{id}.jsonl", lines) for id, lines in scripts.items()}
    entries = "".join(f"  - {{id: {id}, kind: files, paths: [{script}]}}\n" for id, script in paths.items())
    kafka = "kafka: {bootstrap_servers: '127.0.0.1:1', request_timeout_seconds: 1}\n"
    path.write_text(BRANDS + kafka + (f"sources:\n{entries}" if entries else ""))
    return str(path)


def firewatch(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["sources", *arguments])


def test_all_sources_are_checked_and_shown(tmp_path: Path) -> None:
    done = firewatch("check", "-c", config(tmp_path, a=posts(3), b=posts(3)), "--seconds", "2")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("Nordtel Nummer 1") == 2


def test_a_source_that_can_t_be_read_ends_with_the_code_of_sources(tmp_path: Path) -> None:
    path = config(tmp_path, a=posts(3), b=[{"refused": "the token is wrong"}])
    done = firewatch("check", "-c", path, "--seconds", "2", "--json")
    assert done.exit_code == SourceError.exit_code == 10
    results = {each["id"]: each["result"] for each in orjson.loads(done.stdout)["sources"]}
    assert results == {"a": "good", "b": "failed"}
    assert firewatch("check", "a", "-c", path, "--seconds", "2").exit_code == 0


class WarningSource(ScriptedSource):
    """Logs a warning before it yields what its script says."""

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        structlog.get_logger().warning("a stream was interrupted")
        async for batch in super().batches(position):
            yield batch


def test_what_a_source_logs_is_no_part_of_what_programs_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.KINDS, "files", f"{__name__}.{WarningSource.__name__}")
    done = firewatch("check", "-c", config(tmp_path, a=posts(3)), "--seconds", "2", "--json")
    (source,) = orjson.loads(done.stdout)["sources"]
    assert source["result"] == "good"


def test_an_unknown_source_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    done = firewatch("check", "bluesky", "-c", config(tmp_path, a=[]))
    assert done.exit_code == ConfigError.exit_code, done.output


def test_without_kafka_the_list_has_what_the_config_says(tmp_path: Path) -> None:
    path = config(tmp_path, a=[])
    done = firewatch("list", "-c", path, "--json")
    assert done.exit_code == BrokerUnreachable.exit_code, done.output
    (source,) = orjson.loads(done.stdout)["sources"]
    assert (source["id"], source["kind"], source["state"]) == ("a", "files", "unknown")
    assert "states, cursors and owners are unknown" in done.stderr


def test_a_config_without_sources_says_so(tmp_path: Path) -> None:
    done = firewatch("list", "-c", config(tmp_path))
    assert (done.exit_code, "no sources" in done.stderr) == (0, True), done.output
