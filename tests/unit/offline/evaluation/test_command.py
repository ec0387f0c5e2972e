"""`firewatch evaluate-simulation`, as a user calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from click.testing import CliRunner, Result

from streams.cli import cli

if TYPE_CHECKING:
    from pathlib import Path


def evaluate(*arguments: str | float | Path) -> Result:
    return CliRunner().invoke(cli, ["evaluate-simulation", *map(str, arguments)])


def test_tables_go_to_stdout_and_everything_to_json(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = evaluate("--seed", 4, "--days", 0.1, "--brands", 2, "--scenario", "calm", "--json", out)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("seeds 4; 0.0285714 brand-weeks, ")
    tree = orjson.loads(out.read_bytes())
    assert tree["figures"]["seeds"] == [4]
    assert f"{tree['trials'][0]['posts']:,} posts" in done.stdout


def test_mistakes_are_named(tmp_path: Path) -> None:
    done = evaluate("--scenario", "earthquake")
    assert (done.exit_code, "unknown earthquake" in done.stderr) == (2, True)
    done = evaluate("--scenario", "calm", "--days", 0.1, "--json", tmp_path / "none" / "out.json")
    assert (done.exit_code, "out.json can't be written" in done.stderr) == (1, True)
    done = evaluate("--config", tmp_path / "none.yaml")
    assert (done.exit_code, "none.yaml: no such file" in done.stderr) == (2, True)
