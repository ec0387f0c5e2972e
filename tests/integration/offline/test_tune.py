"""Tuning by the mentions in a topic of a real broker comes to what tuning by their posts comes to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
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


def test_a_topic_and_its_posts_come_to_the_same(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    posts, brands = tmp_path / "posts.jsonl", tmp_path / "brands.yaml"
    write(SimulationSettings(seed=3, days=0.25, brands=2, scenario="calm"), posts, tmp_path / "truth.json", brands)
    config = kafka_config(**yaml.safe_load(brands.read_text()), windows={"bucket_seconds": 900, "check_seconds": 300})
    config_path = write_config(config, tmp_path / "config.yaml")
    topic = Topics(config.topics).mentions.name
    asyncio.run(ingest_and_score(config, posts))

    at = [datetime(2026, 3, 2, 0, 10, tzinfo=UTC) + place * timedelta(minutes=80) for place in range(5)]
    labels = [{"brand": config.brands[0].id, "from": each, "to": each + timedelta(minutes=5)} for each in at]
    labels_path = tmp_path / "labels.yaml"
    labels_path.write_text(yaml.safe_dump({"incidents": labels}))

    def tune(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["tune", "-c", str(config_path), "--labels", str(labels_path), *arguments])

    by_posts, by_topic = tune("--posts", str(posts), "--keep-order", "--json"), tune("--topic", topic, "--json")
    assert by_posts.exit_code == by_topic.exit_code == 0, by_topic.output
    of_posts, of_topic = (orjson.loads(result.stdout_bytes) for result in (by_posts, by_topic))
    told = [note for note in of_topic.pop("notes") if note not in of_posts["notes"]]
    del of_posts["notes"]
    assert of_topic == of_posts
    assert len(of_topic["folds"]) == 5
    assert len(told) == 1  # that nothing is matched again

    part = tune("--topic", topic, "--from", "2026-03-02T00:00Z", "--to", "2026-03-02T03:30Z")
    assert part.exit_code == 0, part.output
    assert (
        "note: labels that begin outside of 2026-03-02 00:00 UTC to 2026-03-02 03:30 UTC are left out:" in part.output
    )
    assert "3 labels are too few" in part.output

    nothing = tune("--topic", topic, "--from", "2026-03-02T05:45Z")
    assert nothing.exit_code == InputError.exit_code
    assert "labels.yaml: no incident begins from 2026-03-02 05:45 UTC to the end" in nothing.output
