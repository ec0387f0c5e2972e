"""Event-time windows: exact, and the same whatever the interleaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from streams.config import WindowSettings
from streams.core.rollup.windows import Windows
from streams.records import IMPORT, Mention

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

SETTINGS = WindowSettings(bucket_seconds=60, check_seconds=10, lateness_seconds=20)
MINUTE = 60_000


def mention(ts_ms: int, behind_ms: int = 0, offset: int = 0, flags: int = 0) -> Mention:
    return Mention(offset, ts_ms, behind_ms, 1, 0, 1, 1, flags, 0, "de", "forum", str(offset), [])


def walked(windows: Windows, watermark_ms: int, passed: Iterable[int] = ()) -> list[tuple[int, int, int, bool]]:
    return [
        (step.at_ms, step.start_ms, step.tally.count, step.closes)
        for step in windows.walk(watermark_ms, sorted(passed))
    ]


def test_an_open_bucket_is_checked_after_each_slot_with_mentions_and_closes_after_the_lateness() -> None:
    windows = Windows(SETTINGS)
    for ts_ms in (1_000, 2_000, 35_000):
        windows.add(mention(ts_ms))
    assert walked(windows, 9_999) == []
    assert walked(windows, 79_999) == [(10_000, 0, 2, False), (40_000, 0, 3, False)]
    assert walked(windows, 80_000) == [(80_000, 0, 3, True)]


def test_out_of_order_within_the_lateness_counts_in_its_bucket_and_later_is_late() -> None:
    windows = Windows(SETTINGS)
    windows.add(mention(1_000))
    windows.add(mention(2_000, behind_ms=77_999))
    windows.add(mention(2_000, behind_ms=78_000))
    windows.add(mention(100_000))
    steps = walked(windows, 4 * MINUTE, [0, MINUTE])
    assert [(start, count) for _, start, count, closes in steps if closes] == [(0, 2), (MINUTE, 1)]
    assert windows.reset_late() == 1
    assert windows.reset_late() == 0


def test_imports_are_counted_as_late_and_change_nothing_that_was_known_of_their_time() -> None:
    windows = Windows(SETTINGS)
    windows.add(mention(1_000))
    windows.add(mention(2_000, behind_ms=78_000, offset=1, flags=IMPORT))
    windows.add(mention(3_000, behind_ms=79_000, offset=2))
    windows.add(mention(4_000, behind_ms=2 * MINUTE, offset=3, flags=IMPORT))
    late = [(step.start_ms, step.tally.count) for step in windows.walk(4 * MINUTE, [0, MINUTE]) if step.late]
    assert late == [(0, 1)]
    assert windows.reset_late() == 3


def test_what_is_late_is_told_beside_the_bucket_it_belongs_to() -> None:
    windows = Windows(SETTINGS)
    windows.add(mention(1_000))
    windows.add(mention(2_000, behind_ms=78_000, offset=1))
    windows.add(mention(3_000, behind_ms=79_000, offset=2))
    late = [step for step in windows.walk(4 * MINUTE, [0, MINUTE]) if step.late]
    assert [(step.at_ms, step.start_ms, step.tally.count, step.closes) for step in late] == [(90_000, 0, 2, False)]
    assert windows.reset_late() == 2


def test_passed_buckets_close_empty_and_others_are_not_looked_at() -> None:
    windows = Windows(SETTINGS)
    windows.add(mention(1_000))
    steps = walked(windows, 10 * MINUTE, [0, MINUTE, 5 * MINUTE])
    assert [(start, count) for _, start, count, closes in steps if closes] == [(0, 1), (MINUTE, 0), (5 * MINUTE, 0)]


def test_buckets_before_the_first_mention_are_not_counted() -> None:
    windows = Windows(SETTINGS)
    windows.add(mention(10 * MINUTE))
    steps = walked(windows, 20 * MINUTE, [MINUTE * k for k in range(15)])
    assert [start for _, start, _, closes in steps if closes] == [MINUTE * k for k in range(9, 15)]


def test_an_empty_bucket_that_closes_at_the_end_of_a_slot_with_mentions_is_counted() -> None:
    windows = Windows(SETTINGS)
    windows.add(mention(1_000))
    windows.add(mention(2 * MINUTE + 15_000))
    steps = walked(windows, 5 * MINUTE, [0, MINUTE, 2 * MINUTE])
    closing = (2 * MINUTE + 20_000, MINUTE, 0, True)
    assert [step for step in steps if step[3]] == [(80_000, 0, 1, True), closing, (200_000, 2 * MINUTE, 1, True)]
    assert steps.index(closing) == steps.index((closing[0], 2 * MINUTE, 1, False)) + 1


posts = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(0, 120)), max_size=60)


@given(posts, st.randoms(use_true_random=False))
def test_any_interleaving_and_any_restart_gives_the_same_steps(
    drawn: list[tuple[int, int, int]], chance: random.Random
) -> None:
    """Three partitions whose event time runs on by seconds, with posts out of order by up to two minutes."""
    streams: dict[int, list[Mention]] = {0: [], 1: [], 2: []}
    clock = dict.fromkeys(streams, 0)
    for offset, (partition, step, behind) in enumerate(drawn):
        clock[partition] += step * 100
        ts_ms = max(0, clock[partition] - behind * 1000)
        streams[partition].append(mention(ts_ms, clock[partition] - ts_ms, offset))
    end = max(clock.values()) + 4 * MINUTE
    passed = list(range(0, end, MINUTE))

    def run(choose: random.Random | None) -> tuple[list[tuple[int, int, int, bool]], int]:
        windows = Windows(SETTINGS)
        left = {partition: list(items) for partition, items in streams.items()}
        reached = dict.fromkeys(streams, 0)
        steps = []
        while any(left.values()):
            partition = choose.choice([p for p in left if left[p]]) if choose else next(p for p in left if left[p])
            for _ in range(choose.randint(1, 5) if choose else len(left[partition])):
                if left[partition]:
                    item = left[partition].pop(0)
                    windows.add(item)
                    reached[partition] = item.ts_ms + item.behind_ms
            watermark = min(reached[p] if left[p] else end for p in left)
            steps += walked(windows, watermark, [start for start in passed if start + MINUTE <= watermark])
            if choose and choose.random() < 0.2:
                restored = Windows(SETTINGS)
                restored.load(windows.dump())
                windows = restored
        return steps + walked(windows, end, passed), windows.late

    at_once, late = run(None)
    piecemeal, late_too = run(chance)
    assert piecemeal == at_once
    assert late_too == late
    starts = [start for _, start, _, closes in at_once if closes]
    assert starts == list(range(starts[0], end - MINUTE - 20_000 + 1, MINUTE) if starts else [])
    closed = sum(count for _, _, count, closes in at_once if closes)
    assert closed + late == len(drawn)
