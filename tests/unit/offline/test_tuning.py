"""What tuning makes of what candidates raised: the choice, how flat it is, folds, and what it says of few labels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.units import DAY_MS, HOUR_MS
from streams.config import Config
from streams.offline.backtest import Expected, evaluate
from streams.offline.incident_matching import RaisedIncident, Rise
from streams.offline.tuning.candidates import ALL, distinct, left_alone, parameters, preset_of
from streams.offline.tuning.curve import Edge, choose, edges, runs
from streams.offline.tuning.objective import score
from streams.offline.tuning.validation import folds, pooled, validate

if TYPE_CHECKING:
    from streams.offline.backtest import LabelEvaluation


def config(**sections: object) -> Config:
    brands = [{"id": id, "name": id, "match": {"any": [id]}} for id in ("alpha", "beta", "gamma", "delta")]
    return Config.model_validate({"brands": brands} | sections)


def label(brand: str, at_ms: int) -> Expected:
    begin, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (at_ms, at_ms + HOUR_MS))
    return Expected.model_validate({"brand": brand, "from": begin, "to": end})


def incident(brand: str, at_ms: int) -> RaisedIncident:
    return RaisedIncident(brand, f"{brand}{at_ms}", [Rise(at_ms, "warning")])


def judged(labels: list[Expected], found: int, false: int = 0, brand: str = "delta") -> LabelEvaluation:
    right = [incident(each.brand, round(each.from_.timestamp() * 1000)) for each in labels[:found]]
    return evaluate(
        labels, right + [incident(brand, 100 * DAY_MS + place * DAY_MS) for place in range(false)], "warning"
    )


def test_a_candidate_turns_all_live_detectors_or_one_and_nothing_else() -> None:
    current = config(
        detectors=[
            {"name": "volume", "kind": "volume", "refractory_hours": 3},
            {"name": "crisis", "kind": "composite", "once_in_days": 100},
            {"name": "level", "kind": "drift", "mode": "shadow"},
        ]
    )
    turned = {parameter.name: parameter for parameter in parameters(current)}
    assert list(turned) == ["volume", "crisis", ALL]
    most = turned[ALL].candidates[-1]
    assert (most.factor, dict(most.days)) == (4.0, {"volume": 28.0, "crisis": 400.0})
    assert dict(turned["crisis"].candidates[-1].days) == {"volume": 7.0, "crisis": 400.0}
    assert most.config.detectors[0].params == {"refractory_hours": 3, "once_in_days": 28.0}
    assert most.config.detectors[2] == current.detectors[2]
    assert most.config.brands == current.brands
    assert turned[ALL].candidates[turned[ALL].now].config.version == current.version
    assert distinct(list(turned.values()))[0].config.version == current.version


def test_steps_that_are_not_allowed_are_left_out() -> None:
    (parameter,) = parameters(config(detectors=[{"name": "volume", "kind": "volume", "once_in_days": 3}]))
    assert [candidate.days["volume"] for candidate in parameter.candidates] == [2.0, 2.1, 3.0, 4.2, 6.0, 8.4, 12.0]
    assert parameter.candidates[parameter.now].days["volume"] == 3


def test_nothing_can_be_turned_where_all_detectors_are_in_shadow() -> None:
    assert parameters(config(detectors=[{"name": "volume", "kind": "volume", "mode": "shadow"}])) == []


def test_brands_that_say_themselves_how_rare_it_must_be_are_told() -> None:
    brands = [
        {"id": "alpha", "name": "A", "match": {"any": ["aa"]}, "detectors": {"tone": {"once_in_days": 9}}},
        {"id": "beta", "name": "B", "match": {"any": ["bb"]}, "detectors": {"tone": {"mode": "off"}}},
    ]
    assert list(left_alone(Config.model_validate({"brands": brands}))) == [("alpha", "tone")]


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
    run = choice.run
    if not choice.keeps:
        assert abs((choice.place - run.first) - (run.last - choice.place)) <= 1
        assert all(other.last - other.first <= run.last - run.first for other in runs(curves, tolerance))


def test_a_choice_at_a_cliff_is_told_and_one_on_a_plateau_is_not() -> None:
    def around(scores: list[float]) -> list[Edge]:
        choice = choose([scores], [0], 0.02)
        return edges(scores, choice.run, choice.place)

    assert around([0.2, 0.5, 0.9, 0.9, 0.9, 0.3]) == []
    left, right = around([0.2, 0.5, 0.9, 0.3])
    assert (left.place, right.place) == (1, 3)
    assert right.drop == pytest.approx(0.6)
    assert right.steep
    assert [(edge.place, edge.steep) for edge in around([0.8, 0.87, 0.9, 0.88])] == [(1, False)]


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


def test_a_missed_incident_weighs_as_much_as_four_false_ones() -> None:
    labels = [label("alpha", place * DAY_MS) for place in range(5)]
    assert score(judged(labels, 5)) == 1
    assert score(judged(labels, 4)) == pytest.approx(20 / 24)
    assert score(judged(labels, 5, false=5)) == pytest.approx(25 / 30)
    assert score(judged(labels, 0, false=3)) == 0


def test_folds_are_brands_where_enough_of_them_have_labels() -> None:
    divided = folds([label(brand, 0) for brand in ("alpha", "beta", "gamma", "alpha")], ["delta", "alpha", "zeta"])
    assert [sorted(fold.brands or ()) for fold in divided] == [["alpha", "delta"], ["beta", "zeta"], ["gamma"]]


def test_folds_are_spans_cut_between_labels_where_they_are_of_few_brands() -> None:
    labels = [label("alpha", place * DAY_MS) for place in range(7)] + [label("beta", 30 * 60_000)]
    divided = folds(labels, ["alpha", "beta"])
    parts = [[each for each in labels if fold.holds(each.brand, each.from_.timestamp() * 1000)] for fold in divided]
    assert len(divided) == 5
    assert all(parts)
    assert sorted(map(id, labels)) == sorted(id(each) for part in parts for each in part)
    assert {each.brand for each in parts[0]} == {"alpha", "beta"}  # what overlaps stays together


def test_what_happened_at_the_same_time_can_not_be_divided() -> None:
    assert len(folds([label("alpha", 0), label("beta", 0)], ["alpha", "beta"])) == 1
    assert len(folds([label("alpha", 0)], ["alpha", "beta"])) == 1


def test_each_label_is_judged_by_what_was_chosen_without_it() -> None:
    labels = [label(brand, 0) for brand in ("alpha", "beta", "gamma")]
    only_alpha = evaluate(labels, [incident("alpha", 0)], "warning")
    others = evaluate(labels, [incident("beta", 0), incident("gamma", 0)], "warning")
    held = validate([[only_alpha, others]], [0], folds(labels, []), "warning", 0.02)
    # without alpha the other candidate is better; without one of the others both do as well, and what is in use stays
    assert [each.choice.place for each in held] == [1, 0, 0]
    together = pooled(held)
    assert (len(together.results), together.recall) == (3, 0.0)


def test_false_incidents_belong_to_the_fold_of_their_brand() -> None:
    labels = [label(brand, 0) for brand in ("alpha", "beta", "gamma")]
    noisy = judged(labels, 3, false=2, brand="beta")
    by_brand = [len(fold.part(noisy, "warning", inside=True).false) for fold in folds(labels, ["delta"])]
    assert by_brand == [0, 2, 0]
    outside = [len(fold.part(noisy, "warning", inside=False).results) for fold in folds(labels, ["delta"])]
    assert outside == [2, 2, 2]
