"""Typing noise changes few texts, and never the name of a brand."""

from __future__ import annotations

from random import Random

from streams.offline.simulate.typing_noise import with_typing_noise

TEXT = "Nothing works since yesterday because nordtel really cannot deliver"
PROTECTED = frozenset({"nordtel"})


def typed(count: int) -> list[str]:
    uniform = Random(3).random
    return [with_typing_noise(TEXT, PROTECTED, uniform) for _ in range(count)]


def test_about_one_text_in_six_is_changed() -> None:
    changed = sum(text != TEXT for text in typed(20_000))
    assert 0.13 < changed / 20_000 < 0.17  # a misspelling that meets "Nothing" or the brand changes nothing


def test_names_of_brands_are_never_misspelt_and_words_stay_in_place() -> None:
    for text in typed(5_000):
        words = text.split(" ")
        assert len(words) == len(TEXT.split(" "))
        assert words[5].lower() == "nordtel"


def test_a_text_is_shouted_stretched_or_slips() -> None:
    kinds = {
        "shouted": lambda text: text == TEXT.upper(),
        "longer by some letters": lambda text: len(text) > len(TEXT) + 1,
        "one letter lost": lambda text: len(text) == len(TEXT) - 1,
        "letters swapped": lambda text: text != TEXT and sorted(text) == sorted(TEXT),
    }
    texts = typed(20_000)
    assert [kind for kind, holds in kinds.items() if not any(map(holds, texts))] == []
