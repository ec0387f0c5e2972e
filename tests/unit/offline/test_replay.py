"""Real posts through the shipped example configs: who gets an incident, when, and who is left in peace."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from streams.config.loader import load_config
from streams.offline.replay import Replay
from streams.sources.registry import open_posts
from streams.sources.weights import load_model
from tests.support.paths import DEPLOY

if TYPE_CHECKING:
    from pathlib import Path

    from streams.offline.replay import ReplaySummary
    from streams.records import Alert, Window

EXAMPLES = DEPLOY / "examples"

Outcome = tuple["ReplaySummary", "list[Alert]", "Counter[str]"]


def replayed(posts: Path, example: str) -> Outcome:
    config = load_config(EXAMPLES / example, {})
    alerts: list[Alert] = []
    counted = Counter[str]()

    def on_window(window: Window) -> None:
        counted[window.brand] += window.count + window.late

    with open_posts(str(posts), config.ingest.max_record_bytes) as source:
        summary = Replay(config, load_model(), alerts.append, on_window).run(source)
    return summary, alerts, counted


@pytest.fixture(scope="module")
def airlines(shared_data: Path) -> Outcome:
    return replayed(shared_data / "airline-2015" / "airline.jsonl", "airlines.yaml")


@pytest.fixture(scope="module")
def storms(shared_data: Path) -> Outcome:
    return replayed(shared_data / "shitstorms" / "shitstorms.jsonl", "shitstorms.yaml")


def opened(alerts: list[Alert], brand: str) -> list[str]:
    """Days on which incidents that may page opened."""
    return [
        f"{alert.at:%F}" for alert in alerts if (alert.brand, alert.kind) == (brand, "open") and not alert.suppressed
    ]


def test_every_airline_post_arrives_and_every_mention_is_counted(airlines: Outcome) -> None:
    summary, _, counted = airlines
    assert (summary.posts, summary.repeated, summary.rejected) == (14_485, 0, {})
    assert counted.total() == summary.matched == summary.counted + summary.late


def test_alerts_come_in_order_of_event_time_over_all_brands(airlines: Outcome, storms: Outcome) -> None:
    for _, alerts, _ in (airlines, storms):
        moments = [alert.at for alert in alerts]
        assert moments == sorted(moments)


def test_an_incident_has_the_counts_and_the_end_of_its_time_without_the_quiet_hour_after_it(airlines: Outcome) -> None:
    over = [alert for alert in airlines[1] if alert.step == "resolve"]
    assert over
    for alert in over:
        assert alert.window.end == alert.ends_at
        assert alert.at - alert.window.end >= timedelta(hours=1)


def test_no_incident_opens_with_less_than_five_mentions(airlines: Outcome, storms: Outcome) -> None:
    alerts = [*airlines[1], *storms[1]]
    assert min(alert.window.mentions for alert in alerts) == 5


def test_us_airways_has_one_incident_on_22_february(airlines: Outcome) -> None:
    assert opened(airlines[1], "us-airways") == ["2015-02-22"]


def test_american_whose_collection_begins_in_the_middle_pages_nobody(airlines: Outcome) -> None:
    american = [alert for alert in airlines[1] if alert.brand == "american"]
    assert american
    assert {alert.suppressed for alert in american} == {"cold_start"}


@pytest.mark.parametrize("brand", ["united", "southwest", "virgin-america"])
def test_airlines_without_a_crisis_page_nobody(brand: str, airlines: Outcome) -> None:
    """On the weekend of a winter storm, two of them are worth a look."""
    mine = [alert for alert in airlines[1] if alert.brand == brand and not alert.suppressed]
    assert all(alert.severity != "critical" for alert in mine)
    assert set(opened(airlines[1], brand)) <= {"2015-02-21", "2015-02-22"}


@pytest.mark.parametrize(
    ("brand", "day"), [("kaufland", "2020-10-09"), ("barilla", "2013-09-27"), ("petertauber", "2017-07-04")]
)
def test_each_firestorm_opens_one_incident_in_its_phase_and_pages_within_four_hours(
    brand: str, day: str, storms: Outcome
) -> None:
    assert opened(storms[1], brand) == [day]
    mine = [alert for alert in storms[1] if alert.brand == brand]
    critical = next(alert for alert in mine if alert.severity == "critical")
    assert critical.label == "crisis"
    assert critical.at - mine[0].at < timedelta(hours=4)


def test_every_post_of_the_storms_is_counted_or_named_as_rejected(storms: Outcome) -> None:
    summary, _, counted = storms
    assert summary.posts + summary.skipped == 4_581
    assert not summary.rejected
    assert counted.total() == summary.posts
