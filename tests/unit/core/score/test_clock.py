"""The clock and the watermark of a partition: neither follows posts that too few others support.

It could happen because event time was the running maximum: one post dated ahead made all others late for good.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.score.clock import HOLD_MS, NEEDED, RECENT, PartitionClock
from streams.core.score.position import Position, committed_position

START = 1_760_000_400_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
LATENESS_MS = 2 * MINUTE
TODAY = START + 300 * DAY


def clock() -> PartitionClock:
    return PartitionClock(LATENESS_MS, HOUR)


def after(posts: int, step_ms: int = 10 * SECOND, broker_ms: int | None = TODAY) -> PartitionClock:
    """Return the clock after so many posts in order, the newest of them at `START`."""
    found = clock()
    for number in reversed(range(posts)):
        ts_ms = START - number * step_ms
        found.advance(ts_ms, ts_ms if broker_ms is None else broker_ms)
    return found


@given(st.lists(st.integers(0, 3 * HOUR), max_size=200))
def test_in_order_each_post_arrives_at_its_own_time(gaps_ms: list[int]) -> None:
    found, ts_ms = clock(), START
    for gap_ms in gaps_ms:
        ts_ms += gap_ms
        assert found.advance(ts_ms, TODAY) == ts_ms
        assert found.watermark_ms <= ts_ms
    assert found.turns == 0


@given(st.lists(st.integers(0, LATENESS_MS), min_size=RECENT, max_size=200))
def test_within_the_tolerance_the_clock_is_the_newest_time(back_ms: list[int]) -> None:
    found, newest = clock(), -1
    for number, each in enumerate(back_ms):
        ts_ms = START + number * SECOND - each
        newest = max(newest, ts_ms)
        assert found.advance(ts_ms, TODAY) == newest
    assert found.turns == 0


@pytest.mark.parametrize("ahead_ms", [LATENESS_MS + SECOND, HOUR, 10 * HOUR, 120 * DAY])
@pytest.mark.parametrize("wrong", [1, 12, 40, NEEDED - 1])
@pytest.mark.parametrize("step_ms", [10, SECOND, MINUTE, HOUR])
def test_a_handful_of_posts_dated_ahead_does_not_move_the_watermark(ahead_ms: int, wrong: int, step_ms: int) -> None:
    found = after(RECENT, step_ms)
    ahead_ms = max(ahead_ms, RECENT * step_ms)
    for number in range(wrong):
        assert found.advance(START + ahead_ms + number, TODAY) == START + ahead_ms + number
    assert found.watermark_ms <= START
    for number in range(1, RECENT):
        right_ms = START + number * step_ms
        assert right_ms <= found.advance(right_ms, TODAY) <= right_ms + LATENESS_MS
        assert found.watermark_ms <= right_ms + LATENESS_MS


def test_a_post_dated_ahead_before_all_others_does_not_move_the_watermark() -> None:
    found = clock()
    found.advance(START + 120 * DAY, TODAY)
    for number in range(RECENT):
        assert found.advance(START + number, TODAY) == START + number
    assert found.watermark_ms == START + RECENT - 1


def test_wrong_dates_between_right_ones_move_nothing_however_many_they_are_in_all() -> None:
    found, chance = after(RECENT), random.Random(3)
    for number in range(2_000):
        if number % 3 == 0:
            found.advance(START + chance.randrange(HOUR, 300 * DAY), TODAY)
        else:
            assert found.advance(START + number, TODAY) == START + number
    assert START < found.watermark_ms <= START + 2_000


@pytest.mark.parametrize("gap_ms", [HOUR, DAY, 400 * DAY])
def test_after_a_gap_the_watermark_follows_as_soon_as_enough_posts_support_it(gap_ms: int) -> None:
    found, far = after(RECENT), TODAY + 400 * DAY
    for number in range(NEEDED - 1):
        found.advance(START + gap_ms + number, far)
    assert found.watermark_ms == START
    found.advance(START + gap_ms + NEEDED, far)
    assert found.watermark_ms == START + gap_ms + NEEDED


def test_a_collector_that_lags_is_not_late_in_an_archive() -> None:
    found, worst_ms = clock(), 0
    for number in range(2_000):
        ts_ms = START + number * 10 * SECOND
        mass_ms = ts_ms - 10 * MINUTE
        found.advance(ts_ms, TODAY)
        worst_ms = max(worst_ms, found.advance(mass_ms, TODAY) - mass_ms)
    assert worst_ms < 2 * MINUTE


def test_live_the_watermark_stays_close_to_the_clock_since_no_post_is_ahead_of_the_brokers() -> None:
    found = after(RECENT, MINUTE, broker_ms=None)
    assert found.live
    assert found.advance(START + 5 * HOUR, START + 5 * HOUR) == START + 5 * HOUR
    assert found.watermark_ms == START + 5 * HOUR - HOLD_MS


def test_live_a_collector_that_delivers_most_posts_ten_minutes_late_is_not_late() -> None:
    """The watermark was the time of the few posts that came at once."""
    found, worst_ms = after(RECENT, SECOND, broker_ms=None), 0
    for number in range(2_000):
        now_ms = START + 10 * MINUTE + number * SECOND
        if number % 4 == 0:
            found.advance(now_ms, now_ms)
        mass_ms = now_ms - 10 * MINUTE
        behind_ms = found.advance(mass_ms, now_ms) - mass_ms
        worst_ms = max(worst_ms, behind_ms if number > RECENT else 0)
    assert worst_ms <= LATENESS_MS
    assert found.delay_ms == 10 * MINUTE


def test_live_a_collector_that_lags_by_hours_does_not_delay_the_others() -> None:
    found = after(RECENT, SECOND, broker_ms=None)
    for number in range(2_000):
        now_ms = START + number * SECOND
        found.advance(now_ms - 50 * MINUTE, now_ms)
        found.advance(now_ms - 50 * MINUTE, now_ms)
        assert found.advance(now_ms, now_ms) == now_ms
        assert found.watermark_ms >= now_ms - HOLD_MS


def test_a_post_of_today_makes_no_archive_live() -> None:
    found = after(RECENT)
    found.advance(TODAY, TODAY)
    assert not found.live
    assert found.watermark_ms <= START


def test_posts_dated_back_far_are_imports_and_hold_nothing_back() -> None:
    found = after(RECENT, SECOND, broker_ms=None)
    assert not found.is_import(START - HOUR)
    assert found.is_import(START - HOUR - 1)
    for number in range(500):
        found.advance(START - 30 * DAY + number, START)
    assert found.live
    assert found.advance(START + SECOND, START + SECOND) == found.watermark_ms == START + SECOND


def test_the_delay_is_that_of_most_posts() -> None:
    found = clock()
    assert found.delay_ms == 0
    for number in range(RECENT):
        ts_ms = START + number * SECOND
        found.advance(ts_ms, ts_ms + (600 * SECOND if number % 4 else 0))
    assert found.delay_ms == 600 * SECOND


TIMES = st.lists(
    st.one_of(st.integers(0, 20 * MINUTE), st.integers(0, 5 * DAY), st.sampled_from([0, HOUR, 90 * DAY])),
    min_size=1,
    max_size=300,
)


@given(TIMES, st.integers(0, 300), st.booleans())
def test_a_restart_anywhere_goes_on_as_if_there_had_been_none(times: list[int], cut: int, live: bool) -> None:
    once, twice = clock(), clock()
    for number, offset_ms in enumerate(times):
        ts_ms = START + offset_ms + number * SECOND
        broker_ms = ts_ms if live else TODAY
        if number == cut:
            saved = Position("topic", number, twice.now_ms, recent=twice.dump() if number else None)
            position = committed_position(number, saved.metadata())
            assert position == saved
            assert len(saved.metadata()) < 2_000
            twice = PartitionClock(LATENESS_MS, HOUR, position.watermark_ms, position.recent)
        assert once.advance(ts_ms, broker_ms) == twice.advance(ts_ms, broker_ms)
        assert (once.watermark_ms, once.turns, once.steady) == (twice.watermark_ms, twice.turns, twice.steady)
        assert (once.live, once.delay_ms) == (twice.live, twice.delay_ms)


@pytest.mark.parametrize("live", [True, False])
def test_a_position_of_an_earlier_firewatch_goes_on_from_its_watermark(live: bool) -> None:
    metadata = '{"watermark_ms":%d,"incarnation":"t","live":%s,"pulse":null,"minute_offset":-1}'
    position = committed_position(7, metadata % (START, "true" if live else "false"))
    assert position is not None
    found = PartitionClock(LATENESS_MS, HOUR, position.watermark_ms, position.recent, live=position.live)
    assert (found.now_ms, found.watermark_ms, found.live) == (START, START, live)
    assert found.advance(START + 90 * DAY, TODAY) == START + 90 * DAY
    assert (found.watermark_ms == START) is not live
