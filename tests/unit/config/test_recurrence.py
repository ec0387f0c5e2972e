"""Rules of recurrence: which are read, and that none takes long."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from streams.config.recurrence import check_rule, starts_in


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("RRULE:freq=weekly;byday=mo,th", "FREQ=WEEKLY;BYDAY=MO,TH"),
        (" FREQ=YEARLY;BYEASTER=-2 ", "FREQ=YEARLY;BYEASTER=-2"),
    ],
)
def test_a_rule_is_taken_as_calendars_write_it(text: str, rule: str) -> None:
    assert check_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("monthly", "'MONTHLY' is no part of a rule such as FREQ=MONTHLY;BYDAY=2TU; there are FREQ, INTERVAL"),
        ("FREQ=HOURLY", "must have FREQ= and one of DAILY, WEEKLY, MONTHLY, YEARLY, such as"),
        ("BYDAY=2TU", "must have FREQ="),
        ("FREQ=MONTHLY;BYDAI=2TU", "did you mean BYDAY"),
        ("FREQ=MONTHLY;BYDAY=XX", "is not a rule such as"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a number from 1 to 10,000, got '0'"),
        ("FREQ=DAILY;UNTIL=20260101", "has UNTIL: write the last day as `until` beside the rule"),
        ("FREQ=DAILY;BYHOUR=3", "'BYHOUR' is no part of a rule"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_rule(text)


def test_a_year_has_the_occurrences_between_the_first_and_the_last_day() -> None:
    first = datetime(2026, 2, 10, 20)  # noqa: DTZ001  on the clocks of a zone
    assert [start.day for start in starts_in("FREQ=MONTHLY;BYDAY=2TU", first, date(2026, 4, 14), 2026)] == [10, 10, 14]
    assert len(starts_in("FREQ=MONTHLY;BYDAY=2TU;COUNT=14", first, None, 2027)) == 3
    assert starts_in("month", first, None, 2025) == ()
    assert len(starts_in("week", first, None, 2026)) == 47
