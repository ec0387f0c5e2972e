"""Which links are passed on."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.ingest.links import MAX_URL_CHARS, safe_link


@pytest.mark.parametrize(
    "url",
    [
        "https://forum.example/t/17?page=2#5", "http://e/", "HTTP://A.example", "http://127.0.0.1:8080/x",
        "https://social.example/@anna/17", "https://xn--bcher-kva.example:443/ü?x=(1)", "https://bücher.example",
    ],
)  # fmt: skip
def test_an_address_of_the_web_is_passed_on(url: str) -> None:
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://[", "http://[::1", "https://a:b/", "https://a:99999/", "https://",
        "https:///x", "https:x", "//x.example",
        "x.example/17", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "https://known.example@evil.example",
        "https://known.example:443@evil.example", "https://anna:secret@known.example/",
        "https://known.example\\@evil.example",
        "https://known.example%2f@evil.example", "https://known.example\u2044evil.example", "https://a..b", "https://.a",
        "https://known.example/\u202egpj", "https://e/\x9b2J", "https://e/\nx", "https://e/a b",
        'https://e/"x', "https://e/<x>",
        "https://known.ex\u200bample/", "", "https://e/" + "x" * MAX_URL_CHARS,
    ],
)  # fmt: skip
def test_a_link_that_hides_where_it_leads_is_not_passed_on(url: str) -> None:
    assert safe_link(url) is None


def test_signs_that_receivers_read_as_markup_are_encoded() -> None:
    assert safe_link("https://e/a|b`{^}") == "https://e/a%7Cb%60%7B%5E%7D"


@given(st.text(alphabet="htps:/@.[]\\%2f|e0123456789\u202eü?#") | st.text())
def test_a_link_that_is_passed_on_can_be_taken_apart(rest: str) -> None:
    for url in (rest, f"https://{rest}"):
        link = safe_link(url)
        if link is not None:
            parts = urlsplit(link)
            assert parts.hostname
            assert parts.username is None
            assert parts.scheme in {"http", "https"}
            assert (parts.port or 0) < 2**16
            assert link.isprintable()
