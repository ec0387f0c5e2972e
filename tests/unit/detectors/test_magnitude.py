"""What is rare but not large enough to matter."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Bucket, ParameterError
from detectors.registry import build
from detectors.units import HOUR_MS
from tests.support.series import buckets, watch

if TYPE_CHECKING:
    from detectors.base import Detector

KINDS: Final = ("volume", "sentiment_shift", "composite")
TIMES: Final = 3.0


@cache
def calm() -> list[Bucket]:
    """Four weeks of 1,000 mentions an hour, a tenth of them negative."""
    return buckets(28, lambda _: 24_000.0, minutes=60, negative=lambda _: 0.1)


@cache
def learned(kind: str, **params: Any) -> Detector:
    """To score changes nothing, so tests may share it."""
    detector = build(kind, params)
    watch(detector, calm())
    return detector


def later(count: int, negative: float) -> Bucket:
    """The hour after."""
    last = calm()[-1]
    return Bucket(last.start_ms + last.length_ms, HOUR_MS, count, negative=negative, authors=count)


SMALL: Final = {"volume": (2_500, 250), "sentiment_shift": (1_000, 450), "composite": (1_300, 500)}
LARGE: Final = {"volume": (6_000, 600), "sentiment_shift": (1_000, 900), "composite": (6_000, 3_000)}


@pytest.mark.parametrize("kind", KINDS)
def test_less_than_so_many_times_the_usual_does_not_fire_however_rare(kind: str) -> None:
    free, demanding = learned(kind), learned(kind, at_least_times=TIMES)
    assert free.score_one(later(*SMALL[kind])).fires
    score = demanding.score_one(later(*SMALL[kind]))
    assert 0.4 < score.value < 1
    assert score.observed <= score.upper


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_rare_and_large_is_scored_as_before(kind: str) -> None:
    free, demanding = learned(kind), learned(kind, at_least_times=TIMES)
    score = demanding.score_one(later(*LARGE[kind]))
    assert score.fires
    assert score == free.score_one(later(*LARGE[kind]))


def test_a_fall_must_be_as_many_times_less() -> None:
    free, demanding = (build("volume", {"direction": "down", **more}) for more in ({}, {"at_least_times": 20.0}))
    watch(free, calm())
    watch(demanding, calm())
    hours = [later(200, 20)]
    for _ in range(5):
        hours.append(replace(hours[-1], start_ms=hours[-1].start_ms + HOUR_MS))
    assert max(score.value for _, score in watch(free, hours)) >= 1
    assert max(score.value for _, score in watch(demanding, hours)) < 1


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8_000), st.integers(0, 8_000))
def test_more_of_it_never_scores_less(kind: str, one: int, other: int) -> None:
    detector = learned(kind, at_least_times=TIMES)
    less, more = sorted((one, other))
    scores = [detector.score_one(later(1_000 + count, 100.0 + count)).value for count in (less, more)]
    assert scores[0] <= scores[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [0.5, 101, True, "3"])
def test_other_values_are_refused_by_name(kind: str, wrong: object) -> None:
    with pytest.raises(ParameterError, match=r"^at_least_times: must be a number from 1 to 100"):
        build(kind, {"at_least_times": wrong})
