"""The spelling of terms."""

from __future__ import annotations

from typing import Literal

import pytest

from streams.core.incidents.spellings import Spellings


@pytest.mark.parametrize(
    ("written", "language", "spelling"),
    [
        ({"Netzausfall": 5, "netzausfall": 3, "NETZAUSFALL": 1}, "de", "Netzausfall"),
        ({"Netzausfall": 3, "netzausfall": 5}, "de", "netzausfall"),
        ({"#aerovantavideo": 3, "#AerovantaVideo": 4}, "en", "#AerovantaVideo"),
        ({"störung": 5}, "de", "Störung"),
        ({"Kaufe": 5}, "de", "kaufe"),
        ({"Betrug": 5, "betrug": 2}, "de", "Betrug"),
        ({"versuche": 3, "Versuche": 1}, "de", "versuche"),
        ({"WORST": 3, "Worst": 2}, "en", "worst"),
        ({"dallas": 2, "DALLAS": 3}, "en", "Dallas"),
        ({"cdu": 4}, "de", "CDU"),
        ({"Ausgabe": 3}, "en", "Ausgabe"),
        ({"iPhone": 2, "iphone": 1}, "de", "iPhone"),
        ({"streik": 1, "Streik": 1}, "en", "streik"),
    ],
)  # fmt: skip
def test_a_common_word_is_written_as_usual_and_others_as_in_most_mentions(
    written: dict[str, int], language: Literal["de", "en"], spelling: str
) -> None:
    terms = Spellings(written, language)
    term = spelling.lower()
    assert terms.of(term) == spelling
    assert terms.counts == {term: sum(written.values())}


def test_a_pair_is_written_as_its_words_are() -> None:
    terms = Spellings(
        {"gute": 2, "Ausbildung": 5, "gute ausbildung": 2, "Herr": 3, "Wendler": 3, "herr wendler": 3}, "de"
    )
    assert (terms.of("gute ausbildung"), terms.of("herr wendler")) == ("gute Ausbildung", "Herr Wendler")
    assert terms.of("not counted") == "not counted"


def test_letters_whose_small_ones_are_others_are_counted_with_them() -> None:
    terms = Spellings({"İstanbul": 2, "STRASSE": 1, "ΟΔΟΣ": 1}, "en")
    assert terms.counts == {"İstanbul".lower(): 2, "strasse": 1, "οδος": 1}
    assert terms.of("İstanbul".lower()) == "İstanbul"
