"""A storm whose source falls silent is not over: nobody knows."""

from __future__ import annotations

import pytest

from tests.support.drawn_run import Run
from tests.support.outage_day import OutageDay, minute
from tests.support.two_brands import config

AWAY = range(320, 430)
"""Longer than it takes to resolve an incident."""


@pytest.mark.parametrize("gap_minutes", [0, 5], ids=["silent", "paused by a limit"])
def test_a_storm_is_not_over_because_its_source_is_not_read(gap_minutes: int) -> None:
    day = OutageDay(range(300, 320), AWAY, is_lost=True, gap_minutes=gap_minutes)
    alerts = [alert for alert in Run(config(), None, batch=20).feed(day.lines()).alerts if alert.brand == "nordtel"]
    assert [alert.step for alert in alerts if alert.step in {"open", "reopen", "resolve"}] == ["open", "resolve"]
    assert minute(alerts[-1].at) >= AWAY.stop + 50, "an hour after the source is back, and quiet"
    assert minute(alerts[-1].window.end) <= 325


def test_a_source_that_stays_away_does_not_keep_an_incident_open_for_ever() -> None:
    settings = config(incidents={"cool_down_seconds": 5_400})
    day = OutageDay(range(300, 320), range(320, 520), is_lost=True)
    alerts = Run(settings, None, batch=20).feed(day.lines()).alerts
    assert alerts[-1].step == "resolve"
    assert 320 + 90 <= minute(alerts[-1].at) <= 320 + 90 + 75


def test_a_source_without_part_in_the_storm_does_not_hold_up_its_end() -> None:
    day = OutageDay(range(300, 320), AWAY, storm_source="forum", is_lost=True)
    alerts = Run(config(), None, batch=20).feed(day.lines()).alerts
    assert alerts[-1].step == "resolve"
    assert minute(alerts[-1].at) <= 320 + 75
