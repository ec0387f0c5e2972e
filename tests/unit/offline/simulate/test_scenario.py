from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from streams.errors import ConfigError
from streams.offline.simulate import KINDS, SimulationSettings
from streams.offline.simulate.scenario import CALM_MINUTES, Event, schedule
from streams.offline.simulate.world import world


def scheduled(**settings: object) -> tuple[Event, ...]:
    asked = SimulationSettings(**settings)  # type: ignore[arg-type]
    return schedule(asked, world(asked.brands))


@pytest.mark.parametrize("seed", range(40))
def test_a_day_has_one_of_each_kind_on_different_brands_after_calm(seed: int) -> None:
    events = scheduled(seed=seed)
    assert sorted(event.kind for event in events) == sorted(KINDS)
    affected = [event.brand for event in events if event.brand is not None]
    assert len(set(affected)) == len(affected) == 4
    assert list(events) == sorted(events, key=lambda event: event.onset)
    for event in events:
        assert CALM_MINUTES <= event.onset <= event.peak < event.end <= 1_440
        if event.brand is not None:
            assert event.onset >= 500  # hours of the brand's own calm


@pytest.mark.parametrize("seed", range(20))
def test_strengths_are_those_of_the_kinds(seed: int) -> None:
    by_kind = {event.kind: event for event in scheduled(seed=seed)}
    assert 10 <= by_kind["firestorm"].factor <= 40
    assert 0.75 <= by_kind["firestorm"].negative <= 0.95
    assert by_kind["firestorm"].peak - by_kind["firestorm"].onset <= 60
    assert 2 <= by_kind["slow_burn"].factor <= 4
    assert 6 * 60 <= by_kind["slow_burn"].peak - by_kind["slow_burn"].onset <= 12 * 60
    assert 8 <= by_kind["launch"].factor <= 15
    assert by_kind["launch"].positive > 0.6
    assert 3 <= by_kind["surge"].factor <= 5
    assert by_kind["surge"].brand is None
    assert by_kind["outage"].source in ("forum", "video")
    assert by_kind["outage"].end - by_kind["outage"].onset > 90


def test_strength_rises_to_the_peak_and_falls() -> None:
    for event in scheduled():
        inside = [event.strength(minute) for minute in range(event.onset, event.end)]
        assert event.strength(event.onset - 1) == event.strength(event.end) == 0
        assert all(0 < strength <= 1 for strength in inside)
        if event.kind in ("firestorm", "slow_burn", "launch"):
            top = event.peak - event.onset
            assert inside[top] == max(inside) == 1
            assert inside[: top + 1] == sorted(inside[: top + 1])
            assert inside[top:] == sorted(inside[top:], reverse=True)


@pytest.mark.parametrize(("days", "calm", "rounds"), [(2, 1, 1), (3, 1, 1), (8, 4, 1), (14, 7, 1), (28, 7, 3)])
def test_longer_runs_begin_calm_and_repeat_every_week(days: int, calm: int, rounds: int) -> None:
    for seed in range(10):
        events = scheduled(seed=seed, days=days, brands=8)
        assert Counter(event.kind for event in events) == dict.fromkeys(KINDS, rounds)
        assert min(event.onset for event in events) >= calm * 1_440
        hit = Counter(event.brand for event in events if event.brand is not None)
        assert max(hit.values()) <= -(-4 * rounds // 8)


def test_events_on_one_day_fit_into_it() -> None:
    for seed in range(200):
        assert len(scheduled(seed=seed, days=2)) == len(KINDS)


def test_a_short_run_has_the_events_that_fit() -> None:
    kinds = {event.kind for event in scheduled(days=0.8)}
    assert "launch" in kinds
    assert not kinds & {"firestorm", "surge"}


def test_an_event_asked_for_by_name_must_fit() -> None:
    with pytest.raises(ConfigError, match=r"scenario: the firestorm would last from minute .* ask for more days"):
        scheduled(days=0.5, scenario="firestorm")
    with pytest.raises(ConfigError, match="a start at midnight"):
        scheduled(start=datetime(2026, 3, 2, 13, tzinfo=UTC), scenario="firestorm")


def test_too_few_brands_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"brands: the scenario needs 4, .* got 3"):
        scheduled(brands=3)
    assert [event.kind for event in scheduled(brands=1, scenario="firestorm,surge")] == ["firestorm", "surge"]
