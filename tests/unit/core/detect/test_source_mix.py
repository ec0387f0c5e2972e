"""How much of a brand's usual mentions a bucket can have received."""

from __future__ import annotations

import pytest

from streams.core.detect.source_mix import SourceMix, likely_coverage
from streams.core.rollup.frequent import KEPT
from streams.core.rollup.tally import Tally


def mix(**shares: float) -> SourceMix:
    made = SourceMix()
    made.load(list(shares.items()))
    return made


def test_sources_that_are_out_and_those_with_gaps_lower_the_coverage_by_their_share() -> None:
    three = mix(forum=0.5, news=0.3, bluesky=0.2)
    assert three.coverage(frozenset(), {}) == 1
    assert three.coverage({"news"}, {}) == pytest.approx(0.7)
    assert three.coverage(frozenset(), {"news": 0.5}) == pytest.approx(0.85)
    assert three.coverage({"news"}, {"news": 0.5, "bluesky": 1.0}) == pytest.approx(0.5)
    assert three.coverage({"elsewhere"}, {"unknown": 1.0}) == 1
    assert mix(forum=1.0).coverage(frozenset(), {"forum": 1.0}) == 0


def test_nothing_is_missing_of_a_brand_whose_sources_are_unknown() -> None:
    assert SourceMix().coverage({"forum"}, {"news": 1.0}) == 1
    assert not SourceMix().uses("forum")


def test_a_source_that_mentions_the_brand_is_used_and_the_rarest_are_forgotten() -> None:
    learned = SourceMix()
    tally = Tally()
    tally.sources = {f"source{number:03}": 1 for number in range(KEPT + 5)}
    tally.count = KEPT + 5
    learned.learn(tally)
    assert sum(learned.uses(f"source{number:03}") for number in range(KEPT + 5)) == KEPT
    before = learned.dump()
    learned.learn(Tally())
    assert learned.dump() == before, "a bucket without mentions says nothing about the mix"


@pytest.mark.parametrize(
    ("count", "usual", "expected"),
    [
        (0, 8, 0.25),
        (1, 8, 0.25),
        (4, 8, 0.5),
        (8, 8, 0.9),
        (800, 8, 0.9),
        (3, 0, 0.9),
        (0, None, 0.25),
        (9, None, 0.25),
    ],
)
def test_as_much_is_missing_as_explains_a_low_count(count: int, usual: float | None, expected: float) -> None:
    assert likely_coverage(0.25, 0.9, count, usual) == expected
