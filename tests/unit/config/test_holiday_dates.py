"""Holidays as expected events: by name or all of them, with days around them, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from streams.config.holiday_dates import HolidayDay, holidays_in, package_version
from streams.config.rounds import check
from tests.support.quiet_times import BRAND, config, reasons

ALL: dict[str, Any] = {"holiday": "all", "country": "DE", "timezone": "Europe/Berlin"}


def test_all_holidays_of_a_part_of_a_country_are_whole_days_with_their_names() -> None:
    bavaria = config(**ALL, subdivision="Bayern")
    assert reasons(bavaria, "2026-01-06T00:00+01:00", "2026-01-06T23:55+01:00") == ["Heilige Drei Könige"] * 2
    assert reasons(bavaria, "2026-01-05T23:50+01:00", "2026-01-07T00:00+01:00") == [None, None]
    assert reasons(config(**ALL), "2026-01-06T12:00+01:00", "2026-04-03T12:00+02:00") == [None, "Karfreitag"]


def test_a_named_holiday_has_times_of_day_and_days_around_it() -> None:
    eve = {"holiday": ["Christmas Day"], "days_before": 1, "from": "18:00", "to": "02:00"}
    made = config(**ALL | eve, reason="Weihnachtsaktion")
    name = "Weihnachtsaktion: Erster Weihnachtstag"
    assert reasons(made, "2026-12-24T18:00+01:00", "2026-12-26T01:55+01:00", "2030-12-25T12:00+01:00") == [name] * 3
    assert reasons(made, "2026-12-24T17:50+01:00", "2026-12-26T02:00+01:00") == [None, None]
    turn = config(holiday="New Year's Day", country="US", days_before=2, days_after=1)
    assert reasons(turn, "2025-12-30T00:00Z", "2026-01-02T23:55Z") == ["New Year's Day"] * 2
    assert reasons(turn, "2025-12-29T23:50Z", "2026-01-03T00:00Z") == [None, None]


def test_an_end_that_clocks_skip_with_a_whole_day_makes_the_holiday_longer() -> None:
    night: dict[str, Any] = {"days_after": 3, "from": "13:00", "to": "12:00"}
    samoa = config(holiday="Boxing Day", country="WS", timezone="Pacific/Apia", **night)
    assert reasons(samoa, "2011-12-31T11:55+14:00", "2011-12-31T12:00+14:00") == ["Boxing Day", None]


def test_a_name_is_taken_in_the_language_of_the_country_and_in_english_in_any_case() -> None:
    days = {holidays_in("DE", None, (name,), 2026) for name in ("Karfreitag", "good friday", "GOOD  FRIDAY")}
    assert days == {(HolidayDay(date(2026, 4, 3), "Karfreitag"),)}
    assert [day.day for day in holidays_in("US", None, ("Independence Day",), 2026)] == [
        date(2026, 7, 3), date(2026, 7, 4)
    ]  # fmt: skip
    assert holidays_in("US", None, ("Halloween",), 2026)[0].day == date(2026, 10, 31)


def test_norway_is_no_truth_value() -> None:
    assert reasons(config(holiday="all", country=False), "2026-05-17T12:00Z") == [
        "Grunnlovsdag"
    ]  # YAML reads NO as false


@pytest.mark.parametrize("language", ["th_TH.UTF-8", "de_DE.UTF-8", "C"])
def test_names_do_not_depend_on_the_language_of_the_environment(language: str) -> None:
    """The package translates names into the language of the process if none is named: alerts would differ."""
    code = (
        "from streams.config.holiday_dates import holidays_in; print(holidays_in('DE', None, ('all',), 2026)[1].name)"
    )
    environment = {"LANG": language, "LANGUAGE": language, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "Karfreitag\n"


def test_the_version_of_the_package_decides_the_version_of_a_config_with_holidays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_holidays, without = config(**ALL), config(reason="x", day="2026-03-05")
    before = with_holidays.version, without.version
    monkeypatch.setattr("streams.config.model.package_version", lambda: f"{package_version()}.1")
    assert (with_holidays.version != before[0], without.version == before[1]) == (True, True)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"holiday": "Karfreitg"}, ".holiday: there is no holiday 'Karfreitg' in DE; there are Neujahr, Karfreitag, "
         "Ostermontag, Erster Mai, "),
        ({"holiday": "Fronleichnam", "subdivision": "BE"}, ".holiday: there is no holiday 'Fronleichnam' in DE, BE; "),
        ({"country": "Germany"}, ".country: no holidays of 'Germany' are known: write the code of a country, such as "
         "DE or AT; did you mean DE?"),
        ({"country": None}, ".country: is required with `holiday`"),
        ({"subdivision": "NRW"}, ".subdivision: DE has no part 'NRW'; there are BB, BE, "),
        ({"every": "year"}, ".every: does not go with `holiday`"),
        ({"from": "10:00"}, ".to: is required beside the other end"),
        ({"days_before": 61}, ".days_before: must be at most 60, got 61"),
        ({"holiday": [], "day": "2026-01-01", "reason": "x"}, ".country: is for holidays: set `holiday` too"),
        ({"holiday": [], "country": None, "day": "2026-01-01"}, ".reason: is required"),
    ],
)  # fmt: skip
def test_what_is_no_holiday_is_refused_with_those_that_there_are(entry: dict[str, Any], problem: str) -> None:
    (found,) = check({"brands": [BRAND], "expected_events": [ALL | entry]}).found
    assert str(found.problem).startswith(f"expected_events[0]{problem}")


def test_a_holiday_of_parts_of_a_country_names_them_and_a_mistyped_one_the_likeliest() -> None:
    def problem(name: str) -> str:
        return str(check({"brands": [BRAND], "expected_events": [ALL | {"holiday": name}]}).found[0].problem)

    parts = "BW, BY, HE, NW, RP, SL, SN, TH, Augsburg"
    assert problem("Fronleichnam").endswith(f"it is one in parts of DE: set `subdivision` to {parts}")
    assert problem("Karfreitg").endswith("and all for every one; did you mean Karfreitag?")
