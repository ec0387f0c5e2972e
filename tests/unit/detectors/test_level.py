"""The usual rate of a brand: when it can be relied on, and that a crisis does not become the usual."""

from __future__ import annotations

import pytest

from detectors.level import Level


def hours_until_ready(per_hour: float) -> int:
    level = Level(None)
    for hour in range(1_000):
        if level.ready:
            return hour
        level.learn(per_hour, 1.0)
    pytest.fail("never ready")


def test_a_busy_brand_is_ready_within_hours_and_a_quiet_one_after_a_week() -> None:
    assert hours_until_ready(100) == 7  # the first 30 mentions and six more hours
    assert hours_until_ready(0.5) == 168


def test_a_known_level_is_relied_on_from_the_start() -> None:
    level = Level(48)
    assert (level.ready, level.per_hour, level.suppresses(1.0)) == (True, 2.0, None)


def test_a_young_level_suppresses_all_but_the_absurd() -> None:
    level = Level(None)
    assert level.suppresses(9.0) == "cold_start"
    for _ in range(4):
        level.learn(60, 1.0)
    assert level.suppresses(1.9) == "cold_start"
    assert level.suppresses(2.0) is None


def test_a_day_of_crisis_hardly_changes_the_level() -> None:
    level = Level(48)
    for _ in range(500):
        level.learn(2, 1.0)
    for _ in range(24):
        level.learn(2_000, 1.0)
    assert 2.0 < level.per_hour < 3.0


def test_long_buckets_weigh_as_much_as_the_short_ones_they_consist_of() -> None:
    short, long = Level(48), Level(48)
    for _ in range(48):
        for _ in range(12):
            short.learn(3 / 12, 1 / 12)
        long.learn(3, 1.0)
    assert short.hours == pytest.approx(long.hours)
    assert short.per_hour == pytest.approx(long.per_hour, rel=0.01)


def test_a_restored_one_continues_but_a_configured_level_is_not_undone() -> None:
    level, restored = Level(None), Level(None)
    for _ in range(5):
        level.learn(7, 1.0)
    restored.load(iter(level.dump()))
    assert restored.dump() == level.dump()
    configured = Level(48)
    configured.load(iter(level.dump()))
    assert (configured.ready, configured.per_hour) == (True, 2.0)
