"""Numbers, spans and moments as people of a language read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import pytest

from streams.core.wording.english import ENGLISH
from streams.core.wording.formats import Formats
from streams.core.wording.german import GERMAN

if TYPE_CHECKING:
    from streams.core.wording.phrases import Phrases

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("number", "english", "german"),
    [
        (0, "0", "0"),
        (0.01234, "0.0123", "0,0123"),
        (0.00002, "0.00002", "0,00002"),
        (2.5, "2.5", "2,5"),
        (99.96, "100", "100"),
        (1_627.4, "1,627", "1.627"),
        (48_200_000, "48,200,000", "48.200.000"),
        (3.25e18, "3.25E18", "3,25E18"),
    ],
)
def test_numbers_have_three_digits_and_no_needless_exponent(number: float, english: str, german: str) -> None:
    assert Formats(ENGLISH, "UTC").number(number) == english
    assert Formats(GERMAN, "UTC").number(number) == german


@pytest.mark.parametrize(
    ("share", "english", "german"),
    [
        (0.0, "0%", "0 %"),
        (0.0001, "less than 1%", "weniger als 1 %"),
        (0.006, "1%", "1 %"),
        (0.456, "46%", "46 %"),
        (0.994, "99%", "99 %"),
        (0.9999, "more than 99%", "mehr als 99 %"),
        (1.0, "100%", "100 %"),
    ],
)
def test_a_share_is_rounded_to_nothing_or_everything_only_if_it_is_that(
    share: float, english: str, german: str
) -> None:
    assert Formats(ENGLISH, "UTC").share(share) == english
    assert Formats(GERMAN, "UTC").share(share) == german


@pytest.mark.parametrize(
    ("span_ms", "english", "german", "lasting"),
    [
        (0, "0 seconds", "0 Sekunden", "0 Sekunden"),
        (1_000, "1 second", "1 Sekunde", "1 Sekunde"),
        (59_700, "1 minute", "1 Minute", "1 Minute"),
        (59.6 * MINUTE, "1 hour", "1 Stunde", "1 Stunde"),
        (107 * MINUTE, "1 h 47 min", "1 Std. 47 Min.", "1 Std. 47 Min."),
        (24 * HOUR - 1, "24 hours", "24 Stunden", "24 Stunden"),
        (36 * HOUR, "36 hours", "36 Stunden", "36 Stunden"),
        (47.6 * HOUR, "2 days", "2 Tagen", "2 Tage"),
        (53 * HOUR, "2 days 5 h", "2 Tagen 5 Std.", "2 Tage 5 Std."),
        (121 * HOUR, "5 days", "5 Tagen", "5 Tage"),
        (400 * DAY, "400 days", "400 Tagen", "400 Tage"),
    ],
)
def test_spans_are_told_in_the_units_that_suit_them(span_ms: float, english: str, german: str, lasting: str) -> None:
    assert Formats(ENGLISH, "UTC").span(span_ms) == english
    assert Formats(GERMAN, "UTC").span(span_ms) == german
    assert Formats(GERMAN, "UTC").span(span_ms, lasting=True) == lasting


@pytest.mark.parametrize(
    ("phrases", "zone", "moment", "clock"),
    [
        (ENGLISH, "UTC", ms(2026, 11, 30, 14, 35), "14:35 UTC"),
        (ENGLISH, "Europe/Berlin", ms(2026, 11, 30, 14, 35), "15:35 CET"),
        (GERMAN, "Europe/Berlin", ms(2026, 11, 30, 14, 35), "15:35 MEZ"),
        (GERMAN, "Europe/Berlin", ms(2026, 7, 1, 13, 35), "15:35 MESZ"),
        (GERMAN, "Europe/Berlin", ms(2026, 10, 25, 0, 30), "02:30 MESZ"),
        (GERMAN, "Europe/Berlin", ms(2026, 10, 25, 1, 30), "02:30 MEZ"),
        (GERMAN, "America/New_York", ms(2026, 11, 30, 14, 35), "09:35 EST"),
        (ENGLISH, "Asia/Dubai", ms(2026, 11, 30, 14, 35), "18:35 UTC+4"),
        (ENGLISH, "Asia/Kathmandu", ms(2026, 11, 30, 14, 35), "20:20 UTC+5:45"),
        (GERMAN, "America/Sao_Paulo", ms(2026, 11, 30, 14, 35), "11:35 UTC-3"),
        (GERMAN, "Africa/Casablanca", ms(2026, 7, 1, 13, 35), "14:35 UTC+1"),
    ],
)
def test_a_time_of_day_names_its_zone(phrases: Phrases, zone: str, moment: int, clock: str) -> None:
    assert Formats(phrases, zone).clock(moment) == clock


def test_a_moment_of_another_day_has_its_date() -> None:
    german, now_ms = Formats(GERMAN, "Europe/Berlin"), ms(2026, 11, 30, 14, 35)
    assert german.since(now_ms - 19 * HOUR, now_ms) == "seit 20:35 MEZ"
    assert german.since(now_ms - DAY, now_ms) == "seit dem 29. November 2026, 15:35 MEZ"
    assert german.at(now_ms - 2 * HOUR, now_ms) == "um 13:35 MEZ"
    assert german.at(now_ms - DAY, now_ms) == "am 29. November 2026 um 15:35 MEZ"


def test_a_day_is_that_of_the_zone() -> None:
    """At 12:00 UTC it is the next day west of the date line already."""
    noon = ms(2026, 11, 30, 12)
    assert Formats(ENGLISH, "Pacific/Kiritimati").day(noon) == "1 Dec 2026"
    assert Formats(ENGLISH, "Pacific/Pago_Pago").day(noon) == "30 Nov 2026"


def test_two_moments_of_one_long_day_need_no_date() -> None:
    german, morning_ms = Formats(GERMAN, "Europe/Berlin"), ms(2026, 3, 4, 23, 30)
    evening_ms = morning_ms + 21 * HOUR
    assert german.between(morning_ms, evening_ms) == "von 00:30 bis 21:30 MEZ"
    assert german.since(morning_ms, evening_ms) == "seit 00:30 MEZ"
    assert german.at(morning_ms - HOUR, evening_ms) == "am 4. März 2026 um 23:30 MEZ"


def test_a_span_over_a_change_of_the_clocks_names_both_zones() -> None:
    german = Formats(GERMAN, "Europe/Berlin")
    start_ms = ms(2026, 10, 25, 0, 30)
    assert german.between(start_ms, start_ms + 50 * MINUTE) == "von 02:30 MESZ bis 02:20 MEZ"
    assert german.between(start_ms, start_ms + 10 * MINUTE) == "von 02:30 bis 02:40 MESZ"
    assert german.between(start_ms, start_ms + 2 * DAY) == (
        "vom 25. Oktober 2026, 02:30 MESZ, bis zum 27. Oktober 2026, 01:30 MEZ"
    )


def test_every_zone_of_the_config_has_a_name() -> None:
    moment = ms(2026, 7, 1, 12)
    for zone in sorted(available_timezones()):
        _, _, name = Formats(GERMAN, zone).clock(moment).partition(" ")
        assert name.isalpha() or name.startswith("UTC"), zone


def test_rounded_numbers_say_so() -> None:
    german = Formats(GERMAN, "UTC")
    assert german.rounded(90_920) == "etwa 90.000"
    assert german.estimated(1_234) == "etwa 1.200"
    assert german.usual(0.001) == "fast keine"
    assert german.usual(0.34) == "0,34"
