"""The brands of the simulated world: twelve written by hand, any number more by rule. All are fictional."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

_PACKAGE: Final = "streams.offline.simulate"
_HEADS: Final = (
    "Quor", "Vlim", "Zand", "Brix", "Thul", "Jesk", "Ploon", "Wyrd",
    "Gnev", "Oxal", "Fjun", "Drev", "Klim", "Sarn", "Hux", "Yarv",
)  # fmt: skip
_MIDDLES: Final = ("a", "o", "i", "u", "ando", "ero", "ili", "umba", "ata", "oni")
_TAILS: Final = (
    "vik", "zor", "mund", "plex", "drill", "wick", "stedt", "quist",
    "nax", "bule", "torp", "fex", "ghem", "rund", "lume",
)  # fmt: skip
_MEDIAN_POSTS_PER_DAY: Final = 450.0
_LOG_SPREAD: Final = 1.4  # of the natural logarithm: the middle 95 % of brands lie between 30 and 7,000 posts a day
_POSTS_PER_DAY_RANGE: Final = (20, 8_000)


@dataclass(frozen=True, slots=True)
class SimulatedBrand:
    """One fictional brand; see `brands.toml` for what the fields mean."""

    id: str
    name: str
    sector: str
    handle: str
    posts_per_day: int
    german: float
    negative: float
    positive: float
    products: tuple[str, ...]
    novelty: str
    exclude: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()

    def to_config(self) -> dict[str, Any]:
        """Entry of `brands` in a firewatch config."""
        name = self.name.lower()
        match = {"any": [name, f"@{self.handle}", f"#{name}"]}
        if self.exclude:
            match["none"] = list(self.exclude)
        return {"id": self.id, "name": self.name, "match": match, "usual_posts_per_day": self.posts_per_day}


def read_toml(name: str) -> dict[str, Any]:
    """A data file of this package."""
    return tomllib.loads(files(_PACKAGE).joinpath(name).read_text(encoding="utf-8"))


@cache
def _catalogue() -> tuple[SimulatedBrand, ...]:
    lists = ("products", "exclude", "lookalikes", "spellings")
    entries = read_toml("brands.toml")["brand"]
    return tuple(SimulatedBrand(**entry | {name: tuple(entry.get(name, ())) for name in lists}) for entry in entries)


@cache
def world(count: int) -> tuple[SimulatedBrand, ...]:
    """The first `count` brands; a larger world begins with the smaller one.

    >>> [brand.name for brand in world(14)][-3:] == ["Heidewatt", *(brand.name for brand in world(40)[12:14])]
    True
    """
    catalogue = _catalogue()
    brands = list(catalogue[:count])
    taken = {brand.id for brand in catalogue}
    sectors = [brand.sector for brand in catalogue]
    rng = Random("firewatch brands")  # a string seeds by SHA-512: the same on every platform
    while len(brands) < count:
        name = rng.choice(_HEADS) + rng.choice(_MIDDLES) + rng.choice(_TAILS)
        if name.lower() not in taken:
            taken.add(name.lower())
            brands.append(_generated(name, sectors[len(brands) % len(sectors)], rng))
    return tuple(brands)


def _generated(name: str, sector: str, rng: Random) -> SimulatedBrand:
    low, high = _POSTS_PER_DAY_RANGE
    negative = rng.uniform(0.15, 0.35)
    return SimulatedBrand(
        id=name.lower(),
        name=name,
        sector=sector,
        handle=f"{name.lower()}_help",
        posts_per_day=round(min(max(_MEDIAN_POSTS_PER_DAY * rng.lognormvariate(0.0, _LOG_SPREAD), low), high)),
        german=round(rng.uniform(0.05, 0.95), 2),
        negative=round(negative, 2),
        positive=round(rng.uniform(0.1, 0.5 - negative), 2),
        products=(f"{name} One", f"{name} Plus", "Basis 3"),
        novelty=f"{name} Next",
        exclude=(f"port {name.lower()}",),
        lookalikes=(f"{name}esque",),
    )
