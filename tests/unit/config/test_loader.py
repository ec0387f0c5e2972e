"""The YAML file: what is refused and how, what overrides what, what is never shown."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from streams.cli import cli
from streams.config.loader import config_of, load_config
from streams.errors import ConfigError
from tests.support.config_trees import config_trees
from tests.support.paths import TESTDATA

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
    assert expected in "\n".join(caught.value.problems)
    assert str(bad) in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("bad", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_command_shows_the_message_without_a_traceback(bad: Path) -> None:
    result = CliRunner().invoke(cli, ["check-config", str(bad)])
    assert result.exit_code == ConfigError.exit_code
    expected, _, line = bad.read_text().splitlines()[0].removeprefix("# expect: ").partition(" (line ")
    assert expected in result.output
    assert f"{bad}:{line.rstrip(')').partition(',')[0]}" in result.output
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


def problem_of(text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        config_of(text.encode(), Path("firewatch.yaml"), environment or {})
    return "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "expected_events:\n  - {reason: sale,\n     day: 2026-02-30}\n",
            "expected_events[0].day: '2026-02-30' does not exist: day is out of range for month (line 5)",
        ),
        (
            "maintenance:\n  - reason: x\n    every: [sunday]\n    from: 20\n    to: 23:00\n",
            "maintenance[0].from: must be a moment such as 2026-03-01T22:00:00+01:00, or with `every` a time such as "
            "22:00, got 20 (line 6)",
        ),
        ("maintenance:\n  - reason: x\n    from: 2026-03-01\n", "maintenance[0].to: is required (line 4)"),
        ("topics:\n  partitions: many\n", "(line 4)"),
        ("topics:\n  partitions: yes\n", "topics.partitions: must be a number (line 4)"),
        ("topics:\n  partitoins: 4\n", "(line 4)"),
        ("kafka: {client_id: on}\n", "kafka.client_id: must be text, got true: write it in quotes (line 3)"),
        ("kafka: {client_id: [a]}\n", "kafka.client_id: must be text (line 3)"),
        ("detectors:\n  - {name: a, kind: volume, once_in_days: 1}\n", "got 1 (line 4)"),
    ],
)
def test_a_problem_names_the_line(text: str, problem: str) -> None:
    assert problem in problem_of(MINIMAL + text)


@pytest.mark.parametrize("value", ["@hooks", "{", '"de', "a: b: c", "*x", "!!int x", "\0", "%"])
def test_an_override_that_is_not_yaml_is_refused_by_its_variable(value: str) -> None:
    variable = "FIREWATCH__BRIDGE__WEBHOOK__URL"
    assert f"environment variable {variable}: " in problem_of(MINIMAL, {variable: value})


def test_an_override_with_a_value_that_is_not_allowed_is_refused_by_its_variable() -> None:
    found = problem_of(MINIMAL, {"FIREWATCH__METRICS__SCORE_PORT": "99999"})
    assert "metrics.score_port: " in found
    assert "(environment variable FIREWATCH__METRICS__SCORE_PORT)" in found


def test_an_empty_kafka_bootstrap_is_none_and_a_line_break_behind_it_is_no_part_of_it() -> None:
    def servers(value: str) -> str:
        environment = {"KAFKA_BOOTSTRAP": value}
        return config_of(MINIMAL.encode(), Path("firewatch.yaml"), environment).kafka.bootstrap_servers

    assert servers("") == servers(" \n") == "127.0.0.1:9092"
    assert servers("kafka:9092\n") == "kafka:9092"


@given(config_trees)
def test_any_tree_is_a_config_or_a_config_error(tree: dict[str, Any]) -> None:
    content = yaml.safe_dump(tree, allow_unicode=True).encode(errors="surrogatepass")
    try:
        config = config_of(content, Path("firewatch.yaml"), {})
    except ConfigError:
        return
    config.model_dump(mode="json")
    for brand in config.brands:
        config.quiet_times(brand.id).at(1_772_402_400_000, 1_772_402_700_000)


overriding = st.dictionaries(
    st.sampled_from(["TOPICS__PARTITIONS", "KAFKA__BOOTSTRAP_SERVERS", "ALERTS", "ALERTS__GENERATOR_URL", "", "__"]),
    st.text(max_size=8) | st.sampled_from(["@", "{", '"', "22:00", "2026-02-30", "&a [*a]", "\ud800", "1e400"]),
)


@given(overriding)
def test_any_override_gives_a_config_or_a_config_error(values: dict[str, str]) -> None:
    environment = {f"FIREWATCH__{name}": text for name, text in values.items()}
    with suppress(ConfigError):
        config_of(MINIMAL.encode(), Path("firewatch.yaml"), environment)
