"""Wall times around the changes of clocks in Berlin: 25 October 2026, 3:00 to 2:00, and 29 March 2026, 2:00 to 3:00."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from streams.core.ingest.wall_time import MAX_SOURCES, WallClock

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)


def wall(moment: datetime) -> datetime:
    return moment.astimezone(BERLIN).replace(tzinfo=None, fold=0)


def resolved(moments: list[datetime], sources: list[str] | None = None) -> list[datetime]:
    clock = WallClock(BERLIN)
    sources = sources or ["forum"] * len(moments)
    times = [clock.resolve_ms(wall(moment), source) for moment, source in zip(moments, sources, strict=True)]
    return [datetime.fromtimestamp(ms / 1000, UTC) for ms in times]


@pytest.mark.parametrize("minutes", [1, 7, 20, 25, 54])
@pytest.mark.parametrize("change", [AUTUMN, SPRING])
def test_a_stream_in_order_keeps_its_times(minutes: int, change: datetime) -> None:
    moments = [change + timedelta(minutes=minutes * step) for step in range(-200 // minutes, 200 // minutes)]
    assert resolved(moments) == moments


def test_a_stream_that_is_a_little_out_of_order_keeps_its_times() -> None:
    chance = random.Random(1)
    moments = [AUTUMN + timedelta(seconds=20 * step + chance.uniform(0, 240)) for step in range(-600, 600)]
    moments = [moment.replace(microsecond=0) for moment in moments]
    assert resolved(moments) == moments


def test_a_file_with_the_newest_post_first_keeps_its_times() -> None:
    moments = [AUTUMN - timedelta(minutes=step) for step in range(-200, 200)]
    assert resolved(moments) == moments


def test_each_source_has_an_order_of_its_own() -> None:
    moments = [AUTUMN + timedelta(minutes=step - 90) for step in range(200)]
    mixed = [
        moment for early, late in zip(moments, [*moments[50:], *moments[:50]], strict=True) for moment in (early, late)
    ]
    assert resolved(moments * 2, ["forum"] * 200 + ["news"] * 200) == moments * 2
    assert resolved(mixed[:300], ["forum", "news"] * 150) == mixed[:300]


def test_posts_with_a_wrong_date_do_not_hide_the_order() -> None:
    moments = [AUTUMN + timedelta(minutes=step - 90) for step in range(180)]
    for place in (70, 100, 120, 121):
        moments.insert(place, datetime(2030, 1, 1, tzinfo=UTC))
    assert resolved(moments) == moments


def test_a_clock_that_was_not_changed_in_spring_is_followed_through_the_missing_hour() -> None:
    clock = WallClock(BERLIN)
    walls = [datetime(2026, 3, 29, 1, 30) + timedelta(minutes=step) for step in range(90)]  # noqa: DTZ001
    times = [clock.resolve_ms(each, "forum") for each in walls]
    assert {late - early for early, late in pairwise(times)} == {60_000}


def test_without_an_order_the_present_decides_and_no_post_is_from_the_future() -> None:
    twice = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001
    first, second = (round((AUTUMN + timedelta(minutes=minutes)).timestamp() * 1000) for minutes in (-30, 30))
    for now_ms, expected in ((None, first), (first + 1_000, first), (second + 1_000, second), (second + 10**9, first)):
        assert WallClock(BERLIN).resolve_ms(twice, "forum", now_ms) == expected


def test_the_sources_that_are_followed_are_bounded() -> None:
    clock = WallClock(BERLIN)
    for number in range(MAX_SOURCES + 100):
        clock.resolve_ms(datetime(2026, 5, 1), str(number))  # noqa: DTZ001
    assert len(clock._orders) == MAX_SOURCES
