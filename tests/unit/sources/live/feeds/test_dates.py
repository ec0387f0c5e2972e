"""The event time of an entry is a date that is credible, whichever reader of dates understood it."""

from __future__ import annotations

import time

import pytest

from streams.config import IngestSettings
from streams.records import utc
from streams.sources.live.feeds.dates import EntryTime, EntryTimes, StatedDate
from tests.support.feeds import HOUR_MS, NOON_MS


def when(*stated: StatedDate, timezone: str = "UTC") -> EntryTime | None:
    return EntryTimes(IngestSettings(timezone=timezone)).first_credible(stated, "feed", NOON_MS)


def shown(time: EntryTime | None) -> str:
    return f"{utc(time.ms):%Y-%m-%dT%H:%M:%S}" if time else ""


def parsed(*parts: int) -> time.struct_time:
    return time.struct_time((*parts, 0, 0, 0))


@pytest.mark.parametrize(
    ("text", "theirs", "expected"),
    [
        ("2016/6/29 15:07:41", parsed(2016, 11, 1, 0, 0, 0), "2016-06-29T15:07:41"),
        ("1529919696", parsed(2015, 10, 26, 0, 0, 0), "2018-06-25T09:41:36"),
        ("Mon, 25 Jun 2018 08:57:00 CEST", parsed(2018, 6, 25, 8, 57, 0), "2018-06-25T06:57:00"),
    ],
)
def test_a_wrong_reading_of_the_library_is_overruled(text: str, theirs: time.struct_time, expected: str) -> None:
    assert shown(when(StatedDate(text, theirs))) == expected


def test_a_form_that_only_the_library_knows_counts_if_its_numbers_are_those_of_the_text() -> None:
    korean = "2004년 07월 08일 오후 11:56:58"
    assert shown(when(StatedDate(korean, parsed(2004, 7, 8, 14, 56, 58)))) == "2004-07-08T14:56:58"
    assert when(StatedDate(korean, parsed(2026, 11, 1, 0, 0, 0))) is None
    assert when(StatedDate(korean, parsed(2004, 7, 1, 0, 0, 0))) is None


@pytest.mark.parametrize("text", ["2026-11-28 10:15:00 Mars", "2026-11-28 10:15:30 (x) y"])
def test_a_day_of_the_library_without_the_time_of_the_text_does_not_count(text: str) -> None:
    assert when(StatedDate(text, parsed(2026, 11, 28, 0, 0, 0))) is None


@pytest.mark.parametrize("text", ["Mon, 30 Nov 2048 12:00:00 GMT", "Mon, 30 Nov 1998 12:00:00 GMT", "0", "soon", ""])
def test_the_next_date_counts_if_the_first_is_not_credible(text: str) -> None:
    assert shown(when(StatedDate(text), StatedDate("2026-11-30T10:00:00Z"))) == "2026-11-30T10:00:00"
    assert when(StatedDate(text)) is None


def test_a_time_without_a_zone_is_one_of_the_zone_of_the_config() -> None:
    assert shown(when(StatedDate("25.06.2018 11:41"), timezone="Europe/Berlin")) == "2018-06-25T09:41:00"


@pytest.mark.parametrize("text", ["2026-11-30", "30.11.2026", "Mon, 30 Nov 2026 00:00:00 GMT", "2026-11-30T00:00:00Z"])
def test_a_day_without_a_time_is_now_while_it_lasts(text: str) -> None:
    assert when(StatedDate(text)) == EntryTime(NOON_MS, is_day=True)


def test_a_day_that_is_over_counts_as_its_end() -> None:
    assert shown(when(StatedDate("2026-11-28"))) == "2026-11-28T23:59:59"
    assert shown(when(StatedDate("Sat, 28 Nov 2026 00:00:00 +0000"))) == "2026-11-28T23:59:59"


def test_a_time_a_little_ahead_is_kept_for_the_normaliser_to_cut() -> None:
    assert when(StatedDate("2026-11-30T13:00:00Z")) == EntryTime(NOON_MS + HOUR_MS, is_day=False)


def test_midnight_in_an_offset_is_no_time_of_day() -> None:
    assert when(StatedDate("2026-11-30T10:00:00+00:00")) == EntryTime(NOON_MS - 2 * HOUR_MS, is_day=False)
