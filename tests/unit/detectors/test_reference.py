"""The reference over all brands sees what befalls everybody, and only that."""

from __future__ import annotations

import random

import pytest

from detectors.reference import GROUPS, Reference
from detectors.units import MINUTE_MS
from tests.support.series import poisson


def taught(hours: float, per_minute: float, *, groups: int = GROUPS) -> tuple[Reference, int]:
    """Poisson counts in the first `groups` groups; with it the next minute."""
    draw = random.Random(3)
    reference = Reference()
    minutes = int(hours * 60)
    for minute in range(minutes):
        reference.learn(minute * MINUTE_MS, MINUTE_MS, counts(draw, per_minute, groups))
    return reference, minutes


def counts(draw: random.Random, per_minute: float, groups: int = GROUPS) -> list[int]:
    return [poisson(draw, per_minute) if group < groups else 0 for group in range(GROUPS)]


def go_on(reference: Reference, first: int, minutes: int, per_minute: list[float]) -> None:
    draw = random.Random(4)
    for minute in range(first, first + minutes):
        reference.learn(minute * MINUTE_MS, MINUTE_MS, [poisson(draw, mean) for mean in per_minute])


def test_a_surge_of_the_whole_platform_is_seen_within_minutes() -> None:
    reference, now = taught(48, 3)
    assert reference.without(0) == pytest.approx(1, abs=0.3)
    go_on(reference, now, 8, [12.0] * GROUPS)
    assert reference.without(0) > 1.8
    go_on(reference, now + 8, 22, [12.0] * GROUPS)
    assert 3 < reference.without(0) < 5


def test_storms_at_a_few_brands_are_not_the_platform() -> None:
    reference, now = taught(48, 3)
    go_on(reference, now, 60, [300.0] * 4 + [3.0] * (GROUPS - 4))
    assert all(reference.without(group) < 1.4 for group in range(GROUPS))


def test_nothing_is_known_of_the_first_hours_nor_of_few_brands_nor_of_next_to_no_mentions() -> None:
    for hours, per_minute, groups in ((5, 3.0, GROUPS), (48, 3.0, 4), (48, 0.05, GROUPS)):
        reference, now = taught(hours, per_minute, groups=groups)
        go_on(reference, now, 30, [20 * per_minute] * groups + [0.0] * (GROUPS - groups))
        assert reference.without(0) == 1.0


def test_the_morning_of_every_day_is_no_surge() -> None:
    draw, reference, seen = random.Random(5), Reference(), []
    for minute in range(10 * 1440):
        busy = 8 <= minute // 60 % 24 < 22
        reference.learn(minute * MINUTE_MS, MINUTE_MS, counts(draw, 5 if busy else 0.8))
        if minute > 7 * 1440:
            seen.append(reference.without(0))
    assert max(seen) < 2.2
    assert sum(value > 1.5 for value in seen) < 0.05 * len(seen)


def test_it_goes_on_bit_by_bit_from_its_numbers() -> None:
    original, now = taught(30, 2)
    copy = Reference()
    copy.load(iter(original.dump()))
    assert copy.without(3) == original.without(3)
    for each in (original, copy):
        go_on(each, now, 90, [5.0] * GROUPS)
    assert copy.dump() == original.dump()
