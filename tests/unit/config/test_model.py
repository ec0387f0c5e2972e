"""The whole config: its version, and what holds across sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from detectors import registry
from streams.config import Config
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
ACME = {"id": "acme", "name": "Acme", "match": {"any": ["acme"]}}


def config(**sections: Any) -> Config:
    return Config.model_validate({"brands": [BRAND, ACME]} | sections)


def test_the_version_names_what_decides_alerts_and_nothing_else() -> None:
    elsewhere = config(topics={"prefix": "x."}, kafka={"bootstrap_servers": "other:9092"})
    stricter = config(incidents={"negative_share": 0.9})
    assert config().version == elsewhere.version != stricter.version


def test_the_default_detectors_are_those_of_the_registry() -> None:
    assert {each.name: each.kind for each in config().detectors} == registry.DEFAULTS


def test_the_default_preset_is_not_a_chosen_one() -> None:
    assert (config().chosen_preset, config(preset="balanced").chosen_preset) == (None, "balanced")


def test_a_detector_that_is_off_does_not_run() -> None:
    made = config(detectors=[{"name": "b", "kind": "drift", "mode": "off"}])
    assert [each.name for each in made.detectors_of()] == ["volume", "tone", "crisis"]


def test_an_own_list_of_detectors_changes_and_adds_to_the_defaults() -> None:
    """A config with a list of its own used to lose the defaults that the list does not name, without a word."""
    made = config(detectors=[{"name": "tone", "once_in_days": 30}, {"name": "level", "kind": "drift"}])
    assert [(each.name, each.kind) for each in made.detectors] == [
        ("tone", "sentiment_shift"), ("level", "drift"), ("volume", "volume"), ("crisis", "composite")
    ]  # fmt: skip
    assert {each.name: each.params["once_in_days"] for each in made.detectors_of()}["tone"] == 30


def test_a_default_detector_is_switched_off_by_its_name_or_all_of_them_together() -> None:
    off = config(detectors=[{"name": "tone", "mode": False}])  # YAML reads `off` as false
    assert [each.name for each in off.detectors_of()] == ["volume", "crisis"]
    alone = config(detectors=[{"name": "level", "kind": "drift"}], default_detectors=False)
    assert [each.name for each in alone.detectors] == ["level"]


def test_an_own_list_that_names_all_defaults_keeps_its_version_and_its_order() -> None:
    entries = [{"name": name, "kind": kind} for name, kind in registry.DEFAULTS.items()]
    assert config(detectors=entries).version == config().version == config(detectors=[]).version
    assert [each.name for each in config(detectors=entries[::-1]).detectors] == ["crisis", "tone", "volume"]


def test_the_version_follows_the_detectors_that_run_and_not_how_they_are_written() -> None:
    volume = {"name": "volume", "once_in_days": 9}
    alone = config(detectors=[volume], default_detectors=False)
    assert config(detectors=[volume]).version != alone.version
    assert config(detectors=[volume | {"kind": "volume"}]).version == config(detectors=[volume]).version


def test_a_brand_has_its_own_quality_and_a_fast_model_is_always_needed() -> None:
    made = config(brands=[BRAND | {"quality": "best"}, ACME])
    assert made.qualities() == {"nordtel": "best", "acme": "fast"}
    assert made.models() == ["fast", "best"]
    assert config().models() == ["fast"]


def test_quiet_times_are_those_of_the_brand() -> None:
    made = config(expected_events=[{"reason": "launch", "day": "1970-01-02", "brands": ["acme"]}])
    assert made.quiet_times("acme").at(86_400_000, 86_700_000) is not None
    assert made.quiet_times("nordtel").at(86_400_000, 86_700_000) is None


def test_the_key_that_hashes_authors_comes_from_its_file_and_is_fixed_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREWATCH_AUTHOR_KEY", raising=False)
    (tmp_path / "key").write_text("k" * 70 + "\n")
    assert config().author_key() == b"firewatch"
    assert config(author_key_file=str(tmp_path / "key")).author_key() == b"k" * 64


def test_a_key_that_hashes_authors_may_have_several_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIREWATCH_AUTHOR_KEY", raising=False)
    (tmp_path / "key").write_text("line one\nline two\n")  # as `openssl rand -base64 64` writes it
    assert config(author_key_file=str(tmp_path / "key")).author_key() == b"line one\nline two"


def test_an_unreadable_secret_is_a_config_error(tmp_path: Path) -> None:
    brands = [{"id": "a", "name": "A", "match": {"any": ["aa"]}}]
    config = Config.model_validate({"brands": brands, "author_key_file": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="author_key_file"):
        config.author_key()
