"""Hints name a command that can be typed as it stands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from streams.cli.program import program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_firewatch_that_the_shell_finds_needs_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path / "firewatch"
    found.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == "firewatch"


def test_else_it_is_called_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [".venv/bin/firewatch", "init"])
    assert program() == ".venv/bin/firewatch"
    monkeypatch.setattr(sys, "argv", ["/usr/lib/python3/streams/cli/__main__.py"])
    assert program() == f"{sys.executable} -m streams.cli"
