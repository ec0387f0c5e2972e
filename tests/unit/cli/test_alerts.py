"""`firewatch alerts`: what is refused before Kafka is asked; the rest is in tests/integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from streams.cli import cli
from tests.support.cli import BRANDS

if TYPE_CHECKING:
    from pathlib import Path


def alerts(tmp_path: Path, *arguments: str) -> Result:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return CliRunner().invoke(cli, ["alerts", *arguments, "-c", str(path)])


def test_a_silence_of_more_than_thirty_days_is_refused(tmp_path: Path) -> None:
    done = alerts(tmp_path, "false-alarm", "3f9c", "--silence", "31d")
    assert (done.exit_code, "a silence lasts 30 days at most" in done.stderr) == (2, True)
    done = alerts(tmp_path, "false-alarm", "3f9c", "--silence", "4y")
    assert (done.exit_code, "'4y' is not a duration" in done.stderr) == (2, True)


def test_a_brand_that_the_config_does_not_watch_is_named(tmp_path: Path) -> None:
    done = alerts(tmp_path, "tail", "--brand", "acme", "--brand", "nordtel")
    assert (done.exit_code, "has no brand 'acme'" in done.stderr) == (2, True)
