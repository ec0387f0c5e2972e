from __future__ import annotations

import statistics
from random import Random

import pytest

from streams.offline.simulate.rhythm import Fluctuation, audience, poisson
from streams.offline.simulate.typing_noise import with_typing_noise


@pytest.mark.parametrize("mean", [0.05, 2.5, 40.0, 1_200.0])
def test_poisson_has_its_mean_and_variance(mean: float) -> None:
    rng = Random(5)
    draws = 4_000
    counts = [poisson(rng, mean) for _ in range(draws)]
    error = (mean / draws) ** 0.5
    assert abs(statistics.fmean(counts) - mean) < 4 * error
    assert 0.85 < statistics.variance(counts) / mean < 1.15


def test_poisson_of_nothing_is_nothing() -> None:
    assert poisson(Random(1), 0.0) == 0


def test_restlessness_is_one_on_average_and_remembers() -> None:
    walk = Fluctuation(Random(3), spread=0.4, memory_minutes=45)
    factors = [walk.next_minute() for _ in range(200_000)]
    assert abs(statistics.fmean(factors) - 1) < 0.03
    assert min(factors) > 0
    lagged = statistics.correlation(factors[:-45], factors[45:])
    assert 0.25 < lagged < 0.48  # about 1/e


def test_audiences_sleep_at_different_hours() -> None:
    german = [sum(audience("de")[hour * 60 : hour * 60 + 60]) for hour in range(24)]
    english = [sum(audience("en")[hour * 60 : hour * 60 + 60]) for hour in range(24)]
    assert german.index(min(german)) in (1, 2, 3)
    assert english.index(min(english)) in (4, 5, 6, 7)
    assert max(german) > 8 * min(german)
    saturday, thursday = (sum(audience("de")[day * 1_440 : (day + 1) * 1_440]) for day in (5, 3))
    assert saturday < 0.9 * thursday


def test_quirks_change_some_texts_and_never_a_name() -> None:
    uniform = Random(11).random
    text = "Schon wieder keine Verbindung bei nordtel, ich warte seit gestern"
    seen = [with_typing_noise(text, frozenset({"nordtel"}), uniform) for _ in range(3_000)]
    changed = [new for new in seen if new != text]
    assert 0.08 < len(changed) / len(seen) < 0.2
    assert all("nordtel" in new.lower() for new in seen)
    assert text.lower() in changed
    assert text.upper() in changed
    assert any("gesteeern" in new or "gesteeeern" in new or "gesteeeeern" in new for new in changed)
