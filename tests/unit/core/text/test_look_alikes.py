"""Words that are disguised by letters of other alphabets."""

from __future__ import annotations

import pytest

from streams.core.text.clean import fold
from streams.core.text.look_alikes import second_reading, without_disguise
from tests.support.processor_time import thread_seconds


@pytest.mark.parametrize(
    "written",
    [
        "N\u043erdtel",  # Cyrillic o
        "N\u043erdt\u0435l",
        "\u039dORDTEL",  # Greek capital nu
        "NOR\u13a0TEL",  # Cherokee
        "nord\u0442el",  # Cyrillic te, like a small capital
        "\u0578ordtel",  # Armenian
        "N\u043e\u0308rdtel",
        "\U0001d6b4ordtel",  # mathematical Greek
        "nor\u0501tel",
        "Nordte\u04cf",  # palochka
        "NORDTE\u04c0",
    ],
)
def test_look_alikes_in_a_latin_word_are_latin(written: str) -> None:
    assert fold(written) == "nordtel"


@pytest.mark.parametrize("text", ["Привет, мир", "СОР ТЕСТ", "Όχι, ευχαριστώ", "Երևան", "ᏣᎳᎩ", "ⲣⲉⲙⲛⲭⲏⲙⲓ"])
def test_words_of_another_alphabet_stay_what_they_are(text: str) -> None:
    assert without_disguise(text) == text


@pytest.mark.parametrize("text", ["Нордтелfail", "failНордтел", "NordtelНордтел"])
def test_two_words_written_together_stay_if_one_can_not_be_latin(text: str) -> None:
    assert without_disguise(text) == text


def test_units_and_formulas_are_no_disguise() -> None:
    assert fold("10 µm 5 kΩ λx Δt 7 μg") == "10 μm 5 kω λx δt 7 μg"


def test_names_with_a_suffix_of_a_script_that_is_no_alphabet_stay() -> None:
    assert fold("KT가 LINEで เอLINE") == "kt가 lineで เอline"


def test_a_word_wholly_of_look_alikes_is_read_twice_in_a_latin_text() -> None:
    assert second_reading("\u0410\u0421\u041c\u0415 has no service") == "ACME has no service"
    assert second_reading("Bei \u041e2 geht nichts") == "Bei O2 geht nichts"
    assert second_reading("\u0430\u0441\u04cf\u0435 down") == "acle down"


@pytest.mark.parametrize(
    "text",
    [
        "plain words only",
        "\u0421\u041e\u0420",  # Russian, alone
        "@anna #acme \u0421\u041e\u0420",
        "this and that \u0421\u041e\u0420 \u0434\u043e\u043c\u0430",  # with another Russian word
        "the word is \u0441\u043d\u043e\u0432\u0430",  # н is no h
        "only 日本語 too",
    ],
)
def test_a_true_word_of_another_alphabet_is_read_once(text: str) -> None:
    assert second_reading(text) is None


def test_no_folded_letter_is_a_look_alike_that_the_letter_was_not() -> None:
    letters = [f"a{chr(code)}" for code in range(0x180, 0x17000)]
    assert [word for word in letters if fold(fold(word)) != fold(word)] == []


@pytest.mark.parametrize("unit", ["a\u0436", "\u0436 ", "a\u0430 ", "\u0430\u043e ", "\u0430"])
def test_the_time_for_a_text_is_bounded(unit: str) -> None:
    text = "two words " + unit * 100_000
    assert thread_seconds(lambda: (without_disguise(text), second_reading(text))) < 0.2
