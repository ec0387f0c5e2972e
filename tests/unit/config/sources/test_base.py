"""Entries of the section `sources`, whatever their kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.config import Config
from streams.config.loader import config_of
from streams.config.sources import KINDS, SOURCES, chosen, kind_of
from streams.errors import ConfigError

BRANDS = "brands: [{id: a, name: A, match: {any: [aa]}}]\n"


def problems(sources: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config_of(f"{BRANDS}sources: {sources}\n".encode(), Path("firewatch.yaml"))
    return [str(problem) for problem in caught.value.problems]


def config(*sources: dict[str, Any]) -> Config:
    return Config.model_validate({"brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}], "sources": sources})


def test_an_unknown_kind_is_named_with_those_that_there_are() -> None:
    (problem,) = problems("[{id: bluesky, kind: jetstraem}]")
    assert "sources[0].kind" in problem
    assert "'jetstraem'" in problem
    assert "did you mean jetstream?" in problem
    assert all(kind in problem for kind in KINDS)


def test_an_entry_without_a_kind_is_refused() -> None:
    (problem,) = problems("[{id: bluesky}]")
    assert "sources[0].kind" in problem
    assert "is required" in problem


def test_an_unknown_field_is_named_in_its_entry() -> None:
    (problem,) = problems("[{id: bluesky, kind: jetstream, languges: [de]}]")
    assert "sources[0].languges" in problem
    assert "languages" in problem


def test_two_sources_with_one_id_are_refused() -> None:
    found = problems("[{id: bluesky, kind: jetstream}, {id: bluesky, kind: jetstream}]")
    assert len(found) == 1
    assert "bluesky" in found[0]
    assert "sources[1].id" in found[0]


@pytest.mark.parametrize("id", ["'Blue sky'", "''", "a:b", "x" * 65])
def test_an_id_that_is_no_key_is_refused(id: str) -> None:
    (problem,) = problems(f"[{{id: {id!r}, kind: jetstream}}]" if "'" not in id else f"[{{id: {id}, kind: jetstream}}]")
    assert "sources[0].id" in problem


def test_an_entry_that_is_no_mapping_is_refused() -> None:
    (problem,) = problems("[bluesky]")
    assert "sources[0]" in problem


@pytest.mark.parametrize("settings", SOURCES)
def test_each_setting_of_a_kind_has_a_description_that_is_a_sentence(settings: Any) -> None:
    assert kind_of(settings) in KINDS
    for name, field in settings.model_fields.items():
        assert field.description, name
        assert field.description.rstrip().endswith((".", ")")), name


def test_sources_are_chosen_by_id_and_all_are_those_that_are_enabled() -> None:
    sources = config(
        {"id": "bluesky", "kind": "jetstream"}, {"id": "other", "kind": "jetstream", "enabled": False}
    ).sources
    assert [source.id for source in chosen(sources, ["all"])] == ["bluesky"]
    assert [source.id for source in chosen(sources, ["other"])] == ["other"]
    assert [source.id for source in chosen(sources, ["other", "all", "other"])] == ["bluesky", "other"]


def test_an_unknown_id_is_named_with_those_that_there_are() -> None:
    sources = config({"id": "bluesky", "kind": "jetstream"}).sources
    with pytest.raises(ConfigError, match="there is no source 'blusky'; there are bluesky; did you mean bluesky"):
        chosen(sources, ["blusky"])


def test_there_must_be_a_source_to_read() -> None:
    with pytest.raises(ConfigError, match="there is no source to read"):
        chosen(config({"id": "bluesky", "kind": "jetstream", "enabled": False}).sources, ["all"])
    with pytest.raises(ConfigError, match="there are none"):
        chosen([], ["all"])
