"""The pulse of the platform is a function of the posts, however scorers stop and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.reference import GROUPS
from detectors.units import MINUTE_MS
from streams.core.rollup.minute_counts import MinuteCounts, group_of
from streams.core.rollup.platform_load import PlatformLoad
from streams.core.score.position import Position, committed_position

if TYPE_CHECKING:
    from streams.core.rollup.minute_counts import Minute

BRANDS = [f"brand-{number}" for number in range(40)]


def mentions(minutes: int, per_minute: int, first: int = 0) -> list[tuple[int, str]]:
    return [
        (minute * MINUTE_MS + number * 1000, BRANDS[(minute * 7 + number) % len(BRANDS)])
        for minute in range(first, first + minutes)
        for number in range(per_minute)
    ]


def told(partitions: list[list[list[Minute]]], watermarks_ms: list[int]) -> PlatformLoad:
    """What comes of the reports of each partition, taken in turn."""
    load = PlatformLoad()
    for step, watermark_ms in enumerate(watermarks_ms):
        for partition, reports in enumerate(partitions):
            if step < len(reports):
                load.report(partition, reports[step])
        load.advance(watermark_ms)
    return load


def reports(items: list[tuple[int, str]], cuts: list[int]) -> list[list[Minute]]:
    """Return the reports of a scorer that stops at each cut and resumes from its commit."""
    found, current = [], None
    for begin, end in zip([0, *cuts], [*cuts, len(items)], strict=True):
        pulse = MinuteCounts(current)
        for at_ms, brand in items[begin:end]:
            pulse.count(at_ms, brand)
        current = pulse.current
        found.append(pulse.flush())
    return found


@given(st.lists(st.integers(0, 120), max_size=6).map(sorted))
def test_batches_and_restarts_do_not_matter(cuts: list[int]) -> None:
    items = mentions(8, 15)
    whole = dict(reports(items, [])[0])
    parts: dict[int, list[int]] = {}
    for report in reports(items, cuts):
        parts |= dict(report)
    assert parts == whole
    assert sum(map(sum, whole.values())) == len(items)


def test_a_minute_told_again_is_not_counted_twice() -> None:
    first = reports(mentions(3, 15), [])[0]
    once, twice = told([[first]], [10 * MINUTE_MS]), told([[first, first]], [0, 10 * MINUTE_MS])
    assert once.dump() == twice.dump()


def test_a_minute_that_event_time_returns_to_is_counted_on_wherever_a_report_is_cut() -> None:
    brand, wrong_ms = BRANDS[0], 90 * MINUTE_MS
    items = [(5, 0)] * 3 + [(wrong_ms, 0)] + [(7, 1)] * 4
    for cut in range(1, len(items)):
        load = PlatformLoad()
        counts = MinuteCounts()
        for number, (at_ms, turn) in enumerate(items):
            if number == cut:
                load.report(0, counts.flush())
                counts = MinuteCounts(counts.current)
            counts.count(at_ms, brand, turn)
        load.report(0, counts.flush())
        reported = {start: sum(map(sum, dict(reports).values())) for start, reports in load.dump()[1]}
        assert reported == {0: 7, wrong_ms: 1}


def test_a_minute_is_taken_when_no_partition_has_more_of_it() -> None:
    early = reports(mentions(1, 15), [7])
    halves = told([early], [MINUTE_MS - 1, MINUTE_MS])
    assert halves.dump() == told([reports(mentions(1, 15), [])], [MINUTE_MS]).dump()


def test_everybody_sees_a_surge_as_of_each_moment() -> None:
    calm, surge = mentions(24 * 60, 40), mentions(30, 160, first=24 * 60)
    load = told([reports(calm + surge, [])], [(24 * 60 + 30) * MINUTE_MS])
    before, after = 24 * 60 * MINUTE_MS, (24 * 60 + 30) * MINUTE_MS
    assert load.of_others(before, 3) == pytest.approx(1, abs=0.2)
    assert load.of_others(after, 3) > 2.5
    assert load.of_others(-1, 3) == 1.0
    load.forget(after)
    assert load.of_others(after, 3) > 2.5


def test_it_goes_on_from_plain_values() -> None:
    original = told([reports(mentions(9 * 60, 20), [])], [8 * 60 * MINUTE_MS])
    copy = PlatformLoad()
    copy.load(orjson.loads(orjson.dumps(original.dump())))
    for each in (original, copy):
        each.report(0, reports(mentions(30, 80, first=9 * 60), [])[0])
        each.advance(10 * 60 * MINUTE_MS)
    assert copy.dump() == original.dump()


def test_the_unfinished_minute_is_committed_with_the_offset() -> None:
    pulse = (5 * MINUTE_MS, list(range(GROUPS)))
    position = Position("topic", 17, 5 * MINUTE_MS + 3, minute=pulse)
    assert committed_position(17, position.metadata()) == position
    for unusable in ("null", "[1]", "[60000,[1,2]]", '"x"'):
        metadata = f'{{"incarnation":"topic","watermark_ms":1,"live":false,"pulse":{unusable}}}'
        found = committed_position(17, metadata)
        assert found is not None
        assert found.minute is None


def test_groups_are_about_equally_large() -> None:
    sizes = [0] * GROUPS
    for number in range(1_600):
        sizes[group_of(f"brand-{number}")] += 1
    assert min(sizes) > 60
