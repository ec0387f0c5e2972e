"""Runs of `firewatch replay` as a user runs it, with everything that came out."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(slots=True)
class Replayed:
    """The outcome of a replay.

    Parameters
    ----------
    code
        Exit code.
    output
        Standard output and standard error.
    counted, late
        Mentions by brand, in time and late.
    alerts
        Alerts in the order of the file.
    """

    code: int
    output: str
    counted: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def critical_at(self) -> str:
        """Time of the first critical step of a brand, empty if there is none."""
        return min((alert["at"] for alert in self.alerts if alert["severity"] == "critical"), default="")

    @property
    def severities(self) -> list[str]:
        """Severities of the incidents that opened or escalated, each once."""
        return sorted({alert["severity"] for alert in self.alerts})

    @property
    def last_line(self) -> str:
        """Last line of the output."""
        return self.output.strip().splitlines()[-1] if self.output.strip() else ""


def replay(posts: Path, config: Path, folder: Path, arguments: Sequence[str] = ()) -> Replayed:
    """Replay a file into a folder; never with a traceback."""
    alerts, windows = folder / "alerts.jsonl", folder / "windows.jsonl"
    for file in (alerts, windows):
        file.unlink(missing_ok=True)
    command = ["replay", posts, "-c", config, "--alerts", alerts, "--windows", windows, *arguments]
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *map(str, command)], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    outcome = Replayed(done.returncode, done.stdout + done.stderr)
    for window in _lines(windows):
        outcome.counted[window["brand"]] += window["count"]
        outcome.late[window["brand"]] += window["late"]
    outcome.alerts = _lines(alerts)
    return outcome


def _lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
