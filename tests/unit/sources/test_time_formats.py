"""Times are read in the form that a map states."""

from __future__ import annotations

from typing import Any

import pytest

from streams.sources.time_formats import TimeReader


@pytest.mark.parametrize(
    ("form", "value", "time"),
    [
        ("epoch_s", 1772446500, "2026-03-02T10:15:00Z"),
        ("epoch_s", "1772446500.25", "2026-03-02T10:15:00.250000Z"),
        ("epoch_s", 0, "1970-01-01T00:00:00Z"),
        ("epoch_ms", 86_400_000, "1970-01-02T00:00:00Z"),
        ("epoch_ms", "1772446500000", "2026-03-02T10:15:00Z"),
        ("epoch_us", 1772446500123456, "2026-03-02T10:15:00.123456Z"),
        ("epoch_ns", 1772446500123456789, "2026-03-02T10:15:00.123456Z"),
        ("iso", "2026-03-02", "2026-03-02T00:00:00"),
        ("iso", "2026-03-02T11:15:00+01:00", "2026-03-02T10:15:00Z"),
        ("%d.%m.%Y %H:%M", " 02.03.2026 10:15 ", "2026-03-02T10:15:00"),
        ("%m/%d/%y %I:%M %p", "03/02/26 10:15 PM", "2026-03-02T22:15:00"),
        ("%d/%b/%Y:%H:%M:%S %z", "02/Mar/2026:11:15:00 +0100", "2026-03-02T10:15:00Z"),
        ("%Y%m%d", 20260302, "2026-03-02T00:00:00"),
    ],
)
def test_a_time_of_the_form_becomes_one_that_is_read_without_doubt(form: str, value: Any, time: str) -> None:
    assert TimeReader(form).read(value) == time


@pytest.mark.parametrize("form", ["epoch_s", "epoch_ns", "iso", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S%z"])
@pytest.mark.parametrize(
    "value",
    [
        True, None, {}, [], "", "soon", "NaN", "Infinity", "1e999999999", "9" * 90, "9" * 5_000, float("inf"), 10**40,
        -(10**40), "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_any_other_value_is_left_as_it_is_to_be_refused_as_such(form: str, value: Any) -> None:
    assert TimeReader(form, "Europe/Berlin").read(value) is value


def test_a_time_without_a_zone_is_in_the_zone_of_the_map() -> None:
    reader = TimeReader("%d.%m.%Y %H:%M", "Europe/Berlin")
    assert reader.read("02.03.2026 11:15") == "2026-03-02T10:15:00Z"
    assert reader.read("02.07.2026 12:15") == "2026-07-02T10:15:00Z"
    assert TimeReader(None, "Europe/Berlin").read("2026-03-02 11:15:00") == "2026-03-02T10:15:00Z"
    assert TimeReader(None, "Europe/Berlin").read("2026-03-02 11:15:00Z") == "2026-03-02T11:15:00Z"


def test_the_order_of_the_posts_or_the_present_tells_which_of_two_hours_is_meant() -> None:
    """Clocks in Berlin went from 3:00 back to 2:00 on 25 October 2026, at 1:00 UTC."""
    reader = TimeReader("%Y-%m-%d %H:%M", "Europe/Berlin")
    times = [reader.read(f"2026-10-25 02:{minute}") for minute in (10, 50, 10, 50)]
    assert [time[11:16] for time in times] == ["00:10", "00:50", "01:10", "01:50"]
    live = TimeReader("%Y-%m-%d %H:%M", "Europe/Berlin", lambda: 1_792_892_000_000)
    assert live.read("2026-10-25 02:30") == "2026-10-25T01:30:00Z"
