"""Remarks on terms that two brands share, or that exclusions make useless."""

from __future__ import annotations

import pytest

from streams.core.text.brand_terms import BrandTerms, CaseSensitive, Term
from streams.core.text.term_remarks import term_remarks


def remarks(one: tuple[Term, ...], other: tuple[Term, ...]) -> list[str]:
    return term_remarks([BrandTerms("one", any=one), BrandTerms("other", any=other)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Mueller"),
        ("muller", "MÜLLER"),
        ("Nestlé", "nestle"),
        ("deutsche-bahn", "Deutsche Bahn"),
        ("@deutsche_bahn", "deutsche bahn"),
        (CaseSensitive("Gap"), "gap"),
        (CaseSensitive("Gap"), CaseSensitive("Gap")),
    ],
)
def test_a_term_that_two_brands_share_is_remarked_once(one: Term, other: Term) -> None:
    (remark,) = remarks(("first", one), ("other", other))
    assert remark.startswith("brands[1].match.any[1] (")
    assert "is also a term of one, brands[0].match.any[1] (" in remark


@pytest.mark.parametrize(
    ("one", "other"),
    [("nordtel", "nordtel arena"), ("@nordtel", "#nordtel"), (CaseSensitive("Gap"), CaseSensitive("GAP"))],
)
def test_terms_that_differ_are_not_remarked(one: Term, other: Term) -> None:
    assert remarks((one,), (other,)) == []


def test_a_brand_may_repeat_its_own_terms() -> None:
    assert remarks(("Müller", "Mueller", "muller"), ("other",)) == []


def test_a_term_that_an_exclusion_of_its_brand_always_excludes_is_remarked() -> None:
    brand = BrandTerms("a", any=("acme", "acme arena", "Beta Inc"), none=("arena", "beta", "acme pie"))
    assert term_remarks([brand]) == [
        "brands[0].match.any[1] ('acme arena') counts nowhere: brands[0].match.none[0] ('arena') excludes it",
        "brands[0].match.any[2] ('Beta Inc') counts nowhere: brands[0].match.none[1] ('beta') excludes it",
    ]
    (same,) = term_remarks([BrandTerms("a", any=("acme",), none=("ACME",))])
    assert "any[0] ('acme') counts nowhere" in same


def test_an_exclusion_that_is_a_term_of_another_brand_is_remarked() -> None:
    brands = [BrandTerms("a", any=("acme",), none=("Béta", "gamma")), BrandTerms("b", any=("beta",))]
    assert term_remarks(brands) == [
        "brands[0].match.none[0] ('Béta') is a term of b: posts that name both do not count for a"
    ]


def test_ten_thousand_brands_with_one_term_are_remarked_in_short_order() -> None:
    assert len(term_remarks([BrandTerms(f"b{number}", any=("same",)) for number in range(10_000)])) == 9_999
