"""From settings to outcomes: the way through memory gives what the way through files gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from streams.config.loader import load_config
from streams.offline.evaluation import SimulatedPosts, brand_events, config_for, match, raised, run_trial
from streams.offline.replay import Replay
from streams.offline.simulate import SimulationSettings, simulate, write
from streams.sources.registry import open_posts
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from streams.records import Alert

SMALL = SimulationSettings(seed=4, days=0.1, brands=2, scenario="calm")
WITH_EVENTS = SimulationSettings(seed=3, days=1, brands=2, scenario="launch, surge")


def test_simulated_posts_are_a_source_of_the_same_posts() -> None:
    source = SimulatedPosts(WITH_EVENTS)
    lines = [line for chunk in source.chunks() for line in chunk]
    assert [orjson.loads(line.data) for line in lines] == list(simulate(WITH_EVENTS))
    assert source.consumed_bytes == lines[-1].cursor == sum(len(line.data) + 1 for line in lines)
    assert WITH_EVENTS.minutes - 1 < source.passed_minutes <= WITH_EVENTS.minutes
    truth = source.simulation.truth()
    assert {position: len(written) for position, written in source.posts_ms.items()} == {
        position: event["posts"] for position, event in enumerate(truth["events"]) if event["posts"]
    }


def test_a_trial_finds_what_simulating_and_replaying_files_finds(tmp_path: Path) -> None:
    minutes: list[float] = []
    trial = run_trial(WITH_EVENTS, config_for(WITH_EVENTS.brands), minutes.append)
    assert minutes == sorted(minutes)
    assert len(minutes) > 1

    posts, config_path = tmp_path / "posts.jsonl", tmp_path / "config.yaml"
    truth = write(WITH_EVENTS, posts, tmp_path / "truth.json", config_path)
    config = load_config(config_path, {})
    alerts: list[Alert] = []
    with open_posts(str(posts), config.ingest.max_record_bytes) as source:
        summary = Replay(config, load_model(), alerts.append).run(source)
    outcomes, others = match(brand_events(truth, {}), raised(alerts))
    assert alerts
    assert [(o.event.kind, o.event.brand, o.reached_ms) for o in trial.outcomes] == [
        (o.event.kind, o.event.brand, o.reached_ms) for o in outcomes
    ]
    assert trial.others == others
    assert trial.posts == summary.posts == truth["posts"] + truth["duplicates"]


def test_a_config_lends_all_but_its_brands(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "brands: [{id: mine, name: Mine, match: {any: [mine]}}]\n"
        "detectors: [{name: v, kind: volume, once_in_days: 21}]\ndefault_detectors: false\n"
        "windows: {bucket_seconds: 600}\n"
    )
    config = config_for(3, path)
    assert [brand.id for brand in config.brands] == [brand.id for brand in config_for(3).brands]
    assert "mine" not in {brand.id for brand in config.brands}
    assert [detector.model_extra for detector in config.detectors] == [{"once_in_days": 21}]
    assert config.windows.bucket_seconds == 600
