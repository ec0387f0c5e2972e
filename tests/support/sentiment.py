"""The commands that train and evaluate weights, and files of labelled posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from click.testing import CliRunner

from streams.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def sentiment(*arguments: object) -> Result:
    """Run `firewatch sentiment`."""
    return CliRunner().invoke(cli, ["sentiment", *map(str, arguments)])


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON lines of a file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
