"""From config to a detector."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from detectors.base import Aspect, ParameterError
from detectors.registry import KINDS, build


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_its_class(kind: str) -> None:
    detector = build(kind, {"once_in_days": 30, "refractory_hours": 6.5}, usual_posts_per_day=12)
    assert type(detector) is KINDS[kind]
    assert detector.kind == kind
    assert detector.unit
    assert detector.aspect in get_args(Aspect)


def test_an_unknown_kind_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ParameterError, match=r"'loudness'.*volume, sentiment_shift") as refused:
        build("loudness", {})
    assert refused.value.parameter == "kind"


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_parameter_is_refused_with_those_that_exist(kind: str) -> None:
    with pytest.raises(ParameterError, match="there are once_in_days, refractory_hours") as refused:
        build(kind, {"once_in_dayz": 3})
    assert refused.value.parameter == "once_in_dayz"


def test_the_level_of_the_brand_is_no_parameter_of_the_detector() -> None:
    with pytest.raises(ParameterError, match="is not a parameter"):
        build("volume", {"usual_posts_per_day": 3})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parameter", ["once_in_days", "refractory_hours"])
@pytest.mark.parametrize("value", [-1, 10_000, math.nan, math.inf, "3", True, None, [3]])
def test_a_value_that_is_not_allowed_is_refused(kind: str, parameter: str, value: object) -> None:
    with pytest.raises(ParameterError, match="must be a number from") as refused:
        build(kind, {parameter: value})
    assert refused.value.parameter == parameter


@pytest.mark.parametrize("level", [0, -3, math.nan, math.inf])
def test_an_impossible_level_is_refused(level: float) -> None:
    with pytest.raises(ParameterError, match="usual_posts_per_day"):
        build("volume", {}, usual_posts_per_day=level)
