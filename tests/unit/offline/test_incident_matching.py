"""Which incident counts for which event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from streams.offline.backtest.text import until
from streams.offline.incident_matching import (
    AFTERMATH_MS,
    BrandEvent,
    RaisedIncident,
    Rise,
    brand_events,
    match,
    raised,
)
from streams.records import Alert, SentimentSplit, WindowCounts

if TYPE_CHECKING:
    from detectors.base import Severity
    from streams.offline.incident_matching import EventOutcome, IncidentLevel

MINUTE = 60_000
START = datetime(2026, 3, 2, tzinfo=UTC)

STORM = BrandEvent(
    "firestorm", "nordtel", onset_ms=100 * MINUTE, end_ms=300 * MINUTE, posts_ms=(101 * MINUTE, 110 * MINUTE)
)


def incident(*rises: tuple[float, IncidentLevel], brand: str = "nordtel") -> RaisedIncident:
    return RaisedIncident(brand, f"of {rises[0][0]}", [Rise(round(minute * MINUTE), level) for minute, level in rises])


def of(case: BrandEvent, *incidents: RaisedIncident) -> tuple[EventOutcome, list[RaisedIncident]]:
    (outcome,), others = match([case], incidents)
    return outcome, others


@pytest.mark.parametrize(
    ("minute", "counts"),
    [(100 - 1 / MINUTE, False), (100, True), (300 + AFTERMATH_MS / MINUTE, True), (361, False)],
)
def test_a_rise_counts_from_the_onset_to_an_hour_after_the_end(minute: float, counts: bool) -> None:
    outcome, others = of(STORM, incident((minute, "warning")))
    assert outcome.raised_as == ("warning" if counts else "nothing")
    assert len(others) == (not counts)


def test_an_incident_of_another_brand_does_not_count() -> None:
    outcome, others = of(STORM, incident((120, "critical"), brand="suedmilch"))
    assert outcome.raised_as == "nothing"
    assert len(others) == 1


def test_an_escalation_of_an_older_incident_counts_and_the_delay_is_its_own() -> None:
    outcome, others = of(STORM, incident((90, "watch"), (112, "critical")))
    assert others == []
    assert outcome.delay_ms("watch") == outcome.delay_ms("warning") == outcome.delay_ms("critical") == 12 * MINUTE
    assert STORM.posts_by(outcome.reached_ms["warning"]) == 2


def test_each_level_is_reached_at_its_first_rise_over_all_incidents() -> None:
    outcome, _ = of(STORM, incident((104, "suppressed"), (130, "warning")), incident((106, "watch"), (140, "critical")))
    minutes = {level: at_ms / MINUTE for level, at_ms in outcome.reached_ms.items()}
    assert minutes == {"suppressed": 104, "watch": 106, "warning": 130, "critical": 140}
    assert outcome.raised_as == "critical"
    assert len(outcome.incidents) == 2


def test_a_case_that_was_not_raised_has_no_delay() -> None:
    outcome, others = of(STORM, incident((105, "watch")))
    assert outcome.delay_ms("warning") is None
    assert others == []


def test_of_two_cases_under_way_the_later_one_has_the_rise() -> None:
    burn = BrandEvent("slow_burn", "nordtel", 0, 400 * MINUTE)
    outcomes, _ = match([burn, STORM], [incident((50, "watch"), (150, "critical"))])
    assert [outcome.raised_as for outcome in outcomes] == ["watch", "critical"]


def truth(*events: dict[str, Any]) -> dict[str, Any]:
    return {"brands": [{"id": "nordtel"}, {"id": "suedmilch"}], "events": list(events)}


def event(kind: str, brand: str | None, onset: str, end: str) -> dict[str, Any]:
    return {"kind": kind, "brand": brand, "onset": f"2026-03-02T{onset}.000Z", "end": f"2026-03-02T{end}.000Z"}


def test_a_platform_wide_event_is_a_case_of_every_brand_that_has_none_of_its_own() -> None:
    happened = brand_events(
        truth(
            event("surge", None, "01:00:00", "02:00:00"),
            event("launch", "suedmilch", "02:30:00", "03:00:00"),
            event("outage", None, "08:00:00", "09:00:00"),
        ),
        {1: [3, 1, 2]},
    )
    assert [(case.kind, case.brand) for case in happened] == [
        ("launch", "suedmilch"),
        ("surge", "nordtel"),
        ("outage", "nordtel"),
        ("outage", "suedmilch"),
    ]
    launch = happened[0]
    assert list(launch.posts_ms) == [1, 2, 3]
    assert launch.onset_ms == (START + timedelta(hours=2.5)).timestamp() * 1000


def alert(minute: int, severity: Severity, suppressed: str | None = None, kind: str = "update") -> Alert:
    at = START + timedelta(minutes=minute)
    return Alert.model_validate(
        {
            "id": str(minute), "kind": kind, "status": "firing", "severity": severity, "suppressed": suppressed,
            "brand": "nordtel", "fingerprint": "f", "starts_at": START, "at": at, "summary": f"minute {minute}",
            "window": WindowCounts(start=START, end=at, mentions=1, authors=1, reposts=0, engagement=0),
            "sentiment": SentimentSplit(negative=1, neutral=0, positive=0), "top_terms": [], "top_author_share": 0,
            "detectors": {}, "duplicate_share": 0, "sources": {}, "languages": {}, "samples": [], "config_version": "c",
            "model_version": "m", "labels": {}, "annotations": {},
        }
    )  # fmt: skip


def test_alerts_become_incidents_that_rise_where_they_reach_something_new() -> None:
    (found,) = raised(
        [
            alert(1, "warning", suppressed="cold_start", kind="open"),
            alert(2, "watch"),
            alert(3, "watch"),
            alert(4, "critical"),
            alert(5, "critical", kind="resolve"),
        ]
    )
    start_ms = round(START.timestamp() * 1000)
    assert [((rise.at_ms - start_ms) / MINUTE, rise.level) for rise in found.rises] == [
        (1, "suppressed"),
        (2, "watch"),
        (4, "critical"),
    ]
    assert found.summary == "minute 4"


def test_the_quiet_time_before_an_incident_is_resolved_is_no_part_of_it() -> None:
    """The list of a backtest said that an incident went on for an hour longer than its picture showed."""
    resolved = alert(70, "critical", kind="resolve")
    (found,) = raised([alert(1, "critical", kind="open"), resolved.model_copy(update={"ends_at": START})])
    assert found.ends_ms == START.timestamp() * 1000
    assert until(found) == f"{START:%Y-%m-%d %H:%M}"
