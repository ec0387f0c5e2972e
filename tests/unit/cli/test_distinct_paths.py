"""No command writes over a file that it reads, nor two outputs into one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

IS_READ = "is read, so nothing can be written there"

COMMANDS = {
    "alerts over posts": "replay posts.jsonl -c c.yaml --alerts posts.jsonl",
    "rejects over posts": "replay posts.jsonl -c c.yaml --alerts new.jsonl --rejects posts.jsonl",
    "windows over config": "replay posts.jsonl -c c.yaml --alerts new.jsonl --windows c.yaml",
    "cursor over posts": "ingest posts.jsonl -c c.yaml --cursor posts.jsonl",
    "report over posts": "backtest --posts posts.jsonl -c c.yaml --report posts.jsonl",
    "report over the config in use": "backtest --posts posts.jsonl -c c.yaml --compare other.yaml --report other.yaml",
    "report over labels": "backtest --posts posts.jsonl -c c.yaml --labels labels.yaml --report labels.yaml",
    "suggestions over posts": "tune --posts posts.jsonl -c c.yaml --labels labels.yaml --report posts.jsonl",
    "suggestions over config": "tune --posts posts.jsonl -c c.yaml --labels labels.yaml --report c.yaml",
    "figures over config": "evaluate-simulation --config c.yaml --json c.yaml",
    "plot over series": "detect-series series.csv --plot series.csv",
    "plot over labels": "evaluate-series . --labels labels.yaml --plot labels.yaml",
    "weights over gold": "sentiment train gold.jsonl --out gold.jsonl",
    "predictions over gold": "sentiment evaluate gold.jsonl --predictions gold.jsonl",
    "predictions over weights": "sentiment evaluate gold.jsonl --weights w.bin --predictions w.bin",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    contents = {
        "posts.jsonl": '{"id": "1", "created_at": 1700000000, "text": "Nordtel"}\n',
        "c.yaml": "brands:\n  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}}\n",
        "labels.yaml": "incidents:\n  - {brand: nordtel, from: 2023-11-14, to: 2023-11-15}\n",
        "series.csv": "timestamp,value\n2026-03-02T00:00Z,3\n",
        "gold.jsonl": '{"text": "Nordtel ist toll", "lang": "de", "label": "positive"}\n',
        "w.bin": "weights",
    }
    contents["other.yaml"] = contents["c.yaml"]
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def firewatch(command: str) -> Result:
    return CliRunner().invoke(cli, command.split())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_what_is_read_stays_as_it_is(command: str, folder: Path) -> None:
    before = files_of(folder)
    done = firewatch(command)
    assert (done.exit_code, IS_READ in done.stderr) == (InputError.exit_code, True), done.output
    assert files_of(folder) == before


@pytest.mark.parametrize(
    "command",
    [
        "replay posts.jsonl -c c.yaml --alerts new.jsonl --windows new.jsonl",
        "simulate --out new.jsonl --truth new.jsonl",
    ],
)
def test_two_outputs_never_share_a_file(command: str, folder: Path) -> None:
    before = files_of(folder)
    done = firewatch(command)
    assert done.exit_code == InputError.exit_code
    assert "new.jsonl: is named for two outputs; name another file for one of them" in done.stderr
    assert files_of(folder) == before
