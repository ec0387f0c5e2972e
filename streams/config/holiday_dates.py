"""Look up public holidays of a country or a part of it in the package `holidays`, which is loaded once needed.

The dates are those of the installed version of the package: a new version may add a holiday that a parliament has
decided, or correct a date. Names are those of the country's own language and English.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.config.suggestions import did_you_mean, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

ALL: Final = "all"
"""Stands for every public holiday."""

SAMPLE_YEARS: Final = range(2020, 2036)
"""Years whose holidays are the ones that a config can name, so that it is good or not in whichever year it is read."""

_ENGLISH: Final = "en_US"


class HolidayDay(NamedTuple):
    """A holiday in a year, with its name in the language of the country."""

    day: date
    name: str


def package_version() -> str:
    """Return the version of the package, which decides about the dates."""
    return version("holidays")


def check_country(country: str) -> str:
    """Return the code of a country, if holidays of it are known.

    Raises
    ------
    ValueError
        If they are not; the message suggests a code.
    """
    countries = import_module("holidays.registry").COUNTRIES
    codes = {entry[1]: name for name, entry in countries.items()}
    code = country.strip().upper()
    if code in codes:
        return code
    named = {name.replace("_", " "): entry[1] for name, entry in countries.items()}
    given = country.strip().lower()
    found = named.get(given) or next((entry[1] for entry in countries.values() if code in entry[2:3]), None)
    hint = f"; did you mean {found}?" if found else did_you_mean(code, codes)
    raise ValueError(f"no holidays of {country!r} are known: write the code of a country, such as DE or AT{hint}")


@cache
def check_subdivision(country: str, subdivision: str) -> str:
    """Return the code of a part of a country, such as ``NW``, if there is one; its name is taken too.

    Raises
    ------
    ValueError
        If there is none; the message lists them.
    """
    entity = _entity(country)
    aliases: Mapping[str, str] = {name.casefold(): code for name, code in entity.subdivisions_aliases.items()}
    codes = {code.casefold(): code for code in entity.subdivisions}
    given = subdivision.strip().casefold()
    code = codes.get(given) or aliases.get(given)
    if code is None:
        there = shortened(entity.subdivisions, 60) or "none"
        question = did_you_mean(subdivision, [*entity.subdivisions, *entity.subdivisions_aliases])
        raise ValueError(f"{country} has no part {subdivision!r}; there are {there}{question}")
    return code


def check_names(country: str, subdivision: str | None, names: Iterable[str]) -> None:
    """Raise an error for a name that no holiday has.

    Raises
    ------
    ValueError
        If there is one; the message lists the names of all holidays.
    """
    for name in names:
        if name == ALL:
            continue
        known = _known_names(country, subdivision)
        if _folded(name) not in known:
            place = country if subdivision is None else f"{country}, {subdivision}"
            public = dict.fromkeys(_without_note(own) for own, is_public in known.values() if is_public)
            similar = get_close_matches(_folded(name), known, n=1)
            hint = f"; did you mean {_without_note(known[similar[0]][0])}?" if similar else ""
            if subdivision is None and (parts := _parts_with(country, name)):
                hint = f"; it is one in parts of {country}: set `subdivision` to {', '.join(parts)}"
            raise ValueError(
                f"there is no holiday {name!r} in {place}; there are {', '.join(public)}, and all for every one{hint}"
            )


def _parts_with(country: str, name: str) -> list[str]:
    return [part for part in _entity(country).subdivisions if _folded(name) in _known_names(country, part)]


@cache
def holidays_in(country: str, subdivision: str | None, names: tuple[str, ...], year: int) -> tuple[HolidayDay, ...]:
    """Return the days of holidays in a year, in their order; parameters have been checked.

    Parameters
    ----------
    country, subdivision
        Codes.
    names
        Names of holidays, in the language of the country or in English; ``all`` stands for every public one.
    year
        The year.
    """
    wanted = {_folded(name) for name in names}
    days: dict[tuple[date, str], HolidayDay] = {}
    for day, own, spellings, is_public in _days(country, subdivision, year):
        if (is_public and ALL in wanted) or wanted & spellings:
            days.setdefault((day, own), HolidayDay(day, own))
    return tuple(sorted(days.values()))


@cache
def _known_names(country: str, subdivision: str | None) -> dict[str, tuple[str, bool]]:
    """Return the name in the country's language, and whether it is a public holiday, by each spelling of the name."""
    found: dict[str, tuple[str, bool]] = {}
    for year in SAMPLE_YEARS:
        for _, own, spellings, is_public in _days(country, subdivision, year):
            for spelling in spellings:
                found.setdefault(spelling, (own, is_public))
    return found


@cache
def _days(country: str, subdivision: str | None, year: int) -> tuple[tuple[date, str, frozenset[str], bool], ...]:
    """Return day, name, spellings of the name, and whether it is public, of each holiday of a year.

    The language is always named, since the package would otherwise take that of the environment.
    """
    entity = _entity(country)
    found = []
    for is_public, categories in ((True, ("public",)), (False, _further(entity))):
        if not categories:
            continue
        own = _calendar(country, subdivision, year, entity.default_language, categories)
        english = _ENGLISH if _ENGLISH in entity.supported_languages else entity.default_language
        other = _calendar(country, subdivision, year, english, categories)
        for day in sorted(own):
            names, translated = own.get_list(day), other.get_list(day)
            for place, name in enumerate(names):
                spellings = {name, _without_note(name)}
                if len(translated) == len(names):
                    spellings |= {translated[place], _without_note(translated[place])}
                found.append((day, name, frozenset(map(_folded, spellings)), is_public))
    return tuple(found)


def _further(entity: Any) -> tuple[str, ...]:
    return tuple(each for each in entity.supported_categories if each != "public")


def _entity(country: str) -> Any:
    return import_module("holidays").country_holidays(country)


def _calendar(
    country: str, subdivision: str | None, year: int, language: str | None, categories: tuple[str, ...]
) -> Any:
    return import_module("holidays").country_holidays(
        country, subdiv=subdivision, years=year, expand=False, language=language, categories=categories
    )


def _without_note(name: str) -> str:
    """Return a name without what the package writes behind it, such as ``(observed)`` or ``(estimated)``."""
    return name.partition(" (")[0]


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
