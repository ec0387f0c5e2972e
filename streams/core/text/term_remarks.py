"""Terms of brands that are valid, but probably not as they are meant."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from streams.core.text.brand_terms import spellings, text_of
from streams.core.text.term_index import Meaning, TermIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.text.brand_terms import BrandTerms, Spelling, Term


class _Listed(NamedTuple):
    """A term or exclusion at its place in the config."""

    brand: int
    path: str
    term: Term

    def __str__(self) -> str:
        return f"brands[{self.brand}].match.{self.path} ({text_of(self.term)!r})"


def term_remarks(brands: Sequence[BrandTerms]) -> list[str]:
    """Return one line for each term that is also one of another brand, or that an exclusion makes useless.

    Terms are compared as they are matched: ``Müller`` and ``Mueller`` are the same.

    Examples
    --------
    >>> from streams.core.text.brand_terms import BrandTerms
    >>> term_remarks([BrandTerms("a", any=("Müller",)), BrandTerms("b", any=("Mueller",))])
    ["brands[1].match.any[0] ('Mueller') is also a term of a, brands[0].match.any[0] ('Müller'): posts count for both"]
    """
    owners: defaultdict[str, list[tuple[Spelling, _Listed]]] = defaultdict(list)
    for index, brand in enumerate(brands):
        for number, term in enumerate(brand.any):
            for spelling in spellings(term):
                owners[spelling.key].append((spelling, _Listed(index, f"any[{number}]", term)))
    found: dict[str, None] = {}
    for index, brand in enumerate(brands):
        found.update(dict.fromkeys(_shared(index, brand, brands, owners)))
        found.update(dict.fromkeys(_excluded(index, brand, brands, owners)))
    return list(found)


_Owners = defaultdict[str, list[tuple["Spelling", _Listed]]]


def _shared(index: int, brand: BrandTerms, brands: Sequence[BrandTerms], owners: _Owners) -> Iterator[str]:
    """Yield a line for each term of a brand that a brand before it has, too."""
    for number, term in enumerate(brand.any):
        for spelling in spellings(term):
            first = next((other for other in owners[spelling.key] if _can_meet(other[0], spelling)), None)
            if first is not None and first[1].brand < index:
                own = _Listed(index, f"any[{number}]", term)
                yield f"{own} is also a term of {brands[first[1].brand].id}, {first[1]}: posts count for both"
                break


def _can_meet(one: Spelling, other: Spelling) -> bool:
    """Return whether both spellings of a key can be found at one place of a text."""
    return one.with_case is None or other.with_case is None or one.with_case == other.with_case


def _excluded(index: int, brand: BrandTerms, brands: Sequence[BrandTerms], owners: _Owners) -> Iterator[str]:
    """Yield a line for each exclusion that is a term of another brand, or that is in all of a term of this one."""
    if not brand.none:
        return
    excluding = TermIndex(
        {
            spelling: Meaning((number,))
            for number, exclusion in enumerate(brand.none)
            for spelling in spellings(exclusion)
        }
    )
    useless: set[int] = set()
    for number, term in enumerate(brand.any):
        for spelling in spellings(term)[:1]:
            for meaning, _, _ in excluding.occurrences(f" {spelling.with_case or spelling.key} "):
                place = meaning.claims[0]
                useless.add(place)
                excluded_by = _Listed(index, f"none[{place}]", brand.none[place])
                yield f"{_Listed(index, f'any[{number}]', term)} counts nowhere: {excluded_by} excludes it"
    for number, exclusion in enumerate(brand.none):
        named = {other.brand for each in spellings(exclusion) for _, other in owners[each.key]} - {index}
        if named and number not in useless:
            listed = _Listed(index, f"none[{number}]", exclusion)
            yield f"{listed} is a term of {brands[min(named)].id}: posts that name both do not count for {brand.id}"
