"""`firewatch tune` on simulated posts: what it suggests is what a backtest finds, and nothing is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml

from streams.errors import InputError
from tests.support.tuning import DAYS, run, tune

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def printed(folder: Path) -> bytes:
    """What it prints for programs; the config is not touched by that."""
    config = folder / "c.yaml"
    before = config.read_bytes(), config.stat().st_mtime_ns
    config.chmod(0o444)
    there = sorted(folder.iterdir())
    result = tune(folder, "--labels", "@labels.yaml", "--json")
    assert result.exit_code == 0, result.output
    assert (config.read_bytes(), config.stat().st_mtime_ns) == before
    assert sorted(folder.iterdir()) == there
    return result.stdout_bytes


@pytest.fixture(scope="module")
def result(printed: bytes) -> dict[str, Any]:
    tree: dict[str, Any] = orjson.loads(printed)
    return tree


def test_a_config_that_fires_at_too_much_is_told_to_fire_at_less(result: dict[str, Any]) -> None:
    assert result["labels"] == DAYS
    assert result["mentions"]["counted"] > 50 * result["mentions"]["late"] > 0
    assert result["posts_set_aside"] == 0
    assert result["now"]["false"] > 0
    suggestion = result["suggestion"]
    assert result["keep_because"] == []
    assert suggestion["times_as_rare"] > 1
    assert suggestion["false"] < result["now"]["false"]
    assert suggestion["score"] > result["now"]["score"]
    assert result["held_out"]["score"] > result["now"]["score"]
    assert result["held_out"]["recall"] >= result["now"]["recall"]
    assert sum(fold["labels"] for fold in result["folds"]) == DAYS
    curve = next(each for each in result["curves"] if each["turned"] == suggestion["turned"])
    assert any(first <= suggestion["times_as_rare"] <= last for first, last in curve["flat"])


def test_the_trade_off_falls_from_many_false_incidents_to_few(result: dict[str, Any]) -> None:
    curve = next(each for each in result["curves"] if each["turned"] == "all")
    false = [point["false_per_brand_week"] for point in curve["points"]]
    assert false[0] > false[-1]
    assert [point["times_as_rare"] for point in curve["points"]] == sorted(
        point["times_as_rare"] for point in curve["points"]
    )
    assert result["brand_weeks"] == pytest.approx(3 * DAYS / 7, rel=0.05)


def test_what_is_suggested_does_in_a_backtest_what_was_said(folder: Path, result: dict[str, Any]) -> None:
    suggestion = result["suggestion"]
    tree = yaml.safe_load((folder / "c.yaml").read_text()) | yaml.safe_load(suggestion["yaml"])
    (folder / "suggested.yaml").write_text(yaml.safe_dump(tree))
    backtest = run(
        folder, "backtest", "--posts", "@posts.jsonl", "--keep-order", "-c", "@suggested.yaml",
        "--compare", "@c.yaml", "--labels", "@labels.yaml",
    )  # fmt: skip
    for name, figures in (("suggested", suggestion), ("c", result["now"])):
        line = next(line for line in backtest.output.splitlines() if f"{name}.yaml: recall" in line)
        assert f"recall {figures['recall']:.0%}" in line
        assert f"precision {figures['precision']:.0%}" in line
        assert f"median delay {figures['delay_minutes']:.1f} min" in line
    false = re.split(r"suggested\.yaml: recall", backtest.output)[-1].count("\n  false ")
    assert false == suggestion["false"]


def test_again_it_says_the_same(folder: Path, printed: bytes) -> None:
    assert tune(folder, "--labels", "@labels.yaml", "--json").stdout_bytes == printed


def test_a_report_never_goes_over_what_is_read(folder: Path) -> None:
    before = (folder / "c.yaml").read_bytes()
    result = tune(folder, "--labels", "@labels.yaml", "--report", "@c.yaml", posts="short")
    assert result.exit_code == InputError.exit_code
    assert "is read, so nothing can be written there" in result.output
    assert (folder / "c.yaml").read_bytes() == before


def test_posts_that_are_not_there_and_no_source_at_all_are_told(folder: Path) -> None:
    result = tune(folder, "--labels", "@labels.yaml", posts="nowhere")
    assert result.exit_code == InputError.exit_code
    assert "nowhere.jsonl" in result.output
    result = run(folder, "tune", "-c", "@c.yaml", "--labels", "@labels.yaml")
    assert result.exit_code != 0
    assert "--posts" in result.output


def test_late_mentions_are_warned_of_also_for_programs(folder: Path) -> None:
    """One line in twenty comes at the end, where it is late."""
    lines = (folder / "posts.jsonl").read_text().splitlines()
    held = lines[::20]
    del lines[::20]
    (folder / "late.jsonl").write_text("\n".join(lines + held))
    found = tune(folder, "--labels", "@labels.yaml", "--json", posts="late")
    assert found.exit_code == 0, found.output
    tree = orjson.loads(found.stdout_bytes)
    assert 0.04 < tree["mentions"]["late"] / tree["mentions"]["counted"] < 0.07
    assert sum("WARNING" in note for note in tree["notes"]) == 1
