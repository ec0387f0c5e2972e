"""`firewatch backtest`, `tune` and `test-config`: how their options are evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.cli.tuning import TOLERANCE
from streams.errors import ConfigError, ExpectationFailed
from streams.offline.tuning import curve
from tests.support.cli import BRANDS, post_line

if TYPE_CHECKING:
    from pathlib import Path


def firewatch(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_the_default_tolerance_is_that_of_the_search() -> None:
    assert TOLERANCE == curve.TOLERANCE


@pytest.mark.parametrize("command", [["backtest"], ["tune", "--labels", "labels.yaml"]])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "one of them"),
        (["--posts", "posts.jsonl", "--topic", "social.mentions"], "one of them"),
        (["--posts", "posts.jsonl", "--from", "2026-03-02"], "--from and --to go with --topic"),
        (["--topic", "social.mentions", "--from", "2026-03-02", "--to", "2026-03-02"], "--to must be after --from"),
        (["--topic", "social.mentions", "--from", "monday"], "is not a time"),
    ],
)
def test_sources_that_contradict_each_other_are_refused(command: list[str], options: list[str], message: str) -> None:
    done = firewatch(*command, "-c", "firewatch.yaml", *options)
    assert (done.exit_code, message in done.stderr) == (2, True), done.output


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Cases for a config that is not there, which hold for `brands.yaml`."""
    (tmp_path / "posts.jsonl").write_bytes(b"".join(map(post_line, range(40))))
    (tmp_path / "brands.yaml").write_text(BRANDS)
    path = tmp_path / "cases.yaml"
    path.write_text("config: none.yaml\ncases: [{name: silence, posts: posts.jsonl, quiet: [nordtel]}]\n")
    return path


def test_cases_are_run_against_the_config_of_their_file_or_against_another(cases: Path) -> None:
    assert firewatch("test-config", cases).exit_code == ConfigError.exit_code
    done = firewatch("test-config", cases, "-c", cases.with_name("brands.yaml"))
    assert (done.exit_code, done.stdout) == (0, "ok      silence\n")
    cases.write_text(cases.read_text().replace("quiet: [nordtel]", "quiet: [acme]"))
    done = firewatch("test-config", cases, "-c", cases.with_name("brands.yaml"))
    assert done.exit_code == ExpectationFailed.exit_code
    assert "1 case failed: silence" in done.stderr
    assert "FAILED  silence\n        cases[0].quiet[0]: the config has no brand 'acme'; it has nordtel" in done.stdout


def test_the_environment_does_not_replace_the_config_of_the_cases(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREWATCH_CONFIG", str(cases.with_name("brands.yaml")))
    assert firewatch("test-config", cases).exit_code == ConfigError.exit_code
