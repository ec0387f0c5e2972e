"""What a sentiment model sees of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.sentiment.tokens import ELONGATED, MAX_CHARS, tokens
from tests.support.processor_time import thread_seconds


@pytest.mark.parametrize(
    ("text", "lang", "seen"),
    [
        ("@united thanks https://a.example/bad", "en", ["thanks"]),
        ("schön schoen SCHÖN schon", "de", ["schoen", "schoen", "schoen", "schon"]),
        ("schoen", "en", ["schoen"]),
        ("not a good day, good night", "en", ["not", "not a", "not good", "not day", "good", "night"]),
        ("nie wieder so gut wie gut", "de", ["nie", "not wieder", "not so", "not gut", "wie", "gut"]),
        ("can’t wait", "en", ["can't", "not wait"]),
        ("#NotHappy #kein_netz", "en", ["not", "not happy", "not kein", "not netz"]),
        ("sooooo gut", "de", [ELONGATED, "soo", "gut"]),
        ("wow! really?! no!!! hm...", "en", ["wow", "!", "really", "?+", "no", "!+", "hm", ".+"]),
        (":) :-))) =) (: ;-) :( :'( :/ <333 ^^", "en", [":)", ":)", ":)", ":)", ";)", ":(", ":(", ":/", "<3", "^^"]),
        ("ratio 3:1, at 10:30 http", "en", ["ratio", "at", "http"]),
        ("😡👍🏽 ❤️", "und", ["😡", "👍", "🏽", "❤"]),
        ("Привет 你好 42 \x85 €", "und", []),
        ("nicht bad not gut", "und", ["nicht", "not bad", "not", "not gut"]),
        ("", "en", []),
    ],
)
def test_tokens(text: str, lang: str, seen: list[str]) -> None:
    assert tokens(text, lang) == seen


@given(st.text(), st.sampled_from(["de", "en", "und"]))
def test_tokens_are_fit_for_a_table_in_a_file(text: str, lang: str) -> None:
    for token in tokens(text, lang):
        assert token
        assert len(token.splitlines()) == 1
        assert "\t" not in token
        assert not token.startswith(("#", "@"))


@pytest.mark.parametrize("unit", [":d", ":)", "a'", "!?", "<3", "not ", "#aB", "(-", "😡", "…", "aaab"])
def test_long_texts_take_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert thread_seconds(lambda: tokens(text, "de")) < 60  # quadratic time would be hours


def test_what_follows_the_head_of_a_text_is_not_read() -> None:
    head = "gut " * (MAX_CHARS // 4)
    assert tokens(head + "schlecht " * 10_000, "de") == tokens(head, "de")
