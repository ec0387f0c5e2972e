"""An option that needs an optional package is refused before any work, with the extra to install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from streams.cli import cli, extras
from streams.errors import MissingPackage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "command",
    [
        "replay none.jsonl -c none.yaml --alerts alerts.jsonl --pictures pictures",
        "detect-series none.csv --plot out.png",
        "evaluate-series none --labels none.json --plot out.png",
        "backtest --posts none.jsonl -c none.yaml --report report.html",
        "tune --posts none.jsonl -c none.yaml --labels none.yaml --report report.html",
    ],
)
def test_charts_without_matplotlib_are_refused(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "can_draw", lambda: False)
    done = CliRunner().invoke(cli, command.split())
    assert done.exit_code == MissingPackage.exit_code
    assert f"{command.split()[-2]} needs matplotlib" in done.stderr
    assert "pip install 'firewatch[plot]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_matplotlib_is_found_where_it_is_installed() -> None:
    assert extras.can_draw()
