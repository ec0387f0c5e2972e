from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from streams.config.loader import load_config
from streams.errors import FirewatchError
from streams.offline.simulate import SimulationSettings, config_yaml, simulate, write
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SMALL = SimulationSettings(days=0.4, brands=5)


def test_writes_posts_truth_and_config(tmp_path: Path) -> None:
    posts, truth, config = tmp_path / "posts.jsonl", tmp_path / "truth.json", tmp_path / "config.yaml"
    reports: list[tuple[int, int]] = []
    returned = write(SMALL, posts, truth, config, on_progress=lambda lines, ms: reports.append((lines, ms)))
    lines = posts.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(simulate(SMALL))
    assert json.loads(truth.read_text(encoding="utf-8")) == returned
    assert returned["posts"] + returned["duplicates"] == len(lines)
    assert [brand.id for brand in load_config(config, {}).brands] == [brand["id"] for brand in returned["brands"]]
    assert [report[0] for report in reports] == list(range(5_000, len(lines) + 1, 5_000))
    assert all(0 <= ms < SMALL.days * 86_400_000 for _, ms in reports)


def test_gzip_holds_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(SMALL, tmp_path / f"{name}.jsonl.gz", tmp_path / "truth.json", tmp_path / "config.yaml")
    packed = (tmp_path / "a.jsonl.gz").read_bytes()
    assert packed == (tmp_path / "b.jsonl.gz").read_bytes()
    write(SMALL, tmp_path / "plain.jsonl", tmp_path / "truth.json", tmp_path / "config.yaml")
    assert gzip.decompress(packed) == (tmp_path / "plain.jsonl").read_bytes()


@pytest.mark.parametrize("unwritable", range(3))
def test_a_file_that_can_not_be_written_is_named(tmp_path: Path, unwritable: int) -> None:
    missing = tmp_path / "missing" / "file"
    posts, truth, config = (
        missing if place == unwritable else tmp_path / name for place, name in enumerate(("posts", "truth", "config"))
    )
    with pytest.raises(FirewatchError, match="missing/file can't be written: No such file or directory"):
        write(SimulationSettings(days=0.01), posts, truth, config)


def test_the_demos_config_agrees_with_the_default_brands(tmp_path: Path) -> None:
    generated = tmp_path / "config.yaml"
    generated.write_text(config_yaml(SimulationSettings()), encoding="utf-8")
    assert load_config(ROOT / "deploy" / "demo.yaml", {}) == load_config(generated, {})
