"""What a brand's detectors are set to in the end, and that nobody gets other defaults by it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from detectors import registry
from detectors.base import ParameterError
from streams.config import Config
from streams.config.rounds import check

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}


def config(brand: dict[str, Any] | None = None, **sections: Any) -> Config:
    return Config.model_validate({"brands": [BRAND | (brand or {})]} | sections)


def once_in_days(made: Config) -> dict[str, float]:
    return {each.name: each.params["once_in_days"] for each in made.detectors_of(made.brands[0])}


@pytest.mark.parametrize("sections", [{}, {"preset": "balanced"}])
def test_balanced_is_what_the_detectors_do_by_themselves(sections: dict[str, Any]) -> None:
    made = config(**sections)
    for detector in made.detectors_of(made.brands[0]):
        parameters = registry.parameters(detector.kind)
        assert detector.params == {name: parameter.default for name, parameter in parameters.items()}
        assert detector.mode == "live"


def test_the_later_layer_wins() -> None:
    volume = {"name": "volume", "kind": "volume"}
    assert once_in_days(config(preset="calm")) == {"volume": 14, "tone": 28, "crisis": 42}
    assert once_in_days(config(preset="calm", detectors=[volume | {"once_in_days": 9}])) == {
        "volume": 9,
        "tone": 28,
        "crisis": 42,
    }
    sensitive = {"preset": "sensitive"}
    assert once_in_days(config(sensitive, detectors=[volume | {"once_in_days": 9}])) == {
        "volume": 3.5,
        "tone": 7,
        "crisis": 10.5,
    }
    own = sensitive | {"detectors": {"volume": {"once_in_days": 30}}}
    assert once_in_days(config(own, detectors=[volume | {"once_in_days": 9}])) == {
        "volume": 30,
        "tone": 7,
        "crisis": 10.5,
    }


def test_one_brand_departs_and_the_others_do_not() -> None:
    brands = [BRAND | {"preset": "calm"}, BRAND | {"id": "acme", "detectors": {"tone": {"mode": False}}}]
    made = Config.model_validate({"brands": brands})  # YAML reads `off` as false
    calm, without_tone = (made.detectors_of(brand) for brand in made.brands)
    assert [each.params["once_in_days"] for each in calm] == [14, 28, 42]
    assert {each.name: each.params["once_in_days"] for each in without_tone} == {"volume": 7, "crisis": 21}


def test_a_mode_can_be_taken_back_for_a_brand() -> None:
    shadow = [{"name": "volume", "kind": "volume", "mode": "shadow"}]
    made = config({"detectors": {"volume": {"mode": "live"}}}, detectors=shadow)
    assert [each.mode for each in made.detectors_of(made.brands[0])] == ["live", "live", "live"]
    assert [each.mode for each in made.detectors_of()] == ["shadow", "live", "live"]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ({"volum": {}}, r"brands\[0\]\.detectors\.volum: no such detector; there are volume, tone, crisis"),
        ({"tone": {"once_in_days": 1}}, r"brands\[0\]\.detectors\.tone\.once_in_days: must be a number from 2 to 3650"),
        ({"tone": {"direction": "up"}}, r"brands\[0\]\.detectors\.tone\.direction: is not a parameter"),
        ({"tone": {"mode": "loud"}}, r"brands\[0\]\.detectors\.tone\.mode: must be live, shadow or off, got 'loud'"),
    ],
)
def test_what_a_brand_can_not_have_is_refused(override: dict[str, Any], problem: str) -> None:
    (found,) = check({"brands": [BRAND | {"detectors": override}]}).found
    assert re.match(problem, str(found.problem))


@pytest.mark.parametrize("kind", registry.KINDS)
def test_parameters_are_allowed_within_their_schema_and_not_beyond(kind: str) -> None:
    for name, parameter in registry.parameters(kind).items():
        for bound, beyond in (("minimum", -0.01), ("maximum", 1)):
            if bound in parameter.schema:
                limit = parameter.schema[bound]
                registry.build(kind, {name: limit})
                with pytest.raises(ParameterError, match=name):
                    registry.build(kind, {name: limit + beyond})
        for word in parameter.schema.get("enum", []):
            registry.build(kind, {name: word})
