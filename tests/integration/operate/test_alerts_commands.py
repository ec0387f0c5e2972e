"""`firewatch alerts` and `status` on a real broker, as a person runs them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import orjson
import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.errors import RecordError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import acknowledged, producer
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.topics import Topics
from streams.operate.status import status
from streams.records import Alert, Post, Verdict, labels_record_from_bytes
from tests.support.alerts import alert
from tests.support.broker import read_topic
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config

STEPS = [
    alert("5f0c1111", "aa01", severity="watch"),
    alert("5f0c1111", "aa02", "update", severity="critical"),
    alert("5f0c2222", "bb01", suppressed="cold_start"),
    alert("5f0c2222", "bb02", "resolve", suppressed="cold_start"),
]


@pytest.fixture
async def config(kafka_config: Callable[..., Config]) -> Config:
    config = kafka_config()
    await ensure_topics(config, create=True)
    topics = Topics(config.topics)
    async with producer(config.kafka) as sender:
        now_ms = time.time_ns() // 1_000_000
        post = Post(id="1", source="forum", ts_ms=now_ms, text="Nordtel ist weg")
        sends = [await sender.send(topics.alerts.name, each.to_bytes(), key=b"nordtel") for each in STEPS]
        sends.append(await sender.send(topics.alerts.name, STEPS[0].to_bytes(), key=b"nordtel"))  # a repeat
        sends.append(await sender.send(topics.posts.name, post.to_bytes(), key=post.key))
        await acknowledged(config.kafka, sends, "sending")
    return config


@pytest.fixture
def run(config: Config, tmp_path: Path) -> Callable[..., Result]:
    path = write_config(config, tmp_path / "firewatch.yaml")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(cli, [*arguments, "-c", str(path)], env={"COLUMNS": "100"})

    return invoke


def test_the_tail_shows_each_step_once(run: Callable[..., Result]) -> None:
    lines = run("alerts", "tail", "--no-follow", "--json").stdout.splitlines()
    assert [Alert.model_validate_json(line) for line in lines] == STEPS
    chosen = run("alerts", "tail", "--no-follow", "--json", "--severity", "critical").stdout
    assert [orjson.loads(line)["id"] for line in chosen.splitlines()] == ["aa02"]


def test_the_tail_shows_blocks_of_lines_on_a_terminal(run: Callable[..., Result]) -> None:
    shown = run("alerts", "tail", "--no-follow").stdout.splitlines()
    heads = [" ".join(line.split()) for line in shown if "UTC" in line]
    assert heads == [
        "┃ watch Nordtel opened Mon 02 Mar 00:05 UTC",
        "┃ critical Nordtel updated Mon 02 Mar 00:05 UTC",
        "┃ warning Nordtel opened does not page: cold_start Mon 02 Mar 00:05 UTC",
        "┃ warning Nordtel resolved does not page: cold_start Mon 02 Mar 00:05 UTC",
    ]
    assert shown.count("┃ firewatch alerts ack|confirm|false-alarm 5f0c1111") == 1
    assert max(map(len, shown)) <= 100


def test_a_verdict_is_written_for_the_incident_that_an_id_begins(run: Callable[..., Result], config: Config) -> None:
    done = run("alerts", "false-alarm", "aa01", "--by", "anna", "--note", "a joke", "--silence", "4h")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Nordtel 5f0c1111 (critical, ")
    (record,) = asyncio.run(read_topic(config, Topics(config.topics).labels.name))
    verdict = labels_record_from_bytes(record.value)
    assert isinstance(verdict, Verdict)
    assert (verdict.incident, verdict.verdict, verdict.severity, verdict.by, verdict.note) == (
        "5f0c1111", "false_alarm", "critical", "anna", "a joke",
    )  # fmt: skip
    assert verdict.silence_until_ms == verdict.at_ms + 4 * 3_600_000
    assert "“a joke”" in run("alerts", "tail", "--no-follow").stdout
    (firing,) = orjson.loads(run("status", "--json").stdout)["firing"]
    assert (firing["verdict"], firing["by"]) == ("false_alarm", "anna")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("ack", "5f0c"), 3, "more than one incident begins like this"),
        (("confirm", "5f"), 3, "no incident in social.alerts has this fingerprint or id"),
        (("false-alarm", "aa01", "--silence", "31d"), 2, "30 days at most"),
        (("false-alarm", "aa01", "--silence", "soon"), 2, "is not a duration"),
        (("tail", "--brand", "nordtell"), 2, "has no brand 'nordtell'; did you mean nordtel?"),
    ],
)
def test_a_mistake_is_an_error_that_names_it(
    run: Callable[..., Result], arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = run("alerts", *arguments)
    assert done.exit_code == code
    assert says in done.output


def test_the_status_lists_the_workers_and_the_problems(run: Callable[..., Result]) -> None:
    done = run("status", "--json")
    assert done.exit_code == 1
    found = orjson.loads(done.stdout)
    workers = {worker["name"]: (worker["members"], worker["lag"]) for worker in found["workers"]}
    assert workers == {"score": (0, None), "detect": (0, None), "train": (0, None)}
    assert [problem.split(":")[0] for problem in found["problems"]] == [
        "no score worker runs", "no detect worker runs",
    ]  # fmt: skip
    assert [each["fingerprint"] for each in found["firing"]] == ["5f0c1111"]
    assert [each["fingerprint"] for each in found["latest"]] == ["5f0c2222"]
    screen = run("status").stdout
    assert "2 problems" in screen
    assert "newest post   arrived" in screen


async def test_the_status_counts_learned_states_that_were_dropped(config: Config) -> None:
    topics = Topics(config.topics)
    async with producer(config.kafka) as sender:
        dead_letters = DeadLetters(sender, topics.dlq.name)
        for reason in ("other_kind", "outdated_snapshot", "outdated_snapshot", "broken_json"):
            await dead_letters.write(RecordError(reason, "as a test"), topics.changelog.name, 0, -1, b"FWD")
    found = await status(config, max_lag=1_000, stale_seconds=3_600)
    assert found.dropped_states == {"other_kind": 1, "outdated_snapshot": 2}
    assert found.dead_letters[topics.dlq.name] == 4


@pytest.mark.parametrize(
    "edit",
    ["windoes: {}\n", "incidents: {quiet_below: '0.5}\n", "default_detectors: false\n"],
    ids=["key", "quote", "none"],
)
def test_incidents_are_shown_and_acknowledged_while_the_config_is_broken(
    config: Config, tmp_path: Path, edit: str
) -> None:
    path = write_config(config, tmp_path / "firewatch.yaml")
    path.write_text(f"{path.read_text()}\n{edit}")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, [*arguments, "-c", str(path)], env={"COLUMNS": "100"})

    done = run("alerts", "ack", "5f0c1111", "--by", "anna")
    assert (done.exit_code, done.stdout) == (0, "Nordtel 5f0c1111 (critical, raised by ): acknowledged\n")
    assert f"warning: the config is broken: {path}:" in done.stderr
    assert f"goes on with Kafka at {config.kafka.bootstrap_servers} (PLAINTEXT)" in done.stderr
    assert run("alerts", "false-alarm", "5f0c2222", "--by", "anna").exit_code == 0
    assert "5f0c1111" in run("alerts", "tail", "--no-follow").stdout
    shown = run("status")
    assert shown.exit_code == 1
    assert f"✗ the config is broken: {path}:" in shown.stdout
    assert "seen by anna" in shown.stdout
    found = orjson.loads(run("status", "--json").stdout)
    assert found["config_version"] is None
    assert found["problems"][0].startswith("the config is broken: ")
