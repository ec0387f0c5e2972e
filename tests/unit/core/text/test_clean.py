"""Cleaning, folding and describing texts, hostile ones included."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.text.characters import is_mark
from streams.core.text.clean import (
    MAX_DESCRIBED_CHARS,
    MAX_MARKS,
    SIGNATURE_BITS,
    fold,
    fold_accents,
    fold_case,
    has_url,
    hashtag_words,
    normalise,
    printable,
    signature,
    without_emphasis,
    without_handles,
    without_urls,
)
from streams.core.text.letters import MAX_EXPANSION
from streams.core.text.terms import terms
from tests.support.processor_time import thread_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

ANY_TEXT = st.text(st.characters(codec=None))  # lone surrogates too


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain text stays", "plain text stays"),
        ("<p>one</p><p>two<br>three</p>", "one two three"),
        ('<a href="x"><span class="invisible">https://</span><span>a.example</span></a>', "https://a.example"),
        ("I <3 you, 1 < 2 > 0 and <user> too", "I <3 you, 1 < 2 > 0 and <user> too"),
        ("a<script>alert(1)</script>b<style>p{}</style>c<!-- d -->e", "a b ce"),
        ("what does <script> do?", "what does do?"),
        ("never closed <!-- stays", "never closed stays"),
        ("x --> y", "x --> y"),
        ("R&amp;D &lt;b&gt; &#x1F600; &#252; &nope; &copy=1", "R&D <b> \U0001f600 ü &nope; &copy=1"),
        ("H&amp;amp;amp;M &amp;#38;lt;3 &amp;nbsp;&quot Netz&amp &lt=1", 'H&M <3 " Netz& &lt=1'),
        ("a&nbsp;b\u3000c\t\r\n d\u2028e", "a b c d e"),
        ("nu\x00ll \x1b[31m bell\x07", "null [31m bell"),
        ("Nes\u00adtle\u200b \u202eevil\u202c \ufeff", "Nestle evil"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("&#xd800;", "\ufffd"),
        ("u\u0308ber", "über"),
        (
            "Nord\u180etel Nord\U000e0041tel Nord\u206atel Nord\u3164tel Nord\ufe0ftel Nord\u200dtel",
            " ".join(["Nordtel"] * 6),
        ),
        ("kein\u2800Netz\ufffchier", "kein Netz hier"),
        ("\u3164\u2800", ""),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
            "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        ),
        ("می\u200cخواهم \u2764\ufe0f 1\ufe0f\u20e3", "می\u200cخواهم \u2764\ufe0f 1\ufe0f\u20e3"),
        ("\u1112\u1161\u11ab", "한"),
        ("family \U0001f468\u200d\U0001f469\u200d\U0001f467", "family \U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("", ""),
    ],
)
def test_normalise(raw: str, clean: str) -> None:
    assert normalise(raw, 1000) == clean


def test_normalise_caps_length_and_marks() -> None:
    assert normalise("word " * 100, 12) == "word word wo"
    assert normalise("word " * 100, 10) == "word word"
    vandalised = normalise("q" + "\u0301\u0323" * 500 + "x", 1000)
    assert vandalised[-1] == "x"
    assert sum(map(unicodedata.combining, vandalised)) > 0
    assert len(vandalised) == 2 + MAX_MARKS


@given(ANY_TEXT, st.integers(1, 50))
def test_normalised_text_is_clean(raw: str, max_chars: int) -> None:
    clean = normalise(raw, max_chars)
    assert len(clean) <= max_chars
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == " ".join(clean.split())
    clean.encode()  # no surrogate is left
    assert not any(unicodedata.category(char) == "Cc" for char in clean)


@pytest.mark.parametrize(
    "variants",
    [
        ("Nestlé", "NESTLE", "nestlé", "NESTLÉ", "nestle\u0301"),
        ("Müller", "MÜLLER", "muller"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("Mærsk", "MAERSK"),
        ("ＡＣＭＥ", "\U0001d5d4\U0001d5d6\U0001d5e0\U0001d5d8", "acme"),
        ("’s", "'s", "´s"),
        ("İstanbul", "istanbul"),
        ("Е\u0308лка", "ёлка"),
        ("Nordtel", "Ⓝⓞⓡⓓⓣⓔⓛ", "🅽🅾🆁🅳🆃🅴🅻", "ɴᴏʀᴅᴛᴇʟ", "N\u0336o\u0336rdtel", "N\u043erdt\u0435l", "Nord\u180etel"),
        ("O₂", "o²", "Ｏ②"),
        ("삼성", "\u1109\u1161\u11b7\u1109\u1165\u11bc"),
        ("バス", "ﾊﾞｽ", "ハ\u3099ス"),
        ("H&M", "H＆M", "h﹠m"),
    ],
)
def test_fold_makes_spellings_equal(variants: tuple[str, ...]) -> None:
    assert len({fold(variant) for variant in variants}) == 1


def test_fold_keeps_symbols_apart_from_words() -> None:
    assert fold("Acme™ Acme² 😡") == "acme™ acme² 😡"
    assert fold("Acmeⓡ Acme🅿️ Müller🄬 ⓒ").split() == ["acme", "acme", "muller", "c"]
    assert fold("🅱️oeing Acⓜe AcmⒺ") == "boeing acme acme"


@pytest.mark.parametrize(("text", "other"), [("카", "칵"), ("ハ", "バ"), ("กา", "กี"), ("कमल", "कमली"), ("ລາ", "ລີ")])
def test_fold_keeps_syllables_apart(text: str, other: str) -> None:
    assert fold(text) == text
    assert not fold(unicodedata.normalize("NFD", other)).startswith(text) or is_mark(other[len(text)])


@given(ANY_TEXT)
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_accents_fold_without_the_case() -> None:
    assert fold_accents("NESTLÉ Łódź ŁÓDŹ Straße ẞ İzmir Æ") == "NESTLE Lodz LODZ Strasse SS Izmir AE"
    assert fold_accents("ΟΔΌΣ Ёлка \U0001d5d4\U0001d5ee") == "ΟΔΟΣ Елка Aa"


@given(ANY_TEXT)
def test_each_letter_of_a_folded_text_is_at_the_place_of_its_capital(text: str) -> None:
    with_case = fold_accents(text)
    assert fold_case(with_case) == fold(text)
    assert len(fold_case(with_case)) == len(with_case)


def test_the_end_of_a_greek_word_in_capitals_folds_like_its_small_letters() -> None:
    assert fold("ΟΔΟΣ") == fold("οδος") == fold("οδοσ")


def test_hashtags_handles_and_links() -> None:
    assert hashtag_words("WLANWeg2024") == "WLAN Weg2024"
    assert hashtag_words("ÄrgerÜberall") == "Ärger Überall"
    assert without_handles("mail me@acme.example or @acme.help, @a@b.example!").split() == [
        "mail",
        "me@acme.example",
        "or",
        ",",
        "!",
    ]
    assert without_urls("see HTTPS://a.example/x?y and www.b.example now").split() == ["see", "and", "now"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nordtelhttps://a.example/x hilft", "Nordtel hilft"),
        ("Nordtelwww.a.example", "Nordtel"),
        ("https://t.co/a1B2c3D4e5Nordtel", "Nordtel"),
        ("Nordtelpic.twitter.com/a1B2c3D4e5Nordtel", "Nordtel Nordtel"),
        ("https://nordtel.exam…Nordtel", "Nordtel"),
        ("RT: kein Netz http://…", "RT: kein Netz"),
        ("“@a: geht nicht https://t.co/a1B2c3D4e5”Nordtel", "“@a: geht nicht ”Nordtel"),
        ("[Nordtel](https://a.example/b_(c))Nordtel", "[Nordtel]( )Nordtel"),
        ("<https://a.example/b|Nordtel>", "< |Nordtel>"),
        ("https://a.example/b삼성 https://a.example/任天堂", "삼성 任天堂"),
        ("https://a.example/Müller/Ärger?x=1&y=[", "["),
        ("awww.Nordtel is sweet, pic. of it", "awww.Nordtel is sweet, pic. of it"),
        ("Www.nordtel WWW.NORDTEL.EXAMPLE", ""),
        ("http://ahttp://b", ""),
    ],
)
def test_a_link_ends_where_no_link_goes_on(text: str, words: str) -> None:
    assert without_urls(text).split() == words.split()
    assert has_url(text) == (without_urls(text) != text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("_Nordtel_ __Nordtel__ ***_Nordtel_*** _Nordtel is down_", "Nordtel Nordtel ***Nordtel*** Nordtel is down"),
        ("@nordtel_ _@nordtel_ #nordtel_ @_nordtel", "@nordtel_ @nordtel #nordtel_ @_nordtel"),
        ("snake_case db\\_streik ^_^ -_- ___", "snake_case db_streik ^_^ -_- ___"),
    ],
)
def test_underscores_of_markdown_are_no_part_of_a_word(text: str, words: str) -> None:
    assert without_emphasis(text).split() == words.split()


def test_signature_of_near_duplicates() -> None:
    original = signature("Gewinne 100 Euro bei Nordtel! https://a.example/1 @anna")
    assert original == signature("RT @bob: GEWINNE 500 EURO, bei Nordtel... http://b.example")
    assert original != signature("Gewinne 100 Euro bei Südtel!")
    assert 0 <= original < 2**SIGNATURE_BITS


def test_signature_tells_wordless_posts_apart() -> None:
    assert signature("😡😡") != signature("👍")
    assert signature("@a 👍 https://a.example") == signature("@b 👍")
    assert signature("\ud800") != signature("")


def test_signature_is_the_same_in_every_process() -> None:
    text = "Störung bei Nordtel"
    program = f"from streams.core.text.clean import signature; print(signature({json.dumps(text)}))"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(other.stdout) == signature(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller\u2028\u202e", "Müller �"),
        ("red \x1b[31m alert\r\nnext\x07", "red �[31m alert  next�"),
        ("👍 天气", "👍 天气"),
        ("", ""),
    ],
)
def test_what_is_printed_can_neither_break_a_line_nor_steer_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_the_signature_of_a_long_text_is_that_of_its_head() -> None:
    head = "wort und " * (MAX_DESCRIBED_CHARS // 4)
    assert signature(head + "netzausfall") == signature(head)
    assert signature("netzausfall " + head) != signature(head)


@given(st.text(max_size=200))
def test_a_folded_text_is_hardly_longer_than_the_text(text: str) -> None:
    assert len(fold(text)) <= MAX_EXPANSION * len(text)


SIZE = 2_000_000
HOSTILE = {
    "open tags": "<" * SIZE,
    "cut tags": "<a " * (SIZE // 3),
    "scripts": "<script>" * (SIZE // 8),
    "comments": "<!--" * (SIZE // 4),
    "entity digits": "&#" + "9" * SIZE + ";",
    "ampersands": "&" * SIZE,
    "marks": "a" + "\u0301\u0323" * (SIZE // 2),
    "blanks": " " * SIZE,
    "surrogates": "\ud800" * SIZE,
    "at signs": "@" * SIZE,
    "dotted handle": "@" + "a." * (SIZE // 2),
    "one hashtag": "#" + "aB" * (SIZE // 2),
    "links": "http://" * (SIZE // 7),
    "ligatures": "\ufdfa" * (SIZE // 10),
    "one word": "a-'" * (SIZE // 3),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "function", [lambda text: normalise(text, 10_000), fold, terms, signature, without_handles, hashtag_words]
)
def test_hostile_texts_take_linear_time(function: Callable[[str], object], text: str) -> None:
    assert thread_seconds(lambda: function(text)) < 60  # quadratic time would be hours
