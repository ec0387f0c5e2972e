"""Moments, days and times of day: taken as they are written, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.moments import day, moment, moment_or_time, place, time_of_day, zone_name

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T22:00:00Z", "2026-03-01 22:00:00+00:00"),
        ("2026-03-01 22:00", "2026-03-01 22:00:00"),
        ("2026-3-1 9:05", "2026-03-01 09:05:00"),
        ("2026-03-01t22:00:00.5-05:30", "2026-03-01 22:00:00.500000-05:30"),
        ("2026-03-01 22:00:00 +1", "2026-03-01 22:00:00+01:00"),
        ("2026-03-01 22:00+0100", "2026-03-01 22:00:00+01:00"),
        ("2026-12-31T24:00", "2027-01-01 00:00:00"),
        ("2028-02-29", "2028-02-29 00:00:00"),
        (date(2026, 3, 1), "2026-03-01 00:00:00"),
        (datetime(2026, 3, 1, 22, tzinfo=UTC), "2026-03-01 22:00:00+00:00"),
    ],
)
def test_moments_are_read_as_they_are_written(text: object, expected: str) -> None:
    assert str(moment(text)) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-02-30T10:00", "'2026-02-30T10:00' does not exist: day is out of range for month"),
        ("2026-02-30", "does not exist"),
        ("2026-03-01T25:00", "does not exist: hour must be in 0..23"),
        ("2026-03-01T24:30", "does not exist"),
        ("2026-03-01T22:60", "does not exist"),
        ("2026-03-01T22:00+20:00", "there is no such offset"),
        ("2026-03-01T22:00+01:75", "there is no such offset"),
        ("22:00", "must be a moment such as 2026-03-01T22:00:00+01:00, got '22:00'"),
        ("1772402400", "must be a moment"),
        (1772402400, "must be a moment"),
        (20.5, "must be a moment"),
        (True, "must be a moment"),
        (None, "must be a moment"),
        ("2026-03-01T22:00 CET", "must be a moment"),
        ("01.03.2026 22:00", "must be a moment"),
        ("٢٠٢٦-03-01", "must be a moment"),
        ("0001-01-01", "must lie between 1970 and 2199"),
        ("9999-12-31T24:00", "does not exist"),
        (datetime.max.replace(tzinfo=UTC), "must lie between 1970 and 2199"),
    ],
)
def test_what_is_no_moment_is_refused_with_its_value(text: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace("+", r"\+").replace(".", r"\.")):
        moment(text)


def test_a_day_has_no_time() -> None:
    assert day("2026-03-01") == day(date(2026, 3, 1)) == date(2026, 3, 1)
    for other in ("2026-03-01T00:00", "22:00", 20260301, "2026-02-30", "2026-13-01", datetime(2026, 3, 1)):  # noqa: DTZ001
        with pytest.raises(ValueError, match=r"must be a day|does not exist"):
            day(other)


def test_a_time_of_day_ends_at_24_00_and_begins_before() -> None:
    assert time_of_day("9:05", is_end=False) == time(9, 5)
    assert time_of_day("22:00:30", is_end=False) == time(22, 0, 30)
    assert time_of_day("24:00", is_end=True) == time(0)
    with pytest.raises(ValueError, match="24:00 can't be the beginning"):
        time_of_day("24:00", is_end=False)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (20, "must be a time of day such as 22:00, got 20"),
        ("20", "must be a time of day"),
        (1320, "must be a time of day"),
        ("22", "must be a time of day"),
        ("22h", "must be a time of day"),
        ("22.30", "must be a time of day"),
        ("10 pm", "must be a time of day"),
        ("9:5", "must be a time of day"),
        ("22:00+01:00", "without an offset"),
        ("22:00Z", "without an offset"),
        (time(22, tzinfo=UTC), "without an offset"),
        ("25:00", "does not exist"),
        ("24:01", "does not exist"),
        ("99:99:99", "does not exist"),
    ],
)
def test_what_is_no_time_of_day_is_refused(value: object, problem: str) -> None:
    for is_end in (False, True):
        with pytest.raises(ValueError, match=problem):
            time_of_day(value, is_end=is_end)


def test_text_with_a_date_is_a_moment_and_without_one_a_time_of_day() -> None:
    assert moment_or_time("22:00", is_end=False) == time(22)
    assert moment_or_time("2026-03-01 22:00", is_end=False) == datetime(2026, 3, 1, 22)  # noqa: DTZ001
    with pytest.raises(ValueError, match="or with `every` a time such as 22:00, got 20"):
        moment_or_time(20, is_end=False)


def test_a_moment_that_clocks_skip_or_show_twice_is_refused_without_an_offset() -> None:
    with pytest.raises(ValueError, match="2026-03-29 02:30:00 does not exist in Europe/Berlin"):
        place(datetime(2026, 3, 29, 2, 30), BERLIN)  # noqa: DTZ001
    with pytest.raises(ValueError, match="2026-10-25 02:30:00 happens twice in Europe/Berlin"):
        place(datetime(2026, 10, 25, 2, 30), BERLIN)  # noqa: DTZ001
    with_offset = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1)))
    assert place(with_offset, BERLIN) is with_offset
    assert place(datetime(2026, 10, 25, 3, 30), BERLIN).utcoffset() == timedelta(hours=1)  # noqa: DTZ001


def test_a_zone_that_does_not_exist_is_refused() -> None:
    assert zone_name("Europe/Berlin") == "Europe/Berlin"
    for name in ("Berlin", "", "../etc/passwd", "Europe", "+01:00"):
        with pytest.raises(ValueError, match="is not a time zone"):
            zone_name(name)


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("Berlin", "did you mean Europe/Berlin\\?"),
        ("europe/berlin", "did you mean Europe/Berlin\\?"),
        ("Europe/Berln", "did you mean Europe/Berlin\\?"),
        ("New York", "did you mean America/New_York\\?"),
        ("utc", "did you mean UTC\\?"),
        ("+01:00", "use a name such as Europe/Berlin"),
    ],
)
def test_a_zone_that_does_not_exist_is_answered_with_the_nearest(written: str, suggested: str) -> None:
    with pytest.raises(ValueError, match=suggested):
        zone_name(written)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)), st.none() | st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_iso_8601_is_read_as_python_reads_it(naive: datetime, minutes: int | None) -> None:
    written = naive if minutes is None else naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert moment(written.isoformat()) == written


@given(
    st.text("0123456789:-+TZ. ,eE_x٣", max_size=26)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.binary()
    | st.datetimes()
    | st.times()
    | st.dates()
)
def test_any_value_is_read_or_refused(value: object) -> None:
    for read in (moment, day, lambda value: moment_or_time(value, is_end=True)):
        try:
            read(value)
        except ValueError:
            continue
