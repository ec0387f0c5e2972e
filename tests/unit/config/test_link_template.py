"""Templates of links: which placeholders there are, and that one which has been accepted can always be filled in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.link_template import PLACEHOLDERS, LinkTemplate


def test_placeholders_are_filled_in() -> None:
    template = LinkTemplate("http://127.0.0.1:3000/d/x?var-brand={brand}&from={from_ms}&to={to_ms}#{brand}")
    assert template.filled(brand="nordtel", from_ms=1, to_ms=2) == (
        "http://127.0.0.1:3000/d/x?var-brand=nordtel&from=1&to=2#nordtel"
    )


def test_doubled_braces_stand_for_braces_as_a_url_writes_them() -> None:
    template = LinkTemplate('https://grafana.example/explore?left={{"from":"{from_ms}","q":"{{brand=\'{brand}\'}}"}}')
    filled = template.filled(brand="nordtel", from_ms=1, to_ms=2)
    assert parse_qs(urlsplit(filled).query)["left"] == ['{"from":"1","q":"{brand=\'nordtel\'}"}']
    assert "{" not in filled
    assert '"' not in filled


@pytest.mark.parametrize(
    "placeholder",
    ["{}", "{0}", "{from}", "{Brand}", "{ brand }", "{brand.__class__}", "{brand[0]}", "{brand!r}", "{brand!r:>10}",
     "{brand:{from_ms}}", "{from_ms:d}", "{brand.__class__.__mro__}", '{"a":1}'],
)  # fmt: skip
def test_anything_but_the_name_of_a_placeholder_is_refused(placeholder: str) -> None:
    with pytest.raises(ValueError, match=r"no placeholder; there are \{brand\}, \{from_ms\}, \{to_ms\}") as caught:
        LinkTemplate(f"http://g.example/{placeholder}")
    assert placeholder in str(caught.value)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("http://g.example/{", "stand for braces"),
        ("http://g.example/}", "stand for braces"),
        ("http://g.example/{brand", "stand for braces"),
        ("http://g.example/{{brand}}", r"\{\{brand\}\} is text in braces: write \{brand\}"),
        ("http://g.example/{brand!}", "stand for braces"),
        ("g.example/d/{brand}", "begins with http"),
        ("javascript:alert('{brand}')", "begins with http"),
        ("{brand}://g.example/", "begins with http"),
        ("http://anna@g.example/{brand}", "no credentials"),
        ("http://g.example/ {brand}", "no white space"),
        ("http://g.example:{from_ms}/", "port from 1 to 65535"),
        ("http://g.example/100%", "write %25"),
        ("http://g.example/%{brand}", "write %25"),
        ("http://größe.example/", "write xn--"),
        (f"http://g.example/{'x' * 2_000}", "at most 2,000 characters"),
    ],
)
def test_what_would_be_no_link_is_refused(template: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        LinkTemplate(template)


pieces = st.lists(
    st.sampled_from(
        ["{brand}", "{from_ms}", "{to_ms}", "{{", "}}", "{", "}", "http://", "h", "/", "?", "#", "%41", "%", ":"]
    )
    | st.text(max_size=4),
    max_size=12,
).map("".join)


@given(
    pieces | pieces.map("http://g.example/{}".format), st.text(st.characters(exclude_categories=["Cs"])), st.integers()
)
def test_an_accepted_template_gives_a_link_for_any_values(text: str, brand: str, moment: int) -> None:
    try:
        template = LinkTemplate(text)
    except ValueError:
        return
    filled = template.filled(brand=brand, from_ms=moment, to_ms=moment)
    assert filled.isascii()
    assert not set(filled) & set(' "<>\\^`{|}\n')
    assert urlsplit(filled).scheme in {"http", "https"}


def test_the_placeholders_are_those_that_can_be_filled() -> None:
    assert all(LinkTemplate(f"http://g.example/{{{name}}}") for name in PLACEHOLDERS)
