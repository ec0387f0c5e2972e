"""Folds, and labels that are evaluated by what was chosen without them."""

from __future__ import annotations

from detectors.units import DAY_MS
from streams.offline.backtest import evaluate
from streams.offline.tuning.validation import folds, pooled, validate
from tests.support.tuning import incident, judged, label


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
