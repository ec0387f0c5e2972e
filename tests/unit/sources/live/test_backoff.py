"""How long is waited before another attempt."""

from __future__ import annotations

import random

import pytest

from streams.sources.live.backoff import FIRST_SECONDS, LAST_SECONDS, LONGEST_SECONDS, Backoff


def test_the_bound_doubles_up_to_the_last_and_a_delay_is_half_of_it_at_least() -> None:
    backoff = Backoff(random.Random(1))
    delays = [backoff.delay() for _ in range(40)]
    bounds = [min(LAST_SECONDS, FIRST_SECONDS * 2.0**number) for number in range(40)]
    assert all(bound / 2 <= delay <= bound for bound, delay in zip(bounds, delays, strict=True))
    assert len(set(delays[-10:])) == 10  # two that fail together do not try again together


def test_a_success_begins_again_with_the_first_delay() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(9):
        backoff.delay()
    backoff.succeeded()
    assert backoff.delay() <= FIRST_SECONDS


def test_the_other_side_gets_the_patience_that_it_asks_for_but_not_for_ever() -> None:
    backoff = Backoff(random.Random(1))
    assert 120 <= backoff.delay(120) <= 132
    assert LONGEST_SECONDS <= backoff.delay(10**9) <= 1.1 * LONGEST_SECONDS


@pytest.mark.parametrize("asked", [0.0, -5.0])
def test_who_asks_for_no_patience_gets_the_usual_delay(asked: float) -> None:
    assert Backoff(random.Random(1)).delay(asked) == Backoff(random.Random(1)).delay()
