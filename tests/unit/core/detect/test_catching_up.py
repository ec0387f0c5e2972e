"""A source that was away and brings everything afterwards: its storm is found, and calm that comes at once is none."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from tests.support.drawn_run import Run
from tests.support.outage_day import AWAY, MINUTE, NOWHERE, STORM, OutageDay, minute
from tests.support.two_brands import HOUR, START, WordModel, config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.records import Post


@cache
def seen(day: OutageDay) -> Run:
    return Run(config(), None, batch=20).feed(day.lines())


@pytest.mark.parametrize("seconds", [20, 600], ids=["at once", "over ten minutes"])
def test_a_storm_that_is_over_when_its_source_is_back_is_found(seconds: int) -> None:
    alerts = seen(OutageDay(seconds=seconds)).alerts
    assert {(alert.brand, alert.suppressed, alert.label) for alert in alerts} == {("nordtel", None, "crisis")}
    assert [alert.step for alert in alerts if alert.step in {"open", "reopen", "resolve"}] == ["open", "resolve"]
    assert {minute(alert.window.start) for alert in alerts} == {STORM.start}
    assert max(minute(alert.window.end) for alert in alerts) == STORM.stop, "not when the posts arrived"
    opened, over = alerts[0], alerts[-1]
    assert opened.late_mentions == opened.window.mentions
    assert over.severity == "critical"
    assert 220 <= over.window.mentions <= 260, "those of the storm, and few others"
    assert minute(over.at) >= AWAY.stop + 45, "an hour after it was found"


@pytest.mark.parametrize("is_delayed", [True, False])
def test_a_storm_of_hours_ago_is_found_unless_its_posts_may_be_dated_back(is_delayed: bool) -> None:
    alerts = seen(OutageDay(away=range(300, 450), is_delayed=is_delayed)).alerts
    assert [alert.step for alert in alerts if alert.step in {"open", "resolve"}] == ["open", "resolve"] * is_delayed
    assert all(minute(alert.window.start) == STORM.start for alert in alerts)


@pytest.mark.parametrize("seconds", [5, 20, 600])
def test_calm_that_is_brought_afterwards_is_no_burst_and_no_fall(seconds: int) -> None:
    assert seen(OutageDay(NOWHERE, seconds=seconds)).alerts == []


def test_neither_the_silence_nor_what_was_brought_afterwards_changes_what_is_usual() -> None:
    away, there = (seen(OutageDay(NOWHERE, minutes)) for minutes in (AWAY, range(0)))
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
    run, day = seen(OutageDay(storm)), OutageDay(storm)
    counted = Counter[str]()
    for window in run.windows:
        counted[window.brand] += window.count + window.late
    written = Counter("nordtel" if post.text.startswith("Nordtel") else "suedmilch" for _, post in day.arrivals())
    assert counted == written


def test_a_storm_that_goes_on_when_its_source_is_back_is_one_incident_from_its_beginning() -> None:
    day = OutageDay(range(320, 365))
    of_brand = [alert for alert in seen(day).alerts if alert.brand == "nordtel"]
    assert [alert.step for alert in of_brand if alert.step in {"open", "reopen", "resolve"}] == ["open", "resolve"]
    assert minute(of_brand[-1].window.start) == 320
    assert of_brand[-1].window.mentions > 12 * 40


@pytest.mark.parametrize("seed", range(4))
def test_interleaving_batches_repeats_and_restarts_change_nothing(seed: int) -> None:
    day = OutageDay(seconds=300)
    assert Run(config(), random.Random(seed)).feed(day.lines()).result() == seen(day).result()


def pulse(posts: Sequence[tuple[int, Post]]) -> int:
    """How many mentions count for the platform load."""
    scorer = Scorer(config(), WordModel())
    scorer.assign(0, Position("topic-1"))
    scored = scorer.score(0, [(offset, at_ms, post.to_bytes()) for offset, (at_ms, post) in enumerate(posts)])
    return sum(sum(counts) for _, counts in scored.progress.pulse)


def test_what_is_brought_afterwards_makes_the_platform_no_busier_now() -> None:
    arrivals = OutageDay(NOWHERE).arrivals()
    late = [(at_ms, post) for at_ms, post in arrivals if at_ms - post.ts_ms > 7 * MINUTE + 60_000]
    assert late
    assert pulse(arrivals) <= len(arrivals) - len(late)
