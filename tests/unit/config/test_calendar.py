"""Maintenance and expected events: when they apply, what is refused, and that nobody is paged in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from streams.config import Config
from streams.config.loader import load_config
from streams.errors import ConfigError

BRANDS = [{"id": id, "name": id, "match": {"any": [id]}} for id in ("nordtel", "acme")]
BUCKET_MS = 300_000


def suppressed(moment: str, brand: str = "nordtel", **sections: Any) -> str | None:
    times = Config.model_validate({"brands": BRANDS} | sections).quiet_times(brand)
    start_ms = round(datetime.fromisoformat(moment).timestamp() * 1000)
    found = times.at(start_ms, start_ms + BUCKET_MS)
    return found.suppressed if found else None


def test_a_maintenance_lasts_from_its_first_to_its_last_moment() -> None:
    once = {"reason": "move", "from": "2026-03-02T22:02:00Z", "to": "2026-03-03T02:00:00+01:00"}
    times = ["21:55", "22:00", "22:30", "23:59"]
    found = [suppressed(f"2026-03-02T{time}:00+00:00", maintenance=[once]) for time in times]
    assert found == [None, "maintenance", "maintenance", "maintenance"]
    assert suppressed("2026-03-03T01:00:00+00:00", maintenance=[once]) is None


def test_a_weekly_one_may_last_past_midnight_and_keeps_to_the_clock_of_its_zone() -> None:
    weekly = {"reason": "import", "every": ["sunday"], "from": "22:00", "to": "02:00", "timezone": "Europe/Berlin"}
    at = {
        "2026-03-01T20:55:00+00:00": None,
        "2026-03-01T21:00:00+00:00": "maintenance",  # a Sunday, winter: 22:00
        "2026-03-02T00:55:00+00:00": "maintenance",
        "2026-03-02T01:00:00+00:00": None,
        "2026-03-02T21:00:00+00:00": None,
        "2026-07-05T20:00:00+00:00": "maintenance",  # summer: 22:00
        "2026-07-06T00:00:00+00:00": None,
    }
    assert {moment: suppressed(moment, maintenance=[weekly]) for moment in at} == at


def test_midnight_may_be_written_as_24_00() -> None:
    weekly = {"reason": "import", "every": ["sunday"], "from": "22:00", "to": "24:00", "timezone": "Europe/Berlin"}
    at = {
        "2026-03-01T20:55:00+00:00": None,
        "2026-03-01T22:55:00+00:00": "maintenance",
        "2026-03-01T23:00:00+00:00": None,
    }
    assert {moment: suppressed(moment, maintenance=[weekly]) for moment in at} == at
    whole_day = weekly | {"from": "00:00"}
    assert suppressed("2026-02-28T22:55:00+00:00", maintenance=[whole_day]) is None
    assert suppressed("2026-02-28T23:00:00+00:00", maintenance=[whole_day]) == "maintenance"
    assert suppressed("2026-03-01T23:00:00+00:00", maintenance=[whole_day]) is None
    event = {"reason": "sale", "from": "2026-03-01T20:00", "to": "2026-03-01T24:00"}
    assert suppressed("2026-03-01T23:55:00+00:00", expected_events=[event]) == "expected"
    assert suppressed("2026-03-02T00:00:00+00:00", expected_events=[event]) is None


def test_an_end_without_an_offset_is_in_the_time_zone_that_the_file_names() -> None:
    mixed = {"reason": "x", "from": "2026-03-01T22:00+01:00", "to": "2026-03-02T02:00", "timezone": "America/New_York"}
    assert suppressed("2026-03-02T06:55:00+00:00", maintenance=[mixed]) == "maintenance"
    assert suppressed("2026-03-02T07:00:00+00:00", maintenance=[mixed]) is None


def test_others_than_the_named_brands_are_not_meant() -> None:
    launch = {"reason": "launch", "day": "2026-03-05", "brands": ["acme"], "timezone": "Europe/Berlin"}
    assert suppressed("2026-03-05T12:00:00+00:00", expected_events=[launch]) is None
    assert suppressed("2026-03-05T12:00:00+00:00", "acme", expected_events=[launch]) == "expected"
    assert suppressed("2026-03-04T22:55:00+00:00", "acme", expected_events=[launch]) is None
    assert suppressed("2026-03-04T23:00:00+00:00", "acme", expected_events=[launch]) == "expected"
    assert suppressed("2026-03-05T23:00:00+00:00", "acme", expected_events=[launch]) is None


def test_times_without_quotes_are_read_as_people_mean_them(tmp_path: Any) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "brands: [{id: a, name: A, match: {any: [aa]}}]\n"
        "maintenance:\n"
        "  - {reason: x, every: [monday], from: 22:30, to: 02:00}\n"
        "  - {reason: y, from: 2026-03-02 22:00:00, to: 2026-03-03T02:00:00Z}\n"
    )
    weekly, once = load_config(path, {}).maintenance
    assert str(weekly.from_) == "22:30:00"
    assert str(weekly.to) == "02:00:00"
    assert str(once.from_) == "2026-03-02 22:00:00"


@pytest.mark.parametrize(
    ("section", "entry", "problem"),
    [
        ("maintenance", "{reason: x, from: '22:00', to: '23:00'}", "maintenance[0].from: must be a moment with a date"),
        (
            "maintenance",
            "{reason: x, every: [sunday], from: 2026-03-01T10:00:00Z, to: '12:00'}",
            "maintenance[0].from: must be a time of day such as 22:00, with days of the week in `every`",
        ),
        (
            "maintenance",
            "{reason: x, from: 2026-03-02T10:00:00Z, to: 2026-03-01T10:00:00Z}",
            "maintenance[0].to: must be after `from`",
        ),
        ("maintenance", "{reason: x, brands: [acm], from: 2026-03-01T10:00:00Z, to: 2026-03-02T10:00:00Z}",
         "maintenance[0].brands[0]: there is no brand 'acm'; there are a"),
        ("maintenance", "{reason: x, every: [sunday], from: 20, to: 23}",
         "or with `every` a time such as 22:00, got 20"),
        ("maintenance", "{reason: x, every: [sunday], from: 1200, to: 1380}", "maintenance[0].from: must be"),
        ("maintenance", "{reason: x, every: [sunday], from: 22:00+01:00, to: 23:30+01:00}",
         "maintenance[0].from: must be a time of day such as 22:00, without an offset, got '22:00+01:00'"),
        ("maintenance", "{reason: x, every: [sunday], from: 22:00, to: 23:30Z}", "maintenance[0].to: must be a time"),
        ("maintenance", "{reason: x, every: [sunday], from: 24:00, to: 02:00}",
         "maintenance[0].from: 24:00 can't be the beginning"),
        ("maintenance", "{reason: x, from: 2026-03-01T22:00+01:00, to: 2026-03-02T02:00}",
         "maintenance[0].to: has no offset, but the other end has one"),
        ("maintenance", "{reason: x, from: 2026-03-29T02:30, to: 2026-03-29T05:00, timezone: Europe/Berlin}",
         "maintenance[0].from: 2026-03-29 02:30:00 does not exist in Europe/Berlin"),
        ("expected_events", "{reason: x, from: 20:00, to: 23:00}",
         "expected_events[0].from: must be a moment such as 2026-03-01T22:00:00+01:00; a time of day needs days of"),
        ("expected_events", "{reason: x, from: 20, to: 23}", "expected_events[0].from: must be a moment"),
        ("expected_events", "{reason: x, from: 2026-03-01 20:00:00+01:00, to: 2026-03-01 23:00}",
         "expected_events[0].to: has no offset"),
        ("expected_events", "{reason: x, day: 2026-02-30}", "expected_events[0].day: '2026-02-30' does not exist"),
        ("expected_events", "{reason: x, day: 20260301}", "expected_events[0].day: must be a day such as 2026-03-01"),
        ("maintenance", "{reason: x, every: [sundays], from: '22:00', to: '23:00'}", "maintenance[0].every[0]"),
        ("expected_events", "{reason: x}", "expected_events[0]: needs either `day`, or both `from` and `to`"),
        ("expected_events", "{reason: x, day: 2026-03-01, timezone: Berlin}",
         "expected_events[0].timezone: 'Berlin' is not a time zone"),
        ("expected_events", "{reason: x, dya: 2026-03-01}",
         "expected_events[0].dya: unknown key; allowed here: brands, country, day, days_after, days_before, every, "
         "from, holiday, reason, rrule, subdivision, timezone, to, until; did you mean day?"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_at_its_place(section: str, entry: str, problem: str, tmp_path: Any) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"brands: [{{id: a, name: A, match: {{any: [aa]}}}}]\n{section}:\n  - {entry}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert problem in str(caught.value)
