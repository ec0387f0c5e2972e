"""When recurring maintenance and events apply, in summer and in winter, and which recurrences are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.rounds import check
from tests.support.quiet_times import BRAND, config, reasons

BERLIN = {"reason": "x", "timezone": "Europe/Berlin"}


@pytest.mark.parametrize("section", ["expected_events", "maintenance"])
@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        (
            {"every": "saturday", "from": "15:30", "to": "18:00"},
            ["2026-03-28T15:30+01:00", "2026-04-04T15:30+02:00", "2026-04-04T17:55+02:00"],
            ["2026-03-28T15:20+01:00", "2026-04-04T18:00+02:00", "2026-04-05T16:00+02:00"],
        ),
        (
            {"every": "week", "from": "2026-03-07T15:30", "to": "2026-03-07T18:00", "until": "2026-04-04"},
            ["2026-03-07T15:30+01:00", "2026-04-04T15:30+02:00"],
            ["2026-02-28T15:30+01:00", "2026-04-11T15:30+02:00", "2026-03-08T15:30+01:00"],
        ),
        (
            {"every": "month", "from": "2026-01-15T23:00", "to": "2026-01-16T02:00"},
            ["2026-07-15T23:00+02:00", "2026-07-16T01:55+02:00", "2026-02-15T23:00+01:00"],
            ["2026-07-15T22:50+02:00", "2026-07-16T02:00+02:00", "2025-12-15T23:30+01:00"],
        ),
        (
            {"every": "year", "from": "2024-12-31T22:00", "to": "2025-01-01T02:00"},
            ["2026-12-31T23:00+01:00", "2027-01-01T01:00+01:00"],
            ["2026-12-30T23:00+01:00", "2027-01-01T02:00+01:00"],
        ),
        (
            {"rrule": "RRULE:FREQ=MONTHLY;BYDAY=2TU", "from": "2026-01-01T18:00", "to": "2026-01-01T20:00"},
            ["2026-03-10T18:00+01:00", "2026-04-14T18:00+02:00"],
            ["2026-01-01T18:00+01:00", "2026-03-03T18:00+01:00"],
        ),
        (
            {"every": "day", "from": "02:30", "to": "03:30"},
            ["2026-03-29T03:00+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T03:25+01:00"],
            ["2026-10-25T03:30+01:00"],
        ),
    ],
)
def test_a_span_recurs_on_the_clocks_of_its_zone(
    section: str, entry: dict[str, Any], inside: list[str], outside: list[str]
) -> None:
    made = config(section, **BERLIN, **entry)
    assert reasons(made, *inside) == ["x"] * len(inside)
    assert reasons(made, *outside) == [None] * len(outside)


def test_a_recurring_day_is_the_whole_day() -> None:
    made = config(**BERLIN, every="year", day="2020-03-05")
    assert reasons(made, "2026-03-05T00:00+01:00", "2026-03-05T23:55+01:00") == ["x", "x"]
    assert reasons(made, "2026-03-04T23:50+01:00", "2026-03-06T00:00+01:00", "2019-03-05T12:00+01:00") == [None] * 3
    weekend = config(**BERLIN, every=["saturday", "sunday"])
    assert reasons(weekend, "2026-03-07T00:00+01:00", "2026-03-08T23:55+01:00") == ["x", "x"]
    assert reasons(weekend, "2026-03-09T00:00+01:00") == [None]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"every": "monthly", "day": "2026-01-01"}, ".every: must be day, week, month, year, or days of the week such "
         "as [monday, friday], got 'monthly'; did you mean month?"),
        ({"every": "month", "day": "2026-01-31"}, ".day: not every month has a day 31: write"),
        ({"every": "year", "day": "2024-02-29"}, ".day: not every year has a 29 February: write"),
        ({"every": "week", "from": "2026-01-01", "to": "2026-01-09"},
         ".to: lasts 8 days, and happens again after 7 days: it must end before that"),
        ({"rrule": "FREQ=DAILY", "from": "2026-01-01T00:00", "to": "2026-01-02T01:00"},
         ".to: lasts 25 hours, and happens again after 24 hours"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "day": "2026-01-01"},
         ".day: never happens from 2026-01-01 on"),
        ({"every": "week", "day": "2026-05-01", "until": "2026-01-01"},
         ".day: never happens from 2026-05-01 on until 2026-01-01"),
        ({"every": "week", "rrule": "FREQ=DAILY", "day": "2026-05-01"}, ".rrule: is the alternative to `every`"),
        ({"every": ["monday"], "day": "2026-05-01"}, ".day: does not go with days of the week in `every`"),
        ({"every": ["monday"], "from": "10:00"}, ".to: is required beside the other end"),
        ({"every": ["monday"], "from": "2026-05-01", "to": "2026-05-02"},
         ".from: must be a time of day such as 20:00, with days of the week in `every`"),
        ({"every": "week", "day": "2026-02-30"}, ".day: '2026-02-30' does not exist: day is out of range for month"),
        ({"day": "2026-05-01", "until": "2026-06-01"}, ".until: is for spans that recur"),
        ({"every": "week", "from": "2026-01-01T10:00+01:00", "to": "2026-01-01T11:00+01:00"},
         ".timezone: is required for what recurs and is written with an offset"),
    ],
)  # fmt: skip
def test_a_recurrence_that_could_mean_two_things_or_nothing_is_refused(entry: dict[str, Any], problem: str) -> None:
    found = check({"brands": [BRAND], "expected_events": [{"reason": "x"} | entry]}).found[0]
    assert str(found.problem).startswith(f"expected_events[0]{problem}")


def test_both_ends_that_are_wrong_are_told_at_once() -> None:
    for section, entry in (
        ("expected_events", {"from": "20:00", "to": "23:00"}),
        ("maintenance", {"from": "20:00", "to": "23:00"}),
        ("expected_events", {"every": ["monday"], "from": "2026-05-01", "to": "2026-05-02"}),
        ("maintenance", {"every": ["monday"], "from": 20, "to": 23}),
    ):
        found = check({"brands": [BRAND], section: [{"reason": "x"} | entry]}).found
        assert [each.problem.field for each in found] == [f"{section}[0].from", f"{section}[0].to"]


def test_spans_without_new_keys_decide_the_version_as_before() -> None:
    """Ids of incidents depend on it: new keys must not change it for configs that do not use them."""
    common = {"reason": "x", "brands": "all", "timezone": "UTC"}
    event = config(reason="x", day="2026-03-05").expected_events[0]
    assert event.model_dump(mode="json") == common | {"day": "2026-03-05", "from": None, "to": None}
    every = {"every": ["sunday"], "from": "22:00:00", "to": "23:00:00"}
    maintenance = config("maintenance", **common | every).maintenance[0]
    assert maintenance.model_dump(mode="json") == common | every
    assert config(reason="x", day="2026-03-05", every="year").version != config(reason="x", day="2026-03-05").version


@given(st.datetimes(datetime(2026, 1, 5), datetime(2035, 1, 1)), st.integers(1, 7 * 24 * 60))  # noqa: DTZ001  in UTC
def test_a_weekly_event_applies_where_its_first_week_says_so(at: datetime, minutes: int) -> None:
    first = datetime(2026, 1, 5, tzinfo=UTC)
    span = {"from": first.isoformat(), "to": (first + timedelta(minutes=minutes)).isoformat()}
    made = config(reason="x", every="week", timezone="UTC", **span)
    moment = at.replace(tzinfo=UTC, second=0, microsecond=0)
    into_week = (moment - first) % timedelta(days=7)
    expected = "x" if into_week < timedelta(minutes=minutes) or into_week > timedelta(days=7, minutes=-5) else None
    assert reasons(made, moment.isoformat()) == [expected]
