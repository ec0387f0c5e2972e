"""What is tried: the config in use, and what it becomes if some detectors fire at what is more or less rare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.parameters import ONCE_IN_DAYS
from streams.config.layers import merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streams.config import Config

LADDER: Final = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
"""How many times as rare as now: steps of about the square root of two, over twice the span of the presets (0.5 to 2).
A brand's own history says little of what happens more rarely than that."""

ALL: Final = "all"
"""The knob that turns all live detectors together."""

RARENESS: Final = "once_in_days"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A config that is tried.

    Parameters
    ----------
    factor
        How many times as rare as now what it fires at is, by what was turned.
    days
        Its ``once_in_days``, by the name of each live detector.
    """

    factor: float
    config: Config
    days: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Knob:
    """What can be turned.

    Parameters
    ----------
    name
        A detector, or `ALL`.
    candidates
        What comes of it, from often to rarely.
    now
        The place among them of the config in use.
    """

    name: str
    candidates: Sequence[Candidate]
    now: int


def knobs(config: Config) -> list[Knob]:
    """All that can be turned: each live detector for itself, then `ALL`. Nothing if no detector is live."""
    now = {
        each.name: float(merged(config, index).params[RARENESS])
        for index, each in enumerate(config.detectors)
        if _is_live(config, each.name)
    }
    names = [*now, ALL] if len(now) > 1 else list(now)
    return [_knob(config, name, now) for name in names]


def _knob(config: Config, name: str, now: Mapping[str, float]) -> Knob:
    found: dict[tuple[float, ...], Candidate] = {tuple(now.values()): Candidate(1.0, config, now)}
    for factor in sorted(LADDER, key=lambda factor: abs(math.log(factor))):
        days = {**now} | {each: _rounded(now[each] * factor) for each in now if factor != 1 and name in {ALL, each}}
        detectors = [
            each.model_copy(update={RARENESS: days[each.name]}) if days.get(each.name) != now.get(each.name) else each
            for each in config.detectors
        ]
        tried = Candidate(factor, config.model_copy(update={"detectors": detectors}), days)
        found.setdefault(tuple(days.values()), tried)  # a step that can't be gone is none
    candidates = sorted(found.values(), key=lambda candidate: candidate.factor)
    return Knob(name, candidates, [candidate.factor for candidate in candidates].index(1.0))


def _rounded(days: float) -> float:
    """To two digits, as people would say it, and within what is allowed.

    >>> [_rounded(days) for days in (1.75, 4.9, 14.7, 5250)]
    [2.0, 4.9, 15.0, 3650.0]
    """
    return min(max(float(f"{days:.2g}"), float(ONCE_IN_DAYS[0])), float(ONCE_IN_DAYS[1]))


def _is_live(config: Config, name: str) -> bool:
    """Whether any brand's incidents depend on a detector."""
    return any(
        each.name == name and each.mode == "live" for brand in config.brands for each in config.detectors_of(brand)
    )


def left_alone(config: Config) -> Iterator[tuple[str, str]]:
    """Brand and detector where the brand says itself how rare something must be, so that no candidate changes it."""
    for brand in config.brands:
        for detector in config.detectors:
            override = brand.detectors.get(detector.name)
            if brand.preset is not None or (override is not None and RARENESS in override.params):
                yield brand.id, detector.name


def distinct(turned: Sequence[Knob]) -> list[Candidate]:
    """Each candidate once, the config in use first."""
    found = {identity(turned[0].candidates[turned[0].now]): turned[0].candidates[turned[0].now]}
    for candidate in (each for knob in turned for each in knob.candidates):
        found.setdefault(identity(candidate), candidate)
    return list(found.values())


def identity(candidate: Candidate) -> tuple[float, ...]:
    """By which candidates of a config are told apart."""
    return tuple(candidate.days.values())
