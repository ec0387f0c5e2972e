"""The commands of the workers: what a mistake ends in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from streams.errors import BrokerUnreachable, ConfigError
from tests.support.cli import BRANDS, firewatch, post_line

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


@pytest.mark.parametrize("command", ["topics", "status", "score", "detect", "run", "ingest"])
def test_an_unreachable_broker_is_named_with_what_to_do(command: str, tmp_path: Path) -> None:
    config, posts = tmp_path / "brands.yaml", tmp_path / "posts.jsonl"
    config.write_text(BRANDS)
    posts.write_bytes(post_line(1))
    arguments = [command, str(posts)] if command == "ingest" else [command]
    done = firewatch(*arguments, "-c", config, KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert done.returncode == BrokerUnreachable.exit_code
    *logged, message = done.stderr.splitlines()
    assert b"no Kafka broker answers at 127.0.0.1:1" in message
    assert b"KAFKA_BOOTSTRAP" in message
    assert all(line.startswith(b"{") for line in logged)  # nothing but our own log beside the message


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    done = firewatch("detect", "-c", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert b"none.yaml: no such file" in done.stderr


def test_a_config_that_is_not_named_is_asked_for() -> None:
    done = firewatch("detect")
    assert done.returncode == 2
    assert b"Missing option '-c' / '--config'" in done.stderr
    assert b"FIREWATCH_CONFIG" in done.stderr


@pytest.mark.parametrize("command", ["score", "run"])
def test_authors_are_not_hashed_with_a_key_that_everybody_knows_beyond_this_machine(
    command: str, tmp_path: Path
) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(BRANDS)
    done = firewatch(command, "-c", config, KAFKA_BOOTSTRAP="192.0.2.1:9092")
    assert done.returncode == ConfigError.exit_code
    assert b"author_key_file: " in done.stderr


@pytest.mark.parametrize("variable", ["FIREWATCH_RESTARTS", "FIREWATCH_LOG_FORMAT"])
def test_a_variable_with_a_value_that_is_not_allowed_is_named(variable: str, tmp_path: Path) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(BRANDS)

    def score(value: str) -> subprocess.CompletedProcess[bytes]:
        environment: dict[str, Any] = {variable: value}
        return firewatch("score", "-c", config, KAFKA_BOOTSTRAP="127.0.0.1:1", **environment)

    refused = score("-x")
    assert refused.returncode == ConfigError.exit_code
    assert f"environment variable {variable}: must be ".encode() in refused.stderr
    assert score("").returncode == BrokerUnreachable.exit_code


def events(stderr: bytes) -> list[dict[str, Any]]:
    """The lines of a log that must be JSON throughout, each with level and event first."""
    found = [json.loads(line) for line in stderr.splitlines()]
    assert all(list(event)[:2] == ["level", "event"] for event in found)
    return found


def test_run_logs_json_throughout_also_while_it_fails_to_start(tmp_path: Path) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(BRANDS)
    (*_, unreachable) = events(firewatch("run", "-c", config, KAFKA_BOOTSTRAP="127.0.0.1:1").stderr)
    assert "no Kafka broker answers at 127.0.0.1:1" in unreachable["event"]
    assert (unreachable["level"], unreachable["exit_code"]) == ("critical", BrokerUnreachable.exit_code)
    config.write_text("brands: [")
    (broken,) = events(firewatch("run", "-c", config).stderr)
    assert (broken["level"], broken["worker"], broken["exit_code"]) == ("critical", "run", ConfigError.exit_code)
    assert "brands.yaml" in broken["event"]


@pytest.mark.parametrize("command", ["run", "score", "detect", "train", "bridge", "ingest"])
def test_the_format_of_the_log_is_an_option_of_every_worker(command: str, tmp_path: Path) -> None:
    config = tmp_path / "none.yaml"
    what = {"bridge": ["webhook"], "ingest": ["-"]}.get(command, [])
    console = firewatch(command, *what, "--log-format", "console", "-c", config)
    assert console.stderr.startswith(b"firewatch: ")
    (event,) = events(firewatch(command, *what, "--log-format", "json", "-c", config).stderr)
    assert "none.yaml: no such file" in event["event"]
    assert event["worker"] == command


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], b"give a file of posts, - for standard input, or --source"),
        (["posts.jsonl", "--source", "bluesky"], b"can't be read by one command: run two"),
        (["--source", "all", "--speed", "2", "--redate"], b"--speed, --redate: for files only, not with --source"),
    ],
)
def test_files_and_sources_are_not_mixed(arguments: list[str], problem: bytes, tmp_path: Path) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(BRANDS)
    done = firewatch("ingest", *arguments, "-c", config)
    assert done.returncode == 2
    assert problem in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("sources", "name", "problem"),
    [
        ("", "bluesky", b"sources: there is no source 'bluesky'; there are none"),
        ("sources: [{id: bluesky, kind: jetstream}]", "blusky", b"there are bluesky; did you mean bluesky?"),
        ("sources: [{id: bluesky, kind: jetstream, enabled: false}]", "all", b"there is no source to read"),
        ("sources: [{id: all, kind: jetstream}]", "all", b"sources[0].id"),
    ],
)
def test_a_source_that_there_is_not_is_named(sources: str, name: str, problem: bytes, tmp_path: Path) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(f"{BRANDS}\n{sources}\n")
    done = firewatch("ingest", "--source", name, "-c", config)
    assert done.returncode == ConfigError.exit_code
    assert problem in done.stderr


def test_an_unreachable_broker_is_named_by_the_reader_of_sources_too(tmp_path: Path) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(f"{BRANDS}\nsources: [{{id: bluesky, kind: jetstream}}]\n")
    done = firewatch("ingest", "--source", "bluesky", "-c", config, KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert done.returncode == BrokerUnreachable.exit_code
    *logged, message = done.stderr.splitlines()
    assert b"no Kafka broker answers at 127.0.0.1:1" in message
    assert all(json.loads(line)["worker"] == "sources" for line in logged)
