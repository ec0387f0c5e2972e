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


def test_off_is_off_although_yaml_reads_it_as_false() -> None:
    assert DetectorSettings.model_validate({"name": "tone", "kind": "sentiment_shift", "mode": False}).mode == "off"


def test_a_detector_is_built_with_its_parameters_and_the_known_level() -> None:
    settings = DetectorSettings.model_validate({"name": "volume", "kind": "volume", "direction": "down"})
    assert settings.params == {"direction": "down"}
    assert settings.build(usual_posts_per_day=900).kind == "volume"
