"""The origin of each setting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from streams.cli import cli
from streams.config.explain import explain
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

LAYERED = """\
preset: calm
brands:
  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}, detectors: {volume: {once_in_days: 10}}}
  - {id: acme, name: Acme, match: {any: [acme]}, preset: sensitive}
detectors:
  - {name: volume, kind: volume, once_in_days: 9}
  - {name: tone, kind: sentiment_shift, refractory_hours: 6}
expected_events:
  - {reason: launch, day: 2026-03-05, brands: [acme]}
incidents:
  negative_share: 0.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "firewatch.yaml"
    path.write_text(LAYERED)
    return path


def explained(file: Path, brand: str | None, **environment: str) -> dict[str, tuple[Any, str]]:
    return {setting: (value, origin) for setting, value, origin in explain(file, brand, environment)}


def test_each_setting_names_the_layer_and_the_line_it_comes_from(file: Path) -> None:
    nordtel, acme = explained(file, "nordtel"), explained(file, "acme")
    assert nordtel["detectors.volume.once_in_days"] == (10, "brand override, firewatch.yaml:3")
    assert nordtel["detectors.volume.refractory_hours"] == (24, "default")
    assert nordtel["detectors.tone.once_in_days"] == (28, "preset calm, firewatch.yaml:1")
    assert nordtel["detectors.tone.refractory_hours"] == (6, "detectors, firewatch.yaml:7")
    assert nordtel["incidents.negative_share"] == (0.5, "firewatch.yaml:11")
    assert nordtel["incidents.quiet_below"] == (0.7, "default")
    assert nordtel["name"] == ("Nordtel", "firewatch.yaml:3")
    assert acme["detectors.volume.once_in_days"] == (3.5, "preset sensitive of the brand, firewatch.yaml:4")
    assert acme["expected_events[0]"][1] == "firewatch.yaml:9"
    assert "expected_events[0]" not in nordtel


def test_environment_variables_are_named(file: Path) -> None:
    found = explained(file, "nordtel", KAFKA_BOOTSTRAP="kafka:9092", FIREWATCH__PRESET="sensitive")
    assert found["kafka.bootstrap_servers"] == ("kafka:9092", "environment KAFKA_BOOTSTRAP")
    assert found["detectors.tone.once_in_days"] == (7, "preset sensitive, environment FIREWATCH__PRESET")


def test_without_a_brand_it_is_what_holds_for_all_others(file: Path) -> None:
    assert explained(file, None)["detectors.volume.once_in_days"] == (9, "detectors, firewatch.yaml:6")
    with pytest.raises(ConfigError, match="no brand 'acm'; did you mean acme"):
        explain(file, "acm", {})


def test_the_command_prints_a_table_or_json(file: Path) -> None:
    table = CliRunner().invoke(cli, ["explain-config", str(file), "--brand", "nordtel"])
    assert "detectors.volume.once_in_days" in table.output
    rows = json.loads(CliRunner().invoke(cli, ["explain-config", str(file), "--brand", "acme", "--json"]).output)
    assert {"setting": "id", "value": "acme", "origin": "firewatch.yaml:4"} in rows
