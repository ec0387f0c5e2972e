"""Configs that run side by side over the same mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from streams.config import Config
from streams.offline.backtest import run_configs, scored
from streams.offline.replay import Replay
from streams.sources.registry import open_posts
from streams.sources.weights import load_model
from tests.support.backtest import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from streams.records import Alert


def test_side_by_side_comes_out_what_a_replay_gives(folder: Path) -> None:
    settings = Config.model_validate(yaml.safe_load(CONFIG))
    replayed: list[Alert] = []
    with open_posts(str(folder / "posts.jsonl"), settings.ingest.max_record_bytes) as source:
        summary = Replay(settings, load_model(), replayed.append).run(source)
    assert replayed
    for processes in (1, 2):
        with scored(str(folder / "posts.jsonl"), settings, processes) as mentions:
            assert (mentions.posts, mentions.total) == (summary.posts, summary.matched)
            run = run_configs([("a", settings), ("b", settings)], mentions, processes=processes)
        for each in run:
            assert sorted(alert.to_bytes() for alert in each.alerts) == sorted(alert.to_bytes() for alert in replayed)
            assert (each.counted, each.late) == (summary.counted, summary.late)
            assert sum(series.mentions for series in each.series.values()) == summary.counted
        assert not any(file.exists() for file in mentions.files)
