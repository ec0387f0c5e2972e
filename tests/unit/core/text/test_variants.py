"""Words that differ in spelling or inflection only."""

from __future__ import annotations

import pytest

from streams.core.text.variants import are_variants, plain_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Störung", "stoerungen"), ("Kunde", "Kunden"), ("boykott", "BOYKOTTS"), ("ordentliche", "ordentliches"),
        ("cancel", "canceled"), ("Müller", "Muller"), ("Straße", "strasse"), ("#wendler", "wendler"),
    ],
)  # fmt: skip
def test_spellings_and_inflections_are_variants(one: str, other: str) -> None:
    assert all(map(are_variants, plain_words(one), plain_words(other)))
    assert all(map(are_variants, plain_words(other), plain_words(one)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("hand", "handy"), ("gas", "gast"), ("not", "note"), ("preis", "preiswert"), ("kauf", "kaufland")],
)
def test_other_words_are_not(one: str, other: str) -> None:
    assert not are_variants(one, other)
    assert not are_variants(other, one)
