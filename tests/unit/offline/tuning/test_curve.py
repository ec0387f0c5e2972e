"""The choice along a curve of scores, and how flat the curve is around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.offline.tuning.curve import Edge, choose, edges, flat_ranges


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=9, max_size=9), min_size=1, max_size=4),
    st.integers(0, 8),
    st.floats(0, 0.5),
)
def test_the_choice_is_about_as_good_as_the_best_and_in_the_middle_of_its_run(
    curves: list[list[float]], now: int, tolerance: float
) -> None:
    for curve in curves:
        curve[now] = curves[0][now]
    choice = choose(curves, [now] * len(curves), tolerance)
    best = max(map(max, curves))
    assert curves[choice.parameter][choice.place] >= best - tolerance - 1e-8
    assert choice.keeps == (curves[0][now] >= best - tolerance - 1e-9)
    run = choice.flat
    if not choice.keeps:
        assert abs((choice.place - run.first) - (run.last - choice.place)) <= 1
        assert all(other.last - other.first <= run.last - run.first for other in flat_ranges(curves, tolerance))


def test_a_choice_at_a_cliff_is_told_and_one_on_a_plateau_is_not() -> None:
    def around(scores: list[float]) -> list[Edge]:
        choice = choose([scores], [0], 0.02)
        return edges(scores, choice.flat, choice.place)

    assert around([0.2, 0.5, 0.9, 0.9, 0.9, 0.3]) == []
    left, right = around([0.2, 0.5, 0.9, 0.3])
    assert (left.place, right.place) == (1, 3)
    assert right.drop == pytest.approx(0.6)
    assert right.steep
    assert [(edge.place, edge.steep) for edge in around([0.8, 0.87, 0.9, 0.88])] == [(1, False)]
