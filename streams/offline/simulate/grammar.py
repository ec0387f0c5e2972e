"""Draw texts from phrase banks: a rule is a list of phrases, and a phrase may name other rules in braces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from streams.offline.simulate.world import SimulatedBrand, read_toml

Uniform = Callable[[], float]
"""A function that draws a number from [0, 1)."""

LANGUAGES: Final = ("de", "en")
RIVAL: Final = "{rival}"
USER: Final = "{user}"
"""Slots that the caller fills, because it has to know the value."""

_SLOT: Final = re.compile(r"\{(\w+)\}")
_FILLED_BY_CALLER: Final = frozenset({RIVAL[1:-1], USER[1:-1]})
_NUMBERS: Final = tuple(str(number) for number in range(2, 100))

_Rule = list["str | tuple[str | _Rule, ...]"]


class Grammar:
    """A set of compiled rules.

    Parameters
    ----------
    rules
        Phrases of each rule; a rule of a later mapping replaces that of an earlier one.

    Raises
    ------
    ValueError
        If a phrase names a rule that does not exist, or a rule has no phrase.

    Examples
    --------
    >>> Grammar({"greet": ["hello {name}"], "name": ["you"]}).text("greet", lambda: 0.0)
    'hello you'
    """

    def __init__(self, *rules: Mapping[str, Sequence[str]]) -> None:
        sources = {name: phrases for mapping in rules for name, phrases in mapping.items()}
        self._rules: dict[str, _Rule] = {name: [] for name in sources}
        for name, phrases in sources.items():
            if not phrases:
                raise ValueError(f"rule {name!r} has no phrase")
            self._rules[name].extend(self._compile(name, phrase) for phrase in phrases)

    def _compile(self, rule: str, phrase: str) -> str | tuple[str | _Rule, ...]:
        parts: list[str | _Rule] = []
        for position, piece in enumerate(_SLOT.split(phrase)):
            if position % 2 and piece not in _FILLED_BY_CALLER:
                if piece not in self._rules:
                    raise ValueError(f"rule {rule!r} names {piece!r}, which does not exist: {phrase!r}")
                parts.append(self._rules[piece])
            elif piece:
                parts.append(f"{{{piece}}}" if position % 2 else piece)
        return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else tuple(parts)

    def text(self, rule: str, uniform: Uniform) -> str:
        """Return a random text of a rule."""
        parts: list[str] = []
        _expand(self._rules[rule], uniform, parts)
        return "".join(parts).rstrip()


def _expand(rule: _Rule, uniform: Uniform, out: list[str]) -> None:
    phrase = rule[int(uniform() * len(rule))]
    if phrase.__class__ is str:
        out.append(phrase)
        return
    for part in phrase:
        if part.__class__ is str:
            out.append(part)
        else:
            _expand(part, uniform, out)  # type: ignore[arg-type]  # a part that is no string is a rule


@cache
def phrases(language: str) -> dict[str, Any]:
    """Return the phrase bank of a language."""
    return read_toml(f"phrases_{language}.toml")


@cache
def brand_grammar(brand: SimulatedBrand, language: str, topic: str | None = None) -> Grammar:
    """Return the rules for posts about a brand, and with a topic also those for posts on it (``event_*``)."""
    bank = phrases(language)
    rules = [
        *(bank[table] for table in ("words", "clauses", "posts", "spam")),
        bank["sector"][brand.sector],
        brand_rules(brand),
    ]
    return Grammar(*rules) if topic is None else Grammar(*rules, bank["events"], bank["topic"][topic])


def chatter_grammar(brands: Iterable[SimulatedBrand], language: str) -> Grammar:
    """Return the rules for posts that name no brand, some with words that only look like one."""
    bank = phrases(language)
    confusable = [text for brand in brands for text in (*map(str.title, brand.exclude), *brand.lookalikes)]
    return Grammar(bank["words"], bank["chatter"], {"num": _NUMBERS, "confusable": confusable})


def brand_rules(brand: SimulatedBrand) -> dict[str, Sequence[str]]:
    """Return the rules for the spelling of a brand; a phrase that is listed n times is n times as frequent."""
    name, lower, handle = brand.name, brand.name.lower(), f"@{brand.handle}"
    return {
        "num": _NUMBERS,
        "name": [name],
        "Tag": [name],
        "NoveltyTag": [brand.novelty.replace(" ", "")],
        "handle": [handle],
        "tag": [f"#{name}", f"#{name}", f"#{lower}"],
        "brand": [
            *[name] * 13,
            *(brand.spellings or (name,)),
            lower,
            lower,
            name.upper(),
            handle,
            handle,
            handle,
            f"#{name}",
        ],
        "product": brand.products,
        "novelty": [brand.novelty],
    }
