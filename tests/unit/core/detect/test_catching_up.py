"""A source that was away and brings everything afterwards: its storm is found, and calm that comes at once is none."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from streams.core.score.partitioning import partition_of
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.records import Post
from tests.support.drawn_run import Lines, Run
from tests.support.two_brands import HOUR, PARTITIONS, START, WordModel, config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MINUTE: Final = 60_000

AWAY: Final = range(300, 345)
"""Minutes in which one of the sources is away."""

STORM: Final = range(305, 325)
NOWHERE: Final = range(0)


class Day(NamedTuple):
    """Posts with the times at which they arrive.

    Parameters
    ----------
    storm
        Minutes of a storm about Nordtel, in the source that is away.
    away
        Minutes in which it is.
    seconds
        How long it takes to catch up.
    is_delayed
        Whether its posts are known to have been on their way for so long.
    """

    storm: range = STORM
    away: range = AWAY
    seconds: int = 20
    is_delayed: bool = True

    def arrivals(self) -> list[tuple[int, Post]]:
        chance = random.Random(7)
        arrivals: list[tuple[int, Post]] = []
        back_ms = START + self.away.stop * MINUTE
        for minute in range(520):
            for source in ("bluesky", "forum"):
                is_storm = source == "bluesky" and minute in self.storm
                for brand, count in (("Nordtel", 12 if is_storm else 1), ("Südmilch", 1)):
                    for _ in range(count):
                        ts_ms = START + minute * MINUTE + chance.randrange(MINUTE)
                        tone = "schlecht" if is_storm and brand == "Nordtel" else "so so"
                        text = f"{brand} ist {tone} {chance.randrange(10**9)}"
                        post = Post(str(len(arrivals)), source, ts_ms, text, author=f"a{chance.randrange(900)}")
                        at_ms = ts_ms + 500
                        if source == "bluesky" and minute in self.away:
                            done = (ts_ms - START - self.away.start * MINUTE) / (len(self.away) * MINUTE)
                            at_ms = back_ms + round(done * self.seconds * 1000)
                            post = post._replace(delayed=self.is_delayed)
                        arrivals.append((at_ms, post))
        return sorted(arrivals)

    def lines(self) -> Lines:
        lines: Lines = {partition: [] for partition in range(PARTITIONS)}
        for at_ms, post in self.arrivals():
            mine = lines[partition_of(post.key, PARTITIONS)]
            mine.append((len(mine), at_ms, post.to_bytes()))
        return lines


@cache
def seen(day: Day) -> Run:
    return Run(config(), None, batch=20).feed(day.lines())


def minute(moment: datetime) -> float:
    return (moment.timestamp() * 1000 - START) / MINUTE


@pytest.mark.parametrize("seconds", [20, 600], ids=["at once", "over ten minutes"])
def test_a_storm_that_is_over_when_its_source_is_back_is_found(seconds: int) -> None:
    alerts = seen(Day(seconds=seconds)).alerts
    assert {(alert.brand, alert.suppressed, alert.label) for alert in alerts} == {("nordtel", None, "crisis")}
    assert [alert.step for alert in alerts if alert.step in {"open", "reopen", "resolve"}] == ["open", "resolve"]
    assert {minute(alert.window.start) for alert in alerts} == {STORM.start}
    assert max(minute(alert.window.end) for alert in alerts) == STORM.stop, "not when the posts arrived"
    opened, over = alerts[0], alerts[-1]
    assert opened.late_mentions == opened.window.mentions
    assert over.severity == "critical"
    assert 220 <= over.window.mentions <= 260, "those of the storm, and few others"
    assert minute(over.at) >= AWAY.stop + 45, "an hour after it was told"


@pytest.mark.parametrize("is_delayed", [True, False])
def test_a_storm_of_hours_ago_is_found_unless_its_posts_may_be_dated_back(is_delayed: bool) -> None:
    alerts = seen(Day(away=range(300, 450), is_delayed=is_delayed)).alerts
    assert [alert.step for alert in alerts if alert.step in {"open", "resolve"}] == ["open", "resolve"] * is_delayed
    assert all(minute(alert.window.start) == STORM.start for alert in alerts)


@pytest.mark.parametrize("seconds", [5, 20, 600])
def test_calm_that_is_brought_afterwards_is_no_burst_and_no_fall(seconds: int) -> None:
    assert seen(Day(NOWHERE, seconds=seconds)).alerts == []


def test_neither_the_silence_nor_what_was_brought_afterwards_changes_what_is_usual() -> None:
    away, there = (seen(Day(NOWHERE, minutes)) for minutes in (AWAY, range(0)))
    expected = [
        {
            window.brand: window.scores["volume"].expected
            for window in run.windows
            if window.start_ms >= START + 7 * HOUR
        }
        for run in (away, there)
    ]
    for brand, count in expected[1].items():
        assert expected[0][brand] == pytest.approx(count, rel=0.05)


@pytest.mark.parametrize("storm", [STORM, NOWHERE], ids=["storm", "calm"])
def test_every_post_is_counted_once_in_time_or_late(storm: range) -> None:
    run, day = seen(Day(storm)), Day(storm)
    counted = Counter[str]()
    for window in run.windows:
        counted[window.brand] += window.count + window.late
    written = Counter("nordtel" if post.text.startswith("Nordtel") else "suedmilch" for _, post in day.arrivals())
    assert counted == written


def test_a_storm_that_goes_on_when_its_source_is_back_is_one_incident_from_its_beginning() -> None:
    day = Day(range(320, 365))
    of_brand = [alert for alert in seen(day).alerts if alert.brand == "nordtel"]
    assert [alert.step for alert in of_brand if alert.step in {"open", "reopen", "resolve"}] == ["open", "resolve"]
    assert minute(of_brand[-1].window.start) == 320
    assert of_brand[-1].window.mentions > 12 * 40


@pytest.mark.parametrize("seed", range(4))
def test_interleaving_batches_repeats_and_restarts_change_nothing(seed: int) -> None:
    day = Day(seconds=300)
    assert Run(config(), random.Random(seed)).feed(day.lines()).result() == seen(day).result()


def pulse(posts: Sequence[tuple[int, Post]]) -> int:
    """How many mentions count for the platform load."""
    scorer = Scorer(config(), WordModel())
    scorer.assign(0, Position("topic-1"))
    scored = scorer.score(0, [(offset, at_ms, post.to_bytes()) for offset, (at_ms, post) in enumerate(posts)])
    return sum(sum(counts) for _, counts in scored.progress.pulse)


def test_what_is_brought_afterwards_makes_the_platform_no_busier_now() -> None:
    arrivals = Day(NOWHERE).arrivals()
    late = [(at_ms, post) for at_ms, post in arrivals if at_ms - post.ts_ms > 7 * MINUTE + 60_000]
    assert late
    assert pulse(arrivals) <= len(arrivals) - len(late)
