"""A backtest over the mentions in a topic of a real broker gives what one over the same posts gives."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import yaml
from click.testing import CliRunner

from detectors.units import HOUR_MS
from streams.cli import cli
from streams.errors import BrokerUnreachable, InputError, KafkaError
from streams.kafka.clients import producer
from streams.kafka.topics import Topics
from streams.offline.backtest import TimeRange, run_configs, scored
from streams.offline.backtest.from_topic import recorded
from streams.offline.simulate import SimulationSettings, write
from tests.support.scoring import ingest_and_score
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from streams.config import Config
    from streams.offline.backtest import BacktestRun


async def send(config: Config, topic: str, value: bytes) -> None:
    async with producer(config.kafka) as sender:
        await sender.send_and_wait(topic, value, partition=0)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["backtest", *arguments])


def alerts(run: BacktestRun) -> list[bytes]:
    return [alert.to_bytes() for alert in run.alerts]


def test_mentions_in_a_topic_raise_what_their_posts_raise(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    posts, brands = tmp_path / "posts.jsonl", tmp_path / "brands.yaml"
    write(SimulationSettings(seed=3, brands=2, scenario="firestorm"), posts, tmp_path / "truth.json", brands)
    config = kafka_config(**yaml.safe_load(brands.read_text()))
    config_path = write_config(config, tmp_path / "config.yaml")
    topic = Topics(config.topics).mentions.name
    asyncio.run(ingest_and_score(config, posts))

    with scored(str(posts), config, processes=1, keep_order=True) as mentions:
        (expected,) = run_configs([("posts", config)], mentions, processes=1)
    with recorded(topic, config, TimeRange()) as mentions:
        (actual,) = run_configs([("topic", config)], mentions, processes=1)

    assert expected.alerts
    assert alerts(actual) == alerts(expected)
    assert (actual.counted, actual.late) == (expected.counted, expected.late)
    assert {brand: course.mentions for brand, course in actual.series.items()} == {
        brand: course.mentions for brand, course in expected.series.items()
    }

    begin_ms = SimulationSettings().start_ms + 6 * HOUR_MS
    with recorded(topic, config, TimeRange(begin_ms, begin_ms + 3 * HOUR_MS)) as mentions:
        (part,) = run_configs([("part", config)], mentions, processes=1)
    assert 0 < part.counted + part.late == mentions.total < expected.counted
    for course in part.series.values():
        assert course.begin * 24 * HOUR_MS >= begin_ms
        assert round(course.end * 24 * HOUR_MS) <= begin_ms + 3 * HOUR_MS

    asyncio.run(send(config, topic, b"not json"))
    fewer = config.model_copy(
        update={"brands": [config.brands[0].model_copy(update={"id": "else"}), *config.brands[1:]]}
    )
    fewer_path = write_config(fewer, tmp_path / "fewer.yaml")
    report = tmp_path / "report.html"
    result = run(
        "--topic", topic, "--config", str(fewer_path), "--compare", str(config_path), "--report", str(report)
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "left out: broken_json 1" in result.output
    assert "used as they were matched and scored" in result.output
    assert "fewer.yaml: no mentions of else; if a brand or its terms are new" in result.output
    assert f"fewer.yaml: has no brand {config.brands[0].id}, whose mentions are ignored" in result.output
    assert re.search(rf"{expected.counted + expected.late:,} mentions, \d+ incidents?, ", result.output)
    assert "used as they were matched and scored" in report.read_text()
    assert report.stat().st_size > 100_000

    result = run("--topic", topic, "--config", str(config_path), "--from", "2031-01-01", "--to", "2031-01-02")
    assert result.exit_code == InputError.exit_code
    assert "no mentions from 2031-01-01 00:00 UTC to 2031-01-02 00:00 UTC" in result.output

    result = run("--topic", Topics(config.topics).posts.name, "--config", str(config_path))
    assert result.exit_code == InputError.exit_code
    assert "none of its records holds mentions" in result.output


def test_a_topic_that_is_not_there_and_a_broker_that_is_not(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    config = kafka_config()
    config_path = write_config(config, tmp_path / "config.yaml")
    result = run("--topic", "nowhere.mentions", "--config", str(config_path))
    assert result.exit_code == KafkaError.exit_code
    assert "nowhere.mentions" in result.output

    away = config.model_copy(update={"kafka": config.kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:9"})})
    result = run("--topic", "social.mentions", "--config", str(write_config(away, tmp_path / "away.yaml")))
    assert result.exit_code == BrokerUnreachable.exit_code
    assert "127.0.0.1:9" in result.output
    assert "Traceback" not in result.output
