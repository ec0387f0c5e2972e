"""How long a server asks to wait is read from numbers and dates, and nonsense counts as nothing."""

from __future__ import annotations

import pytest

from streams.sources.live.http_dates import http_date_ms, retry_after

DATE = "Mon, 30 Nov 2026 12:00:00 GMT"
NOON_MS = 1_796_040_000_000


@pytest.mark.parametrize(
    "text", [DATE, "Monday, 30-Nov-26 12:00:00 GMT", "Mon Nov 30 12:00:00 2026", "Mon, 30 Nov 2026 13:00:00 +0100"]
)
def test_the_three_forms_of_a_date_are_read(text: str) -> None:
    assert http_date_ms(text) == NOON_MS


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "Mon, 30 Nov 2026", "Mon, 99 Nov 2026 12:00:00 GMT", "\0" * 9])
def test_what_is_no_date_is_none(text: str) -> None:
    assert http_date_ms(text) is None


@pytest.mark.parametrize(
    ("asked", "seconds"), [("0", 0), ("120", 120), (" 7 ", 7), ("1.5", 1.5), ("99999999999", 99_999_999_999)]
)
def test_a_number_is_seconds(asked: str, seconds: float) -> None:
    assert retry_after({"Retry-After": asked}) == seconds
    assert retry_after({"retry-after": asked}) == seconds


def test_a_date_is_compared_with_the_clock_of_the_server() -> None:
    asked = {"Retry-After": "Mon, 30 Nov 2026 12:10:00 GMT", "Date": DATE}
    assert retry_after(asked, now_ms=NOON_MS + 86_400_000) == 600


def test_a_date_is_compared_with_the_own_clock_if_the_server_states_none() -> None:
    assert retry_after({"Retry-After": DATE}, now_ms=NOON_MS - 5_000) == 5
    assert retry_after({"Retry-After": DATE}) is None


def test_a_date_in_the_past_means_now() -> None:
    assert retry_after({"Retry-After": DATE}, now_ms=NOON_MS + 5_000) == 0


@pytest.mark.parametrize("asked", ["", "-5", "soon", "٣", "1e9", "inf", "nan", "9" * 40])
def test_nonsense_asks_for_nothing(asked: str) -> None:
    assert retry_after({"Retry-After": asked, "Date": DATE}, now_ms=NOON_MS) is None
