"""A brand that is hardly ever mentioned: no detector raises an incident for a stray mention, and a storm is found."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from detectors.registry import DEFAULTS, KINDS
from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.records import Envelope, Mention, Progress

if TYPE_CHECKING:
    from streams.records import Alert, Window

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
START: Final = 1_760_000_400_000 - 1_760_000_400_000 % DAY
SLOT: Final = HOUR // 6


class Told(NamedTuple):
    """Mentions within one slot of ten minutes: the hour since the beginning, their number, and authors in turn."""

    hour: float
    posts: int
    authors: list[int] | None = None


def watched(days: int, told: list[Told], **brand: Any) -> tuple[list[Alert], list[Window]]:
    """Return the alerts and windows of a brand that is watched for some days by the default detectors, and by all
    others."""
    kinds = [*DEFAULTS.items(), *((kind, kind) for kind in KINDS if kind not in DEFAULTS.values())]
    settings = Config.model_validate(
        {
            "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}} | brand],
            "detectors": [{"name": name, "kind": kind} for name, kind in kinds],
            "topics": {"partitions": 1},
            "windows": {"bucket_seconds": HOUR // 1000},
        }
    )
    monitor, chance = PartitionMonitor(settings, 0), random.Random(1)
    alerts, windows, offset = [], [], 0
    slots = {round(each.hour * HOUR / SLOT): each for each in told}
    for slot in range(days * DAY // SLOT):
        now = START + slot * SLOT
        mentions = []
        each = slots.get(slot)
        for number in range(each.posts if each else 0):
            author = each.authors[number % len(each.authors)] if each and each.authors else 1_000 + offset
            at = now + chance.randrange(SLOT)
            mentions.append(
                Mention(
                    offset, at, 0, 9_000, 500, author, chance.randrange(1 << 47), 0, 1, "de", "forum", f"p{offset}",
                    ["netz"],
                )
            )  # fmt: skip
            offset += 1
        if mentions:
            monitor.absorb(Envelope("nordtel", 0, "topic-1", "m1", now, mentions))
        active = [("forum", [now - now % HOUR])]
        end = now + SLOT - 1
        monitor.absorb(Progress(0, "topic-1", offset - 1, end, now, -1, live=False, active=active, pulse=[]))
        outcome = monitor.advance()
        alerts += outcome.alerts
        windows += outcome.windows
    return alerts, windows


def anomalous(windows: list[Window]) -> set[str]:
    return {name for window in windows for name, score in window.scores.items() if score.value >= 1}


WEEKLY: Final = [Told(week * 168 + 10, 1) for week in range(8)]
MONTHS: Final = 56 * 24


@pytest.mark.parametrize(
    ("told", "brand"),
    [
        ([Told(0, 1), Told(MONTHS, 1)], {}),
        ([Told(0, 1), Told(MONTHS, 3, [7])], {}),
        ([*WEEKLY, Told(MONTHS, 6, [7])], {}),
        ([*WEEKLY, *(Told(MONTHS + hour / 6, 1, [7]) for hour in range(30))], {}),
        ([Told(day * 72, 1) for day in range(19)], {}),
        ([*(Told(day * 24, 1) for day in range(56)), Told(MONTHS + 5, 4)], {"usual_posts_per_day": 1}),
        ([Told(0, 1), Told(MONTHS, 4)], {"usual_posts_per_day": 0.01}),
    ],
    ids=[
        "one",
        "three by one",
        "six by one",
        "30 by one in hours",
        "every third day",
        "four of a brand with one a day",
        "four",
    ],
)
def test_stray_mentions_raise_nothing_however_rare_they_are(told: list[Told], brand: dict[str, Any]) -> None:
    alerts, windows = watched(58, told, **brand)
    assert anomalous(windows), "nothing was rare"
    assert alerts == []


def test_the_first_mention_of_an_unknown_brand_raises_nothing_not_even_suppressed() -> None:
    assert watched(3, [Told(30, 1), Told(50, 2)])[0] == []


def test_a_storm_of_many_after_months_is_raised_within_ten_minutes() -> None:
    alerts, _ = watched(58, [*WEEKLY, Told(MONTHS, 20)], usual_posts_per_day=0.2)
    opened = alerts[0]
    assert (opened.step, opened.label, opened.suppressed) == ("open", "crisis", None)
    assert opened.window.mentions >= 5
    assert (opened.at - opened.window.start).total_seconds() <= 600


def test_a_stray_mention_before_changes_nothing_about_a_storm() -> None:
    """Detectors count the stray mention as reported, and would suppress what follows within a day."""
    storm = [Told(MONTHS, 20), Told(MONTHS + 0.5, 20)]
    alone, after = (
        watched(58, [*WEEKLY, *stray, *storm], usual_posts_per_day=0.2)[0] for stray in ([], [Told(MONTHS - 3, 1)])
    )
    opened, again = alone[0], after[0]
    assert (again.at, again.severity, again.suppressed, again.window) == (
        opened.at, opened.severity, None, opened.window,
    )  # fmt: skip
