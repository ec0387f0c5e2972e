"""Settings of brands and detectors."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streams.config import BrandSettings, DetectorSettings, MatchSettings

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "Nordtel"}, {"id": "_nordtel"}, {"id": "n" * 65}, {"name": " "}, {"match": {"any": ["n"]}},
        {"match": {"none": ["arena"]}}, {"usual_posts_per_day": 0}, {"language": "fr"}, {"preset": "loud"},
        {"detectors": {"volume": {"mode": "loud"}}},
    ],
)  # fmt: skip
def test_what_a_brand_can_not_be_is_refused(wrong: dict[str, Any]) -> None:
    BrandSettings.model_validate(BRAND)
    with pytest.raises(ValidationError):
        BrandSettings.model_validate(BRAND | wrong)


def test_tags_alone_are_enough_to_match() -> None:
    assert MatchSettings.model_validate({"tagged": ["Nordtel"]}).any == []


@pytest.mark.parametrize(
    "match",
    [
        {"any": ["Gap", {"term": "gap.example", "case": "ignore"}], "case": "sensitive"},
        {"any": [{"term": "Gap", "case": "sensitive"}, {"term": "@gap"}]},
        {"all": [{"terms": ["bahn", "zug"]}, {"terms": ["bahn", ["zug", {"term": "ICE", "case": "sensitive"}]]}]},
        {"all": [{"terms": ["bahn", "zug", "gleis"], "within": None}], "none": [{"term": "Gap", "case": "sensitive"}]},
    ],
)
def test_terms_may_have_a_case_and_stand_in_groups(match: dict[str, Any]) -> None:
    settings = MatchSettings.model_validate(match)
    assert MatchSettings.model_validate(settings.model_dump()) == settings


def test_the_case_is_ignored_and_terms_of_a_group_stand_within_ten_words_by_default() -> None:
    settings = MatchSettings.model_validate({"any": ["Gap"], "all": [{"terms": ["bahn", "zug"]}]})
    assert (settings.any, settings.case, settings.all[0].within) == (["Gap"], "ignore", 10)


@pytest.mark.parametrize(
    "match",
    [
        {"any": [{"term": "Gap", "case": "loud"}]}, {"any": [{"case": "sensitive"}]}, {"any": [["aa", "bb"]]},
        {"any": [{"term": "Gap", "cas": "sensitive"}]}, {"any": ["Gap"], "case": "loud"}, {"all": ["bahn", "zug"]},
        {"all": [{"terms": ["bahn"]}]}, {"all": [{"terms": ["bahn", []]}]}, {"all": [{"terms": ["bahn", ["x"]]}]},
        {"all": [{"terms": ["bahn", "zug"], "within": 1}]}, {"all": [{"terms": ["bahn", "zug"], "whitin": 5}]},
        {"all": [{"terms": ["bahn", [["zug"]]]}]}, {"none": ["arena"], "case": "sensitive"},
    ],
)  # fmt: skip
def test_other_forms_of_terms_are_refused(match: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MatchSettings.model_validate(match)


def test_off_is_off_although_yaml_reads_it_as_false() -> None:
    assert DetectorSettings.model_validate({"name": "tone", "kind": "sentiment_shift", "mode": False}).mode == "off"


def test_a_detector_is_built_with_its_parameters_and_the_known_level() -> None:
    settings = DetectorSettings.model_validate({"name": "volume", "kind": "volume", "direction": "down"})
    assert settings.params == {"direction": "down"}
    assert settings.build(usual_posts_per_day=900).kind == "volume"
