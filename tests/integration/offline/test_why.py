"""Why a brand fired: topics of a real broker give the explanation that their posts give."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import yaml
from click.testing import CliRunner

from streams.cli import cli
from streams.errors import InputError
from streams.kafka.topics import Topics
from streams.offline.simulate import SimulationSettings, write
from tests.support.scoring import ingest_and_score
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from streams.config import Config


def why(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["why", *map(str, arguments)])


def explained(*arguments: object) -> dict[str, Any]:
    result = why(*arguments, "--json")
    assert result.exit_code == 0, result.output
    tree: dict[str, Any] = json.loads(result.stdout)
    return tree


def test_topics_of_mentions_and_of_posts_explain_what_the_posts_explain(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    posts, brands, truth_path = tmp_path / "posts.jsonl", tmp_path / "brands.yaml", tmp_path / "truth.json"
    write(SimulationSettings(seed=3, brands=2, scenario="firestorm"), posts, truth_path, brands)
    (storm,) = json.loads(truth_path.read_text())["events"]
    config = kafka_config(**yaml.safe_load(brands.read_text()))
    config_path = write_config(config, tmp_path / "config.yaml")
    topics = Topics(config.topics)
    asyncio.run(ingest_and_score(config, posts))

    asked = ("-c", config_path, "--brand", storm["brand"], "--at", storm["peak"])
    expected = explained(*asked, "--posts", posts, "--keep-order")
    assert any(each["score"]["value"] >= 1 for each in expected["moment"]["detectors"])
    for topic in (topics.mentions.name, topics.posts.name):
        found = explained(*asked, "--topic", topic)
        assert found["conclusion"] == expected["conclusion"]
        assert found["moment"] == expected["moment"]
        assert found["alerts"] == expected["alerts"]
        assert found["anomalous"] == expected["anomalous"]

    late = explained(*asked, "--topic", topics.mentions.name, "--from", storm["onset"])
    assert late["read"]["mentions"] < expected["read"]["mentions"]

    result = why("-c", config_path, "--brand", storm["brand"], "--at", "2031-01-01", "--topic", topics.mentions.name)
    assert result.exit_code == InputError.exit_code
    assert "is not in" in result.output
    assert "Traceback" not in result.output
