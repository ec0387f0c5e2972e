"""How much later a config finds the incidents that another one finds too."""

from __future__ import annotations

from detectors.units import MINUTE_MS
from streams.offline.backtest import LabelEvaluation, evaluate
from streams.offline.tuning.delays import later
from tests.support.tuning import incident, label

LABELS = [label(brand, 0) for brand in ("alpha", "beta", "gamma")]


def found(**minutes: float) -> LabelEvaluation:
    raised = [incident(brand, round(delay * MINUTE_MS)) for brand, delay in minutes.items()]
    return evaluate(LABELS, raised, "warning")


def test_only_incidents_that_both_find_are_compared() -> None:
    delay = later(found(alpha=1, beta=2, gamma=50), found(alpha=4, beta=3))
    assert delay is not None
    assert (delay.labels, delay.median_minutes, delay.most_minutes) == (2, 2.0, 3.0)
    assert delay.most_title.startswith("alpha")


def test_without_an_incident_that_both_find_nothing_is_compared() -> None:
    assert later(found(alpha=1), found(beta=1)) is None


def test_the_order_of_the_labels_does_not_matter() -> None:
    one, other = found(alpha=1, beta=9, gamma=1), found(alpha=2, beta=10, gamma=2)
    turned = LabelEvaluation(list(reversed(other.results)), [])
    assert later(one, turned) == later(one, other)


def test_a_minute_in_the_median_or_ten_once_deserve_a_warning() -> None:
    now = found(alpha=1, beta=1, gamma=1)
    cases = [
        (found(alpha=1, beta=1, gamma=1), False),
        (found(alpha=1.5, beta=1.5, gamma=1.5), False),
        (found(alpha=2, beta=2, gamma=1), True),
        (found(alpha=1, beta=1, gamma=11), True),
        (found(alpha=0, beta=0, gamma=0), False),
    ]
    assert [delay.is_much for each, _ in cases if (delay := later(now, each))] == [much for _, much in cases]
