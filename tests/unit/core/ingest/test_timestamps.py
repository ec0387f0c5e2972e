"""Which forms of a time are read, and what a refusal says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.ingest.timestamps import EventTimes, stated_time
from streams.errors import RecordError

MS = 1_700_000_000_000
WALL = datetime(2023, 11, 14, 22, 13, 20)  # noqa: DTZ001  a wall time has no zone


@pytest.mark.parametrize(
    "value",
    [
        "2023-11-14T22:13:20Z", "2023-11-14t22:13:20z", "2023-11-14 22:13:20 UTC", "2023-11-14T23:13:20+0100",
        "2023-11-14 23:13:20 +01:00", "2023-11-14T22:13:20.000+0000", "2023/11/14 22:13:20 GMT", "20231114T221320Z",
        "2023-11-14T23:13:20+01:00[Europe/Berlin]", "2023-11-14 23:13:20 MEZ",
        "Tue Nov 14 22:13:20 +0000 2023", "Tue Nov 14 23:13:20 CET 2023", "Tue, 14 Nov 2023 22:13:20 +0000 (UTC)",
        "Tue, 14 Nov 2023 22:13:20 GMT", "14 Nov 2023 17:13:20 EST", "Tue, 14 Nov 2023 22:13:20 -0000",
        "Tue Nov 14 2023 23:13:20 GMT+0100 (CET)",
        1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000, 1_700_000_000_000_000_000, 1.7e9, 1.7e12,
        "1700000000", " 1700000000.0 ", "1700000000000", "1700000000000000", "1700000000000000000", "1.7e9",
    ],
)  # fmt: skip
def test_one_moment_in_all_its_forms(value: str | float) -> None:
    assert stated_time(value) == MS


@pytest.mark.parametrize(
    "value",
    [
        "2023-11-14 22:13:20",
        "20231114221320",
        "2023/11/14 22:13:20",
        "Tue Nov 14 22:13:20 2023",
        "14 Nov 2023 22:13:20",
    ],
)
def test_a_time_without_a_zone_is_a_wall_time(value: str) -> None:
    assert stated_time(value) == WALL
    assert EventTimes("UTC").event_time_ms({"created_at": value}) == MS
    assert EventTimes("Europe/Berlin").event_time_ms({"created_at": value}) == MS - 3_600_000


def test_fractions_are_kept_to_the_millisecond() -> None:
    values = ("2023-11-14T22:13:20.123456789Z", 1_700_000_000.123, "1700000000.123", 1_700_000_000_123_999)
    assert {stated_time(value) for value in values} == {MS + 123}


@pytest.mark.parametrize(
    "value",
    [
        "14.11.2023 22:13:20", "11/14/2023 10:13 PM", "2023-11-14 10:13:20 PM", "2023-11-14T22:13:20 JST",
        "Tue Nov 14 22:13:20 JST 2023", "2023-11-14T22:13:20[Asia/Tokyo]", "yesterday at noon", "May 5",
        "2025-02-30T12:00:00Z", "Wed Feb 30 22:13:20 +0000 2023", "Tue Nov 14 22:13:20 +9999 2023", "", "1e99",
        "2023-11-14", "20231114",
    ],
)  # fmt: skip
def test_what_is_no_time_or_of_an_unknown_zone_is_refused_with_its_value(value: str) -> None:
    with pytest.raises(RecordError) as refused:
        stated_time(value)
    assert refused.value.reason == "bad_timestamp"
    assert f"{value!r}" in refused.value.detail


def test_a_date_alone_is_named_as_one() -> None:
    with pytest.raises(RecordError, match="without a time of day"):
        stated_time("2023-11-14")


@given(st.text(max_size=60) | st.floats() | st.integers() | st.from_regex(r"[A-Za-z0-9 :+.,/()-]{1,60}"))
def test_nothing_but_a_record_error_is_raised(value: str | float) -> None:
    try:
        moment = stated_time(value)
    except RecordError:
        return
    assert isinstance(moment, int | datetime)


@given(st.datetimes(min_value=datetime(1975, 1, 1), max_value=datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_second_is_read_alike_from_each_form(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    seconds = int(moment.timestamp())
    forms = (
        moment.isoformat(), format_datetime(moment), f"{moment:%a %b %d %H:%M:%S +0000 %Y}", str(seconds),
        seconds * 10**6, str(seconds * 10**9), f"{moment:%Y%m%dT%H%M%SZ}",
    )  # fmt: skip
    assert {stated_time(form) for form in forms} == {seconds * 1000}
