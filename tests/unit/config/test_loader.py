"""The YAML file: what is refused and how, what overrides what, what is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from streams.cli import cli
from streams.config.loader import load_config
from streams.errors import ConfigError
from tests.support.paths import TESTDATA

if TYPE_CHECKING:
    from pathlib import Path

CONFIGS = TESTDATA / "config"
MINIMAL = "brands:\n  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "firewatch.yaml"
    path.write_text(MINIMAL)
    return path


@pytest.mark.parametrize("bad", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_bad_configs_are_refused_with_file_path_and_what_is_allowed(bad: Path) -> None:
    expected = bad.read_text().splitlines()[0].removeprefix("# expect: ")
    with pytest.raises(ConfigError) as caught:
        load_config(bad, {})
    assert expected in str(caught.value)
    assert str(bad) in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("bad", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_command_shows_the_message_without_a_traceback(bad: Path) -> None:
    result = CliRunner().invoke(cli, ["check-config", str(bad)])
    assert result.exit_code == ConfigError.exit_code
    assert bad.read_text().splitlines()[0].removeprefix("# expect: ") in result.output
    assert "Traceback" not in result.output


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(MINIMAL + "topics: {partitions: 0}\nwindoes: {}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert len(caught.value.problems) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file"):
        load_config(tmp_path / "nowhere.yaml", {})


def test_the_shortest_config_is_enough(file: Path) -> None:
    config = load_config(file, {})
    assert [detector.kind for detector in config.detectors] == ["volume", "sentiment_shift", "composite"]
    assert config.metrics.host == "127.0.0.1"


def test_environment_overrides_single_leaves(file: Path) -> None:
    config = load_config(
        file,
        {
            "FIREWATCH__TOPICS__PARTITIONS": "7",
            "FIREWATCH__KAFKA__CLIENT_ID": "0042",
            "KAFKA_BOOTSTRAP": "kafka.example.org:9093",
            "UNRELATED": "1",
        },
    )
    assert config.topics.partitions == 7
    assert config.kafka.client_id == "0042"
    assert config.kafka.bootstrap_servers == "kafka.example.org:9093"


def test_an_override_of_nothing_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"topics\.partitons: unknown key"):
        load_config(file, {"FIREWATCH__TOPICS__PARTITONS": "7"})
    with pytest.raises(ConfigError, match="FIREWATCH__BRANDS__0__NAME"):
        load_config(file, {"FIREWATCH__BRANDS__0__NAME": "x"})
