"""The folder of simulated posts that the tests of tuning read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.tuning import DAYS, THINNED, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six simulated days with a firestorm each, labels from their truth, a config that fires at too much, and one that
    watches the same brands by other settings."""
    made = tmp_path_factory.mktemp("tune")
    lines: list[str] = []
    labels = []
    for day in range(DAYS):
        result = run(
            made, "simulate", "--out", "@day.jsonl", "--seed", str(day + 1), "--days", "1", "--brands", "3",
            "--scenario", "firestorm", "--start", f"2026-03-0{day + 2}",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        lines += (made / "day.jsonl").read_text().splitlines()[::THINNED]
        labels += [
            {"brand": event["brand"], "from": event["onset"], "to": event["end"]}
            for event in json.loads((made / "day.truth.json").read_text())["events"]
        ]
    (made / "posts.jsonl").write_text("\n".join(lines) + "\n")
    (made / "short.jsonl").write_text("\n".join(lines[:1000]) + "\n")
    (made / "labels.yaml").write_text(yaml.safe_dump({"incidents": labels}))
    brands = yaml.safe_load((made / "day.yaml").read_text())["brands"]
    for brand in brands:
        brand["usual_posts_per_day"] /= THINNED
    tree = {
        "brands": brands,
        "topics": {"partitions": 2},
        "windows": {"bucket_seconds": 900, "check_seconds": 300},
        "detectors": [
            {"name": "volume", "kind": "volume"},
            {"name": "crisis", "kind": "composite", "once_in_days": 2.2},
        ],
    }
    (made / "c.yaml").write_text(yaml.safe_dump(tree))
    tree |= {"detectors": [{"name": "volume", "mode": "shadow"}], "default_detectors": False}
    (made / "shadow.yaml").write_text(yaml.safe_dump(tree))
    return made
