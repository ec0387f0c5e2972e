"""What looks like HTML in a plain text is still there once the text has been normalised."""

from __future__ import annotations

import pytest

from streams.core.text.clean import normalise
from streams.sources.plain_text import as_html


@pytest.mark.parametrize(
    "text", ["<script>Nordtel</script>", "a<b and b>c", "<!-- Nordtel -->", "Nordtel <p>", "5 < 6 & 7"]
)
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert normalise(as_html(text), 100) == text


@pytest.mark.parametrize("value", [None, 7, ["<p>"], {}])
def test_what_is_no_text_is_left_to_the_check_of_posts(value: object) -> None:
    assert as_html(value) == value
