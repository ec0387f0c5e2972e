"""Buckets with a gap are incomplete: nothing falls silent, nothing is learned as zero, and nothing rises."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.records import Deletion, Envelope, Gap, Gaps, Mention, Progress, WindowGap, window_from_bytes
from tests.support.drawn_run import Lines, Run
from tests.support.saved_state import restored, save
from tests.support.two_brands import HOUR, START, config, partitioned, story

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.core.detect.outcome import Outcome
    from streams.records import Alert, Window

MINUTE: Final = 60_000
BUCKET: Final = 5 * MINUTE
CALM: Final = 3 * 24 * 60
"""Minutes in which the detectors learn what is usual."""

BEGIN: Final = START + CALM * MINUTE
"""When these are over."""

ONE: Final = {"bluesky": 6}
THREE: Final = {"bluesky": 3, "forum": 2, "news": 1}
"""Mentions a minute by source."""


class Reported(NamedTuple):
    """A gap from one minute to another after the calm days, and the minute in which it is reported."""

    from_minute: float
    to_minute: float
    minute: int
    source: str = "bluesky"


class Watched(NamedTuple):
    windows: list[Window]
    alerts: list[Alert]


def settings() -> Config:
    detectors = [
        {"name": "volume", "kind": "volume", "direction": "both"},
        {"name": "drift", "kind": "drift"},
        {"name": "crisis", "kind": "composite"},
        {"name": "tone", "kind": "sentiment_shift"},
        {"name": "profile", "kind": "multivariate"},
    ]
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 8_640}
    return Config.model_validate({"brands": [brand], "detectors": detectors, "topics": {"partitions": 1}})


class Stream:
    """Mentions of one brand minute by minute; another source always delivers, so that event time goes on."""

    def __init__(self, monitor: PartitionMonitor, first_minute: int, offset: int, seed: int) -> None:
        self.monitor, self.minute, self.offset = monitor, first_minute, offset
        self._chance = random.Random(seed)

    def add(self, counts: Mapping[str, int], gaps: Sequence[Reported] = ()) -> None:
        """Add the mentions of a minute by source, about so many, and report the gaps of this minute, twice."""
        now, chance = BEGIN + self.minute * MINUTE, self._chance
        mentions = []
        for source, count in counts.items():
            for _ in range(chance.randrange(2 * count + 1)):
                author, signature = chance.randrange(1, 4_000), chance.randrange(1 << 47)
                mentions.append(
                    Mention(
                        self.offset, now + MINUTE - 1, 0, 1_500, 1_000, author, signature, 0, 1, "de", source,
                        f"p{self.offset}", ["netz"],
                    )
                )  # fmt: skip
                self.offset += 1
        if mentions:
            self.monitor.absorb(Envelope("nordtel", 0, "topic-1", "m1", now, mentions))
        for gap in gaps:
            if gap.minute == self.minute:
                span = BEGIN + round(gap.from_minute * MINUTE), BEGIN + round(gap.to_minute * MINUTE)
                record = Gaps(0, "topic-1", [(self.offset, now + MINUTE - 1, gap.source, *span)])
                self.offset += 1
                self.monitor.absorb(record)
                self.monitor.absorb(record)
        active = [(source, [now - now % BUCKET]) for source in ("pulse", *(each for each in counts if counts[each]))]
        end = now + MINUTE - 1
        self.monitor.absorb(Progress(0, "topic-1", self.offset, end, now, -1, live=False, active=active, pulse=[]))
        self.minute += 1


@cache
def calm_days(usual: tuple[tuple[str, int], ...]) -> tuple[dict[bytes, bytes], int]:
    """Return the state after calm days, and the next offset."""
    stream = Stream(PartitionMonitor(settings(), 0), -CALM, 0, seed=3)
    while stream.minute < 0:
        stream.add(dict(usual))
        if stream.minute % 60 == 0:
            stream.monitor.advance()
    stream.monitor.advance()
    state: dict[bytes, bytes] = {}
    save(state, stream.monitor.dirty())
    return state, stream.offset


def watched(
    usual: Mapping[str, int], after: Sequence[Mapping[str, int]], gaps: list[Reported], *, restart: bool = False
) -> Watched:
    """Return what follows, after calm days, from the mentions by source of each minute."""
    state, offset = calm_days(tuple(usual.items()))
    state = dict(state)
    stream = Stream(restored(settings(), state), 0, offset, seed=4)
    whole: list[Outcome] = []
    for counts in after:
        stream.add(counts, gaps)
        whole.append(stream.monitor.advance())
        if restart:
            save(state, stream.monitor.dirty())
            stream.monitor = restored(settings(), state)
    whole.append(stream.monitor.finish())
    return Watched(
        [window for outcome in whole for window in outcome.windows if window.start_ms >= BEGIN],
        [alert for outcome in whole for alert in outcome.alerts],
    )


def silent(source: str, usual: Mapping[str, int]) -> Mapping[str, int]:
    return {**usual, source: 0}


def fell(seen: Watched) -> set[str]:
    return {
        name
        for window in seen.windows
        for name, score in window.scores.items()
        if score.value >= 1 and score.suppressed is None
    }


def expected(seen: Watched) -> dict[str, float]:
    """Return what each detector that counts mentions expects of the last bucket."""
    return {name: seen.windows[-1].scores[name].expected for name in ("volume", "crisis")}


USUALS = pytest.mark.parametrize("usual", [ONE, THREE], ids=["one source", "three sources"])


@USUALS
def test_nothing_falls_silent_and_nothing_is_learned_as_zero_in_a_gap_that_is_known_in_time(
    usual: Mapping[str, int],
) -> None:
    """Every three minutes, for two hours: so short that the source never counts as out."""
    minutes = [silent("bluesky", usual) if minute % 5 < 3 else usual for minute in range(120)]
    minutes += [usual] * 60
    gaps = [Reported(minute, minute + 3, minute + 3) for minute in range(0, 120, 5)]
    calm, unknown, known = (
        watched(usual, each, found) for each, found in (([usual] * 180, []), (minutes, []), (minutes, gaps))
    )
    if usual is ONE:
        assert fell(unknown), "without the gaps it is a fall"
    assert fell(calm) == fell(known) == set()
    assert not known.alerts
    for name, count in expected(calm).items():
        assert expected(known)[name] == pytest.approx(count, rel=0.03)
        assert expected(unknown)[name] < expected(known)[name]
    incomplete = [window for window in known.windows if window.gaps]
    assert len(incomplete) == 24
    assert len([window for window in incomplete if window.coverage < 1]) > 18, "in the others, more came than usual"
    assert all(window.coverage == 1 for window in known.windows if not window.gaps)


@USUALS
def test_posts_that_came_despite_a_gap_are_no_rise(usual: Mapping[str, int]) -> None:
    gaps = [Reported(minute, minute + 5, minute + 4) for minute in range(0, 360, 5)]
    calm, seen = (watched(usual, [usual] * 420, found) for found in ([], gaps))
    assert fell(seen) == set()
    assert not seen.alerts
    assert len([window for window in seen.windows if window.gaps]) == 72
    for name, count in expected(calm).items():
        assert expected(seen)[name] == pytest.approx(count, rel=0.05)


def test_a_rise_in_the_other_sources_is_found_in_a_gap_of_the_largest() -> None:
    storm = {"bluesky": 0, "forum": 40, "news": 40}
    gaps = [Reported(minute, minute + 5, minute + 4) for minute in range(0, 60, 5)]
    seen = watched(THREE, [storm] * 60, gaps)
    assert "volume" in fell(seen)
    assert any(alert.suppressed is None for alert in seen.alerts)


def test_a_gap_of_a_source_that_does_not_mention_the_brand_changes_nothing() -> None:
    gaps = [Reported(0, 30, 4, source) for source in ("pulse", "elsewhere")]
    calm, seen = (watched(ONE, [ONE] * 60, found) for found in ([], gaps))
    assert seen == calm


def test_a_gap_that_is_reported_too_late_is_named_by_the_next_window_and_changes_none() -> None:
    minutes = [silent("bluesky", THREE)] * 10 + [THREE] * 50
    late = Reported(0, 10, 22)
    unknown, seen = (watched(THREE, minutes, found) for found in ([], [late]))
    named = [window for window in seen.windows if window.gaps]
    assert [window.start_ms for window in named] == [BEGIN + 20 * MINUTE], "the bucket that was open"
    assert named[0].gaps == [WindowGap("bluesky", BEGIN, BEGIN + 10 * MINUTE)]
    assert [window_from_bytes(each.to_bytes()) for each in seen.windows] == seen.windows
    for before, after in zip(unknown.windows, seen.windows, strict=True):
        assert before.to_bytes() == after.to_bytes() or after.gaps


def test_a_gap_across_buckets_is_named_by_each_that_was_open_and_makes_it_incomplete() -> None:
    minutes = [silent("bluesky", THREE)] * 12 + [THREE] * 20
    seen = watched(THREE, minutes, [Reported(1, 12, 12)])
    named = [(window.start_ms - BEGIN) // MINUTE for window in seen.windows if window.gaps]
    assert named == [10], "those of the minutes 0 and 5 had closed"
    assert {(window.start_ms - BEGIN) // MINUTE for window in seen.windows if window.coverage < 1} >= {10}


def test_restarts_between_gaps_and_buckets_change_nothing() -> None:
    minutes = [silent("bluesky", THREE) if minute % 5 < 3 else THREE for minute in range(60)]
    gaps = [Reported(minute, minute + 3, minute + 3) for minute in range(0, 60, 5)] + [Reported(0, 9, 30)]
    assert watched(THREE, minutes, gaps, restart=True) == watched(THREE, minutes, gaps)


def with_gaps(records: Lines) -> Lines:
    """The story with gaps of its sources in the partition of their key, in time and too late, and with deletions."""
    spans = [(minute, minute + 7, minute + 5 + minute % 40) for minute in range(30, 590, 9)]
    lines: Lines = {}
    for partition, mine in records.items():
        values: list[bytes] = []
        left = [(at, begin, end) for begin, end, at in spans] if partition == 1 else []
        for offset, _, value in mine:
            for at, begin, end in [each for each in left if each[0] <= offset]:
                left.remove((at, begin, end))
                source = ("forum", "news")[begin % 2]
                gap = Gap(source, START + begin * MINUTE, START + end * MINUTE, "no_backfill")
                values += [gap.to_bytes(), Deletion(f"x{begin}", source).to_bytes()]
            values.append(value)
        lines[partition] = [(offset, START + 100 * HOUR, value) for offset, value in enumerate(values)]
    return lines


@pytest.fixture(scope="module")
def oracle() -> tuple[Lines, Run]:
    lines = with_gaps(partitioned(story(1)))
    return lines, Run(config(), None).feed(lines)


def test_the_story_has_incomplete_windows(oracle: tuple[Lines, Run]) -> None:
    named = [window for window in oracle[1].windows if window.gaps]
    assert len(named) > 20
    plain = Run(config(), None).feed(partitioned(story(1)))
    counts, others = (
        sorted((window.brand, window.start_ms, window.count) for window in run.windows) for run in (plain, oracle[1])
    )
    assert counts == others


@pytest.mark.parametrize("seed", range(5))
def test_interleaving_batches_repeats_and_restarts_change_nothing(oracle: tuple[Lines, Run], seed: int) -> None:
    lines, run = oracle
    assert Run(config(), random.Random(seed)).feed(lines).result() == run.result()


def test_gaps_of_a_source_that_has_many_stay_bounded() -> None:
    monitor = PartitionMonitor(settings(), 0)
    sizes: list[int] = []
    for hour in range(6):
        now = START + hour * HOUR
        spans: list[Any] = [(hour * 250 + each, now, "bluesky", now + each, now + each + 1) for each in range(250)]
        monitor.absorb(Gaps(0, "topic-1", spans))
        active = [("bluesky", [now - now % BUCKET])]
        monitor.absorb(Progress(0, "topic-1", hour, now, now, -1, live=False, active=active, pulse=[]))
        monitor.advance()
        ((_, value),) = monitor.dirty()  # of the progress
        sizes.append(len(value or b""))
    assert max(sizes[2:]) <= max(sizes[:2]) * 1.1
