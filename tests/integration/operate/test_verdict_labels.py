"""Verdicts on the incidents of a real broker become labels, by which a config is tried and tuned."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import yaml
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from streams.offline.backtest import read_labels
from streams.records import Alert, Verdict, alert_from_bytes
from tests.support.alerts import START_MS, alert
from tests.support.backtest import CONFIG, write_files
from tests.support.broker import send
from tests.support.labelling import say
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from streams.config import Config


async def write(config: Config, alerts: Sequence[Alert], verdict: Verdict) -> None:
    await ensure_topics(config, create=True)
    await send(config, Topics(config.topics).alerts.name, [(each.brand.encode(), each.to_bytes()) for each in alerts])
    await say(config, [verdict])


def test_verdicts_become_the_labels_of_backtest_and_tune(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    write_files(tmp_path)
    config = kafka_config(brands=yaml.safe_load(CONFIG)["brands"])
    config_path = write_config(config, tmp_path / "firewatch.yaml")
    posts, exported = str(tmp_path / "posts.jsonl"), tmp_path / "exported.yaml"

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, [*arguments, "-c", str(config_path)])

    assert run("replay", posts, "--alerts", str(tmp_path / "alerts.jsonl")).exit_code == 0
    raised = [alert_from_bytes(line) for line in (tmp_path / "alerts.jsonl").read_bytes().splitlines()]
    (storm,) = {each.fingerprint for each in raised}
    more = [
        alert("5f0caaaa", "aa01", "resolve", brand="suedmilch"),
        alert("5f0cbbbb", "bb01", brand="suedmilch"),
        alert("5f0ccccc", "cc01", brand="suedmilch"),
        alert("5f0cdddd", "dd01", brand="acme"),
    ]
    orphan = Verdict(
        incident="gone", brand="nordtel", verdict="confirmed", severity="watch", detectors=[], by="anna", at_ms=START_MS
    )
    asyncio.run(write(config, [*raised, *raised, *more], orphan))
    for arguments in (
        ("false-alarm", storm, "--note", "by mistake"), ("confirm", storm, "--note", "the outage"),
        ("false-alarm", "aa01", "--note", "a joke"), ("ack", "5f0cbbbb"),
    ):  # fmt: skip
        done = run("alerts", *arguments, "--by", "anna")
        assert done.exit_code == 0, done.output

    done = run("alerts", "export", "--labels", str(exported))
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == [
        f"{exported}: 1 incident, 1 false alarm, 2 undecided",
        f"{exported}: left out: incidents of brands that the config does not have: acme",
        f"{exported}: left out: 1 verdict is on incidents whose alerts are no longer in Kafka, or older than --since",
    ]
    labels = read_labels(exported, {brand.id: brand.name for brand in config.brands})
    assert [(each.brand, each.from_, each.to, each.severity, each.name) for each in labels.incidents] == [
        ("nordtel", raised[0].starts_at, raised[-1].ends_at, raised[-1].severity, f"{storm}: the outage")
    ]
    assert [each.title for each in labels.false_alarms] == ["5f0caaaa: a joke"]
    assert [each.title for each in labels.undecided] == ["5f0cbbbb", "5f0ccccc"]

    shown = run("alerts", "export", "--labels", "--brand", "suedmilch", "--since", "1h")
    assert yaml.safe_load(shown.stdout)["incidents"] == []
    assert len(yaml.safe_load(shown.stdout)["undecided"]) == 2
    begin = f"{raised[0].starts_at:%Y-%m-%dT%H:%MZ}"
    assert storm not in run("alerts", "export", "--labels", "--to", begin).stdout
    assert storm in run("alerts", "export", "--labels", "--from", begin).stdout

    done = run("backtest", "--posts", posts, "--labels", str(exported))
    assert done.exit_code == 0, done.output
    assert f"  found   {storm}: the outage ({raised[-1].severity})" in done.stdout
    assert "known false alarms: 0 of 1 are raised again" in done.stdout
    done = run("tune", "--posts", posts, "--labels", str(exported))
    assert done.exit_code == 0, done.output
    assert "1 label is too few" in done.stdout
