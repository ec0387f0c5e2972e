"""Times that are whole minutes, hours or days are recognised, and do not make a burst of what was spread over them.

It could happen because a time was taken at its word: 59 posts of one hour were 59 mentions in its first ten seconds.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import IngestSettings, WindowSettings
from streams.core.score.admission import AdmittedPost, PartitionState
from streams.core.score.position import Position, committed_position
from streams.core.score.resolution import MAX_SOURCES, Resolutions, placed
from streams.records import Post

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
START = 1_760_000_400_000 // DAY * DAY
FAR = START + 900 * DAY
PER_DAY = 480


def named(_text: str, _tag: str | None) -> list[str]:
    return ["nordtel"]


def cut(ts_ms: int, span_ms: int, offset_ms: int = 0) -> int:
    return ts_ms - (ts_ms + offset_ms) % span_ms


def days(count: int, span_ms: int, offset_ms: int = 0, seed: int = 1) -> list[int]:
    """Return times spread over some days, in order, cut to spans."""
    chance = random.Random(seed)
    times = sorted(START + chance.randrange(count * DAY) for _ in range(count * PER_DAY))
    return [cut(ts_ms, span_ms, offset_ms) for ts_ms in times]


def admitted(times: list[int], delay_ms: int | None = None, source: str = "news") -> list[AdmittedPost]:
    state = PartitionState(Position("topic"), IngestSettings(), WindowSettings(), None)
    found = []
    for number, ts_ms in enumerate(times):
        value = Post(str(number), source, ts_ms, "text").to_bytes()
        broker_ms = FAR if delay_ms is None else ts_ms + delay_ms
        found += state.admit([(number, broker_ms, value)], named).posts
    return found


def largest(found: list[AdmittedPost], span_ms: int) -> int:
    """Return the most posts that count within one span."""
    counts: dict[int, int] = {}
    for each in found:
        counts[each.post.ts_ms // span_ms] = counts.get(each.post.ts_ms // span_ms, 0) + 1
    return max(counts.values())


@pytest.mark.parametrize(
    ("span_ms", "offset_ms"),
    [
        pytest.param(DAY, 0, id="day"),
        pytest.param(DAY, HOUR, id="day in Berlin"),
        pytest.param(DAY, 11 * HOUR // 2, id="day in India"),
        pytest.param(HOUR, 0, id="hour"),
        pytest.param(HOUR, HOUR // 2, id="hour in India"),
        pytest.param(HOUR // 2, 0, id="half hour"),
        pytest.param(HOUR // 4, 0, id="quarter"),
        pytest.param(6 * HOUR, 0, id="six hours"),
    ],
)
def test_an_archive_of_coarse_times_has_no_bursts(span_ms: int, offset_ms: int) -> None:
    found = admitted(days(6, span_ms, offset_ms))
    assert len(found) == 6 * PER_DAY
    usual = PER_DAY * HOUR / DAY
    assert largest(found, HOUR) < 3 * usual
    for each in found:
        stated = cut(each.post.ts_ms, span_ms, offset_ms)
        assert each.post.ts_ms - stated < span_ms
        assert each.arrived_ms - each.post.ts_ms <= 2 * MINUTE
    assert sum(each.coarse for each in found) >= len(found) - 1


def test_whole_minutes_are_spread_within_their_minute_and_are_no_coarser_than_a_bucket() -> None:
    times = days(3, MINUTE)
    found = admitted(times)
    assert [cut(each.post.ts_ms, MINUTE) for each in found][1:] == times[1:]
    assert len({each.post.ts_ms % MINUTE for each in found}) > 1_000
    assert not any(each.coarse for each in found[1:])


@given(st.lists(st.integers(1, 3 * HOUR), max_size=300), st.sampled_from([1, SECOND]))
def test_times_in_seconds_stay_as_they_are(gaps_ms: list[int], unit_ms: int) -> None:
    times, ts_ms = [START + 17 * SECOND], START + 18 * SECOND
    for gap_ms in gaps_ms:
        ts_ms += gap_ms
        times.append(cut(ts_ms, unit_ms))
    whole = sum(time % MINUTE == 0 for time in times)
    moved = sum(each.post.ts_ms != time for each, time in zip(admitted(times), times, strict=True))
    assert moved <= max(0, whole - 3)


def test_a_firestorm_in_whole_seconds_is_not_coarse() -> None:
    times = [START + 17 * SECOND + number // 50 * SECOND for number in range(20_000)]
    assert [each.post.ts_ms for each in admitted(times)] == times


def test_a_source_that_began_with_whole_times_by_chance_is_fine_from_its_second_time_on() -> None:
    times = [START, *(START + SECOND + number * 7_919 for number in range(200))]
    found = admitted(times)
    assert [each.post.ts_ms for each in found] == times
    assert [each.coarse for each in found] == [True] + [False] * 200


def test_a_source_whose_times_become_coarse_is_recognised() -> None:
    found = admitted([*days(1, SECOND), *(ts_ms + DAY for ts_ms in days(3, HOUR))])
    assert largest(found[-2 * PER_DAY :], HOUR) < 3 * PER_DAY * HOUR / DAY


def test_dates_among_times_of_one_source_are_no_burst() -> None:
    chance = random.Random(2)
    times = sorted(cut(ts_ms, DAY) if chance.random() < 0.3 else ts_ms for ts_ms in days(4, SECOND))
    found = admitted(times)
    assert largest(found, 10 * SECOND) <= 8
    assert sum(each.coarse for each in found) > 0.2 * len(found)


def test_a_clock_change_does_not_make_hours_of_dates() -> None:
    times = [time for day in range(40) for time in [START + day * DAY + (HOUR if day > 20 else 0)] * 30]
    found = admitted(times)
    assert largest(found[30:], HOUR) < 10


def test_live_coarse_times_count_when_the_broker_received_the_post() -> None:
    chance = random.Random(3)
    seen = sorted(START + chance.randrange(3 * DAY) for _ in range(900))
    state = PartitionState(Position("topic"), IngestSettings(), WindowSettings(), None)
    for number, broker_ms in enumerate(seen):
        value = Post(str(number), "news", cut(broker_ms, HOUR), "text").to_bytes()
        (found,) = state.admit([(number, broker_ms, value)], named).posts
        if number > 60:
            assert found.post.ts_ms == found.arrived_ms == broker_ms
            assert found.coarse
            assert not found.imported


def test_posts_are_placed_within_their_span_and_always_at_the_same_moment() -> None:
    moments = [placed(START, HOUR, FAR, f"news:{number}") for number in range(2_000)]
    assert min(moments) >= START
    assert max(moments) < START + HOUR
    assert moments == [placed(START, HOUR, FAR, f"news:{number}") for number in range(2_000)]
    assert largest_share(moments) < 0.15


def largest_share(moments: list[int]) -> float:
    buckets = [moment // (5 * MINUTE) for moment in moments]
    return max(buckets.count(bucket) for bucket in set(buckets)) / len(moments)


def test_invented_sources_are_not_remembered() -> None:
    resolutions = Resolutions()
    for number in range(1_000):
        resolutions.observe(f"source {number}", START)
    assert len(resolutions.dump()) == MAX_SOURCES


SPANS = st.sampled_from([1, SECOND, MINUTE, HOUR, DAY])


@given(st.lists(st.tuples(st.integers(0, 20 * DAY), SPANS, st.sampled_from("abc")), max_size=200), st.integers(0, 200))
def test_a_restart_anywhere_recognises_the_same(posts: list[tuple[int, int, str]], at: int) -> None:
    once, twice = Resolutions(), Resolutions()
    for number, (offset_ms, span_ms, source) in enumerate(posts):
        if number == at:
            position = committed_position(1, Position("topic", 1, 5, times=twice.dump()).metadata())
            assert position is not None
            twice = Resolutions(position.times)
        ts_ms = cut(START + offset_ms, span_ms)
        assert once.observe(source, ts_ms) == twice.observe(source, ts_ms)


def test_all_that_is_committed_fits_into_the_metadata_that_kafka_allows() -> None:
    state = PartitionState(Position("c" * 22), IngestSettings(), WindowSettings(), None)
    chance = random.Random(4)
    for number in range(3_000):
        ts_ms = cut(START + chance.randrange(4_000 * DAY), chance.choice([1, MINUTE, DAY]))
        state.admit([(number, FAR * 2, Post(str(number), f"source {number % 50}", ts_ms, "text").to_bytes())], named)
        state.minute_counts.count(ts_ms, f"brand {number}", number)
    assert len(state.position().metadata()) < 3_500
