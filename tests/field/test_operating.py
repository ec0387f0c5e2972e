"""Configs, secrets, links and files as operators had them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deploy.grafana import queries
from streams.config import ALERTMANAGER_TOKEN_VARIABLE
from streams.config.bridge import AlertmanagerSettings
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from tests.support.broker import read_topic
from tests.support.cli import firewatch
from tests.support.paths import DEPLOY, ROOT
from tests.support.prometheus import installed
from tests.support.replaying import replay
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from tests.field.conftest import Recorder

USAGE = 2
SCRIPT_SECONDS = 180

pytestmark = pytest.mark.timeout(SCRIPT_SECONDS)


def made(operating: Path, kind: str, folder: Path) -> Path:
    """Write the posts of a kind."""
    path = folder / f"{kind}.jsonl"
    subprocess.run([sys.executable, operating / "make_posts.py", kind, path], check=True)
    return path


def script(path: Path, bootstrap: str, folder: Path) -> str:
    """Run a script of the cases against a broker and return its output."""
    environment = {**os.environ, "FW": str(Path(sys.executable).with_name("firewatch")), "KAFKA_BOOTSTRAP": bootstrap}
    environment |= {"TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", path], capture_output=True, text=True, check=False, env=environment, timeout=SCRIPT_SECONDS
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("01-impossible-date.yaml", "01-impossible-date.yaml:4: "),
        ("03-event-unquoted-times.yaml", "expected_events"),
        ("04-maintenance-bare-hours.yaml", "maintenance"),
        ("05-time-of-day-with-offset.yaml", "maintenance"),
        ("06-one-end-with-offset.yaml", "maintenance"),
        ("07-link-unknown-placeholder.yaml", "alerts.generator_url"),
        ("08-link-without-scheme.yaml", "alerts.generator_url"),
    ],
)
def test_a_config_that_cannot_be_meant_is_refused_with_its_place(
    operating: Path, record: Recorder, config: str, named: str
) -> None:
    done = firewatch("check-config", operating / config)
    message = (done.stdout + done.stderr).decode().strip()
    ok = done.returncode == USAGE and named in message
    record(config, f"exit 2, names {named}", f"exit {done.returncode}: {message[-160:]!r}", ok=ok)


@pytest.mark.parametrize("value", ["@hooks", "{", '"de'])
def test_an_override_that_is_no_yaml_names_the_variable(operating: Path, record: Recorder, value: str) -> None:
    name = "FIREWATCH__BRIDGE__WEBHOOK__URL"
    environment: dict[str, Any] = {name: value}
    done = firewatch("check-config", operating / "ok.yaml", **environment)
    ok = done.returncode == USAGE and name in done.stderr.decode()
    record(f"10 override {value}", "exit 2, names the variable", f"exit {done.returncode}", ok=ok)


def test_a_port_that_does_not_exist_is_refused(operating: Path, record: Recorder) -> None:
    done = firewatch("topics", "-c", operating / "ok.yaml", KAFKA_BOOTSTRAP="127.0.0.1:99999")
    ok = done.returncode == USAGE and b"kafka.bootstrap_servers" in done.stderr
    record("11 port", "exit 2, names the key", done.stderr.decode().strip()[:160], ok=ok)


@pytest.mark.parametrize(
    ("name", "right", "expected", "never"),
    [
        ("02-impossible-date-hot.sh", "the last good config stays", "not reloaded", "ended with"),
        ("07-link-unknown-placeholder-hot.sh", "refused, named", "alerts.generator_url", "KeyError"),
        ("08-link-without-scheme.sh", "refused, named", "alerts.generator_url", "good"),
        ("09-token-with-newline.sh", "ready, and no exception", "any alert: 200", "ValueError"),
    ],
)
def test_what_operators_did_to_running_workers(
    operating: Path, kafka: str, tmp_path: Path, record: Recorder, name: str, right: str, expected: str, never: str
) -> None:
    output = script(operating / name, kafka, tmp_path)
    now = output.strip().splitlines()[-1][:160] if output.strip() else ""
    record(name, right, now, ok=expected in output and never not in output)


def test_posts_lost_to_retention_are_shown(operating: Path, kafka: str, tmp_path: Path, record: Recorder) -> None:
    output = script(operating / "15-posts-lost-to-retention.sh", kafka, tmp_path)
    ok = "all well" not in output and "tell of it: 0" not in output
    record("15 retention", "a metric, and a problem in status", output.strip().splitlines()[-1], ok=ok)


async def test_half_a_last_line_is_read_whole_by_the_next_run(
    operating: Path, kafka_config: Callable[..., Config], tmp_path: Path, record: Recorder
) -> None:
    config = kafka_config(ingest={"max_bad_share": 0.5}, topics={"partitions": 2})
    await ensure_topics(config, create=True)
    path = write_config(config, tmp_path / "config.yaml")
    lines = (await asyncio.to_thread(made, operating, "firing", tmp_path)).read_bytes().splitlines(keepends=True)
    growing = tmp_path / "growing.jsonl"
    for content in (b"".join(lines[:20]) + lines[20][:60], b"".join(lines[:30])):
        growing.write_bytes(content)
        await asyncio.to_thread(firewatch, "ingest", growing, "-c", path, "--cursor", tmp_path / "cursor")
    posts = len(await read_topic(config, Topics(config.topics).posts.name))
    dead = len(await read_topic(config, Topics(config.topics).dlq.name))
    record("13 half a last line", "30 posts, 0 dead letters", f"{posts} posts, {dead} dead letters", ok=posts == 30)


def test_a_counter_after_a_gap_is_no_event(operating: Path, tmp_path: Path, record: Recorder) -> None:
    case = yaml.safe_load((operating / "12-board-gap.test.yml").read_text(encoding="utf-8"))
    (test,) = case["tests"]
    expression = queries.events("firewatch_detections_total", by="detector")
    for check in test["promql_expr_test"]:
        span = check["expr"].rsplit("[", 1)[1].split("]")[0]
        check["expr"] = expression.replace("$__rate_interval", span).replace('"$job"', '".*"')
        check["exp_samples"] = [{"labels": '{detector="volume"}', "value": 0}]
    (tmp_path / "none.rules.yml").write_text("groups: []", encoding="utf-8")
    file = tmp_path / "gap.test.yml"
    file.write_text(yaml.safe_dump(case), encoding="utf-8")
    done = subprocess.run(
        [installed("promtool"), "test", "rules", file], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    ok = done.returncode == 0
    record("12 gap", "0 events", "0 events" if ok else done.stdout + done.stderr, ok=ok)


def test_a_second_crisis_after_a_long_one(operating: Path, tmp_path: Path, record: Recorder) -> None:
    got = replay(made(operating, "long5", tmp_path), operating / "ok.yaml", tmp_path)
    second = [alert["at"] for alert in got.alerts if alert["kind"] == "open" and alert["at"] >= "2026-03-24"]
    later = "a lasting crisis becomes the usual"
    record("14 long crisis", "the second one opens", second[:1] or "nothing", ok=bool(second), later=later)


def test_the_command_of_the_runbook_works_as_written(record: Recorder) -> None:
    text = (DEPLOY / "RUNBOOKS.md").read_text(encoding="utf-8")
    section = text.split("## FirewatchLagRising")[1].split("\n## ")[0]
    ok = "METRICS__SCORE_PORT=0" in section
    record("17 runbook", "a second scorer gets a port of its own", "as right" if ok else "port taken", ok=ok)


def test_an_empty_variable_beside_a_file_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record: Recorder
) -> None:
    file = tmp_path / "token"
    file.write_text("tok\n", encoding="utf-8")
    monkeypatch.setenv(ALERTMANAGER_TOKEN_VARIABLE, "")
    token = AlertmanagerSettings(urls=["http://127.0.0.1:9093"], token_file=file).token()
    now = token.get_secret_value() if token else "none"
    record("16 empty variable", "the token of the file", now, ok=now == "tok")
