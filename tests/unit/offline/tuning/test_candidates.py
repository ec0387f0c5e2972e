"""Which candidates there are: one detector or all of them, in steps that are allowed."""

from __future__ import annotations

from streams.config import Config
from streams.offline.tuning.candidates import ALL, distinct, own_return_periods, parameters, preset_of
from tests.support.tuning import config


def test_a_candidate_turns_all_live_detectors_or_one_and_nothing_else() -> None:
    current = config(
        detectors=[
            {"name": "volume", "kind": "volume", "refractory_hours": 3},
            {"name": "crisis", "kind": "composite", "once_in_days": 100},
            {"name": "level", "kind": "drift", "mode": "shadow"},
        ],
        default_detectors=False,
    )
    turned = {parameter.name: parameter for parameter in parameters(current)}
    assert list(turned) == ["volume", "crisis", ALL]
    most = turned[ALL].candidates[-1]
    assert (most.factor, dict(most.days)) == (4.0, {"volume": 28.0, "crisis": 400.0})
    assert dict(turned["crisis"].candidates[-1].days) == {"volume": 7.0, "crisis": 400.0}
    assert most.config.detectors[0].params == {"refractory_hours": 3, "once_in_days": 28.0}
    assert most.config.detectors[2] == current.detectors[2]
    assert most.config.brands == current.brands
    assert turned[ALL].candidates[turned[ALL].current].config.version == current.version
    assert distinct(list(turned.values()))[0].config.version == current.version


def test_steps_that_are_not_allowed_are_left_out() -> None:
    alone = config(detectors=[{"name": "volume", "once_in_days": 3}], default_detectors=False)
    (parameter,) = parameters(alone)
    assert [candidate.days["volume"] for candidate in parameter.candidates] == [2.0, 2.1, 3.0, 4.2, 6.0, 8.4, 12.0]
    assert parameter.candidates[parameter.current].days["volume"] == 3


def test_brands_that_say_themselves_how_rare_it_must_be_are_told() -> None:
    brands = [
        {"id": "alpha", "name": "A", "match": {"any": ["aa"]}, "detectors": {"tone": {"once_in_days": 9}}},
        {"id": "beta", "name": "B", "match": {"any": ["bb"]}, "detectors": {"tone": {"mode": "off"}}},
    ]
    assert list(own_return_periods(Config.model_validate({"brands": brands}))) == [("alpha", "tone")]


def test_a_preset_is_named_where_it_says_the_same() -> None:
    together = parameters(config())[-1]
    by_factor = {candidate.factor: preset_of(candidate, config()) for candidate in together.candidates}
    assert {factor: preset for factor, preset in by_factor.items() if preset} == {
        0.5: "sensitive",
        1.0: "balanced",
        2.0: "calm",
    }
    outspoken = config(detectors=[{"name": "volume", "kind": "volume", "once_in_days": 7}])
    assert [preset_of(candidate, outspoken) for candidate in parameters(outspoken)[0].candidates] == [None] * 9
