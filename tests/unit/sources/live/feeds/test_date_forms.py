"""Dates are read in the forms in which feeds have them, and what is uncertain is not read."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from streams.records import utc
from streams.sources.live.feeds.date_forms import read_date
from tests.support.feeds import NOON_MS

READ = {
    "2016/6/29 15:07:41": "2016-06-29T15:07:41",
    "1529919696": "2018-06-25T09:41:36+00:00",
    "1529919696000": "2018-06-25T09:41:36+00:00",
    "Mon, 25 Jun 2018 08:57:00 CEST": "2018-06-25T06:57:00+00:00",
    "Mo, 25 Jun 2018 08:57:00 +0200": "2018-06-25T06:57:00+00:00",
    "Mi, 02 Dez 2026 09:00:00 +0100": "2026-12-02T08:00:00+00:00",
    "25.06.2018 11:41": "2018-06-25T11:41:00",
    "25.6.18 11:41": "2018-06-25T11:41:00",
    "Do, 26.11.2026 14:05": "2026-11-26T14:05:00",
    "30.11.2026 - 14:05:06": "2026-11-30T14:05:06",
    "30. März 2026, 8:15 Uhr": "2026-03-30T08:15:00",
    "30. Mrz. 2026 8.15 Uhr": "2026-03-30T08:15:00",
    "24.11.2026, 09.05 Uhr": "2026-11-24T09:05:00",
    "24. November 2026, 9 Uhr MEZ": "2026-11-24T08:00:00+00:00",
    "Samstag, 28. Maerz 2026 um 9:00 Uhr": "2026-03-28T09:00:00",
    "3. Mai 2026 10:00 Uhr MESZ": "2026-05-03T08:00:00+00:00",
    "lun., 30 nov. 2026 12:00:00 +0100": "2026-11-30T11:00:00+00:00",
    "30 août 2026 à 12h05": "2026-08-30T12:05:00",
    "miércoles, 25 de noviembre de 2026 10:30": "2026-11-25T10:30:00",
    "Nov 30, 2026 5:00 PM": "2026-11-30T17:00:00",
    "November 30th, 2026 12:15 am": "2026-11-30T00:15:00",
    "11/30/2026 2:00:00 PM": "2026-11-30T14:00:00",
    "30/11/2026 14:00": "2026-11-30T14:00:00",
    "Mon, 30 Nov 2026 12:00:00 GMT+1": "2026-11-30T11:00:00+00:00",
    "Mon, 30 Nov 2026 12:00:00 Europe/Berlin": "2026-11-30T11:00:00+00:00",
    "Mon, 30 Nov 26 12:00:00 +0000": "2026-11-30T12:00:00+00:00",
    "Mon, 30 Nov 2026 12:00:00 BST": "2026-11-30T11:00:00+00:00",
    "Thu, 01 Jan 04 19:48:21 GMT": "2004-01-01T19:48:21+00:00",
    "2026-11-30 12:00:00.123456789 +0100 CET": "2026-11-30T11:00:00.123000+00:00",
    "2026-11-30 12:00:00 +0000 UTC": "2026-11-30T12:00:00+00:00",
    "2026-11-30 12:00:00 +0300 +03": "2026-11-30T09:00:00+00:00",
    "Mon, 30 Nov 2026 12:00:00 +0100 CET": "2026-11-30T11:00:00+00:00",
    "2026-11-30T12:00:00Z": "2026-11-30T12:00:00+00:00",
    "2026-11-30 12:00:00 +01:00": "2026-11-30T11:00:00+00:00",
}

DAYS = {
    "2018-06-25": (2018, 6, 25),
    "2026-6-5": (2026, 6, 5),
    "Mo., 25. Jun. 2018": (2018, 6, 25),
    "1. Jänner 2026": (2026, 1, 1),
    "25.06.2018": (2018, 6, 25),
    "Jun 25, 2018": (2018, 6, 25),
}

NOT_READ = [
    "", " ", "soon", "yesterday", "5 minutes ago", "2003-12", "20031231", "Sun, 31 Feb 2026 10:00:00 GMT",
    "Mon, 30 Nov 2026 25:00:00 GMT", "Mon, 30 Nov 2026 12:61:00 GMT", "13/13/2026 10:00", "Mon, 30 Foo 2026 12:00:00",
    "30 Nov Dec 2026 10:00", "2026年11月30日", "1 2 3 4 5", "30.11.2026 12.13.2014", "x" * 500,
    "Mon, 30 Nov 2026 13:00 pm",
    "Mon, 30 Nov 2026 12:00:00 Mars/Base", "Mon, 30 Nov 2026 12:00:00 CET EST", "12:00", "30 Nov", "Nov 2026",
]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_date_with_a_time_is_read(text: str) -> None:
    read = read_date(text, NOON_MS)
    assert read is not None
    expected = datetime.fromisoformat(READ[text])
    moment = read.moment if isinstance(read.moment, datetime) else utc(read.moment)
    assert (moment, read.is_day) == (expected, False)


@pytest.mark.parametrize("text", DAYS)
def test_a_day_without_a_time_ends_at_midnight(text: str) -> None:
    read = read_date(text, NOON_MS)
    assert read is not None
    assert read.is_day
    assert read.moment == datetime(*DAYS[text], 23, 59, 59)  # noqa: DTZ001


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_certain_date_is_not_read(text: str) -> None:
    assert read_date(text, NOON_MS) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03/11/2026 10:00", (2026, 11, 3)),  # 11 March is possible too, and is older
        ("11/03/2026 10:00", (2026, 11, 3)),
        ("03/12/2026 10:00", (2026, 3, 12)),  # 3 December has not come yet
        ("12/12/2027 10:00", (2027, 12, 12)),
    ],
)
def test_of_two_orders_of_day_and_month_the_later_past_one_counts(text: str, day: tuple[int, int, int]) -> None:
    read = read_date(text, NOON_MS)
    assert read is not None
    assert read.moment == datetime(*day, 10, 0)  # noqa: DTZ001


def test_no_text_is_an_error() -> None:
    chance = random.Random(17)
    parts = [*READ, *NOT_READ, "+9999", "-0000", "::", "//", "..", "(x)", "[", "ä", "٣", "\0", "PM", "T", "Z"]
    for _ in range(10_000):
        text = " ".join(chance.sample(parts, 2))
        at, size = chance.randrange(len(text)), chance.randrange(12)
        read_date(text[:at] + text[at + size :], NOON_MS)
