"""What an oracle finds: the likelihood ratio against its definition, and how its finds depend on what it may raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from streams.offline.evaluation import CRISES, Oracle, found_by_oracle
from streams.offline.evaluation.oracle import LikelihoodRatio
from streams.offline.simulate.world import world

if TYPE_CHECKING:
    from streams.offline.simulate import Kind
    from streams.offline.simulate.world import SimulatedBrand


def brands_with(least: int, most: int) -> list[SimulatedBrand]:
    return [brand for brand in world(40) if least <= brand.posts_per_day < most]


def test_evidence_is_the_log_of_the_likelihood_ratio() -> None:
    # one sort of posts, one form, begun two checks ago, with twice and then five times the usual posts
    gains, costs = np.log([[2.0], [5.0]]), np.array([[1.0], [4.0]])
    ratio = LikelihoodRatio(checks=2, gains=gains, costs=costs)
    usual, counts = np.array([0.5, 1.0, 2.0]), np.array([[3, 1, 4]])
    evidence = ratio.evidence(usual, counts)
    assert evidence == pytest.approx([3 * np.log(2) + np.log(5) - 0.5 - 4, np.log(2) + 4 * np.log(5) - 1 - 8])


def test_several_forms_count_by_their_mean() -> None:
    one, other = np.log([[2.0], [2.0]]), np.log([[1.0], [8.0]])
    gains, costs = np.hstack((one, other)), np.zeros((2, 2))
    evidence = LikelihoodRatio(checks=2, gains=gains, costs=costs).evidence(np.ones(2), np.array([[1, 1]]))
    assert evidence == pytest.approx([np.log((4 + 8) / 2)])


@pytest.mark.parametrize("kind", CRISES)
def test_on_usual_days_the_mean_ratio_of_each_form_and_age_is_one(kind: Kind) -> None:
    # as it is of any likelihood ratio: of Poisson counts it is the exponential of what is compared here
    brand = world(1)[0]
    ratio = Oracle(kind).ratio(brand)
    sorts = np.kron(np.kron([brand.negative, 1 - brand.negative], [0.12, 0.88]), [0.16 / 1.2, 1 - 0.16 / 1.2])
    gained = np.exp(ratio.gains).reshape(len(sorts), ratio.checks, -1) - 1
    assert np.einsum("s,slf->lf", sorts, gained) == pytest.approx(ratio.costs)
    assert ratio.costs.max() > 0.1


def test_large_brands_are_easy_and_small_ones_are_not() -> None:
    storms = Oracle("firestorm")
    assert storms.found(brands_with(3_000, 9_000), cases=60, weeks=1) == 1
    assert storms.found(brands_with(0, 60), cases=60, weeks=4) < 0.9


def test_who_may_raise_more_finds_more() -> None:
    some = brands_with(100, 300)
    strict, lax = (
        Oracle("slow_burn").found(some, false_per_brand_week=allowed, cases=60, weeks=2) for allowed in (0.05, 2.0)
    )
    assert 0 < strict < lax < 1


def test_only_crises_are_looked_for() -> None:
    brands = brands_with(3_000, 9_000)[:1]
    assert list(found_by_oracle(["firestorm", "launch", "outage"], brands)) == ["firestorm"]
    assert found_by_oracle([], brands) == {}
