"""Elements of Block Kit: limits, text that does nothing, and links that lead where they seem to."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.workers.receivers.slack.blocks import code, escaped, header, inert, link, plain, section, shortened, units
from tests.support.block_kit import block_problems


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_any_text_makes_blocks_that_slack_accepts(text: str) -> None:
    assert block_problems([header(text), section(text)]) == []


@given(st.text(max_size=400), st.integers(min_value=2, max_value=300))
def test_no_shortened_text_is_longer_than_its_limit_and_a_text_that_fits_stays(text: str, limit: int) -> None:
    got = shortened(text, limit)
    assert units(got) <= limit
    assert (got == text) == (units(text) <= limit)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Kein Netz seit gestern Abend", 20, "Kein Netz seit…"),
        ("Kein Netz, seit gestern", 12, "Kein Netz…"),
        ("Donaudampfschifffahrtsgesellschaft", 10, "Donaudamp…"),
        ("Ärger", 5, "Ärger"),
        ("😡😡😡", 4, "😡…"),
        ("na 👩\u200d👩\u200d👧 toll", 8, "na…"),
        ("ok🤷\u200d♀\ufe0f", 6, "ok…"),
        ("e\u0301e\u0301e\u0301", 5, "e\u0301e\u0301…"),
    ],
)
def test_a_long_text_ends_behind_a_word_or_a_whole_character(text: str, limit: int, expected: str) -> None:
    assert shortened(text, limit) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@channel und @here, @everyone!", "@|channel und @|here, @|everyone!"),
        ("Seht https://evil.example/x?a=1 oder www.evil.example an", "Seht oder an"),
        ("rechts \u202enach links\u202c, \u2066isoliert\u2069", "rechts nach links, isoliert"),
        ("Zeile\r\nZeile\tTab\u2028Ende", "Zeile Zeile Tab Ende"),
        ("\x1b[31mrot\x07", "[31mrot"),
        ("🤦\u200d♀\ufe0f *fett* _kursiv_ :fire: `code`", "🤦\u200d♀\ufe0f *fett* _kursiv_ :fire: `code`"),
        ("https://only.example/", ""),
    ],
)
def test_text_of_people_neither_mentions_nor_links_nor_hides(text: str, expected: str) -> None:
    assert inert(text).replace("\u2060", "|") == expected


@given(st.text())
def test_nothing_in_escaped_text_is_markup(text: str) -> None:
    assert not re.search("[<>]", escaped(text) + code(text))
    assert "`" not in code(text)[1:-1]


def test_codes_of_emoji_stay_text() -> None:
    assert plain(":fire:") == {"type": "plain_text", "text": ":fire:", "emoji": False}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://[", "https://bank.example@evil.example/", "mailto:a@b.example", "", "//x"]
)
def test_an_address_that_does_not_lead_where_it_seems_to_is_no_link(url: str) -> None:
    assert link(url, "post") is None


def test_an_address_cannot_end_its_link() -> None:
    got = link("https://forum.example/a>|b <!here>?q=1&r=2", "a<b")
    assert got == "<https://forum.example/a%3E%7Cb%20%3C!here%3E?q=1&amp;r=2|a&lt;b>"


def test_an_address_that_is_too_long_for_a_block_is_left_out() -> None:
    assert link("https://forum.example/" + "a" * 3_000, "post") is None
