"""Classes of characters."""

from __future__ import annotations

import re
import unicodedata

import pytest

from streams.core.text.characters import (
    INVISIBLE,
    INVISIBLE_BEYOND,
    MARKS,
    SHAPING,
    SHAPING_BEYOND,
    is_mark,
)

EVERY_CHARACTER = [chr(code) for code in range(0x110000)]


def test_characters_without_a_shape_are_no_letters_that_anyone_reads() -> None:
    ignorable = re.compile(f"[{INVISIBLE}{INVISIBLE_BEYOND}{SHAPING}{SHAPING_BEYOND}]")
    found = [char for char in EVERY_CHARACTER if ignorable.match(char)]
    fillers = set("\u115f\u1160\u3164\uffa0")
    assert {unicodedata.category(char) for char in set(found) - fillers} == {"Cf", "Mn", "Cn"}
    assert fillers < set(found)


def test_format_characters_have_no_shape_unless_they_are_drawn() -> None:
    ignorable = re.compile(f"[{INVISIBLE}{INVISIBLE_BEYOND}{SHAPING}{SHAPING_BEYOND}]")
    drawn = ("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN")
    others = [c for c in EVERY_CHARACTER if unicodedata.category(c) == "Cf" and not ignorable.match(c)]
    assert all(unicodedata.name(char).startswith(drawn) for char in others)


def test_marks_belong_to_the_character_before_them() -> None:
    assert all(map(is_mark, "\u0301\u0e31\u0e4c\u093e\u1039\u17d2\u3099\ufe0f"))
    assert not any(map(is_mark, "a가กक1_ "))


@pytest.mark.parametrize("mark", ["\u0301", "\u0e49", "\u20dd", "\U000e0100"])
def test_marks_that_stack_are_known(mark: str) -> None:
    assert re.fullmatch(f"[{MARKS}]", mark)
