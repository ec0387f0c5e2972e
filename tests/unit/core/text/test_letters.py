"""Plain forms of single characters."""

from __future__ import annotations

import unicodedata

import pytest

from streams.core.text.letters import MAX_EXPANSION, PlainLetters

PLAIN = PlainLetters()
EVERY_CHARACTER = [chr(code) for code in range(0x80, 0x30000)] + [chr(code) for code in range(0xE0000, 0xE1000)]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("éüßŁØƒŧ", "eussLOft"),
        ("ﬃﬁǆ", "ffifidz"),
        ("ＡｃｍＥ\U0001d5d4𝓪𝔸ℂ", "AcmEAaAC"),
        ("Ⓐⓐ⒜🄰🅐🅰", "Aaa" + "AAA"),
        ("ᴀᴄᴍᴇ ᴬᶜᵐᴱ ₐₑ", "acme acme ae"),
        ("Ⅷⅽ", "VIIIc"),
        ("＆﹠＋＠＃＿", "&&+@#_"),
        ("'’´ -‐–−", "''' ----"),
    ],
)
def test_letters_and_symbols_become_those_of_a_keyboard(written: str, plain: str) -> None:
    assert written.translate(PLAIN) == unicodedata.normalize("NFKC", plain) == plain


def test_a_digit_that_is_raised_lowered_or_circled_differs_from_a_digit() -> None:
    assert "²₂②⑵⒉❷➁".translate(PLAIN) == "²" * 7
    assert "２𝟐".translate(PLAIN) == "22"
    assert "½⑩".translate(PLAIN) == "½⑩"


def test_syllables_and_vowel_signs_stay_whole() -> None:
    for text in ("삼성전자 칵", "ガバ", "ไลน์", "ລາວ", "ខ្មែរ", "မြန်မာ", "कमली", "বাংলা", "ㅋㅋ", "한"):
        assert unicodedata.normalize("NFC", text.translate(PLAIN)) == text
    assert unicodedata.normalize("NFC", "ﾊﾞ".translate(PLAIN)) == "バ"
    assert "ﾡ".translate(PLAIN) == "ㄱ"


def test_no_character_becomes_more_than_a_few() -> None:
    assert max(len(char.translate(PLAIN)) for char in EVERY_CHARACTER) == MAX_EXPANSION
    assert "\ufdfa".translate(PLAIN) == "\ufdfa"


def test_a_plain_form_is_plain_itself() -> None:
    assert [char for char in EVERY_CHARACTER if (plain := char.translate(PLAIN)) != plain.translate(PLAIN)] == []


@pytest.mark.parametrize(
    "code",
    [
        *(0xAD, 0x34F, 0x61C, 0x115F, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200D, 0x202E, 0x2060, 0x206A, 0x206F, 0x3164),
        *(0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0x1BCA0, 0x1D173, 0xE0001, 0xE0020, 0xE007F, 0xE0100, 0xE0FFF),
    ],
)
def test_invisible_characters_are_dropped(code: int) -> None:
    assert chr(code).translate(PLAIN) == ""


def test_the_memory_is_bounded() -> None:
    table = PlainLetters()
    "".join(map(chr, range(0x80, 0x80 + 2 * PlainLetters.MAX_CACHED))).translate(table)
    assert len(table) == PlainLetters.MAX_CACHED
