"""What is tried: the config in use, and what it becomes if some detectors fire at what is more or less rare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from detectors.parameters import ONCE_IN_DAYS
from streams.config import presets
from streams.config.layers import merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streams.config import Config

FACTORS: Final = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
"""How many times as rare as now: steps of about the square root of two, over twice the span of the presets (0.5 to 2).
A brand's own history says little of what happens more rarely than that."""

ALL: Final = "all"
"""The knob that turns all live detectors together."""

RETURN_PERIOD: Final = "once_in_days"


@dataclass(frozen=True, slots=True)
class CandidateConfig:
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
class TunedParameter:
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
    candidates: Sequence[CandidateConfig]
    now: int


def parameters(config: Config) -> list[TunedParameter]:
    """All that can be turned: each detector that is live for any brand for itself, then `ALL`; nothing if none is."""
    live = {each.name for brand in config.brands for each in config.detectors_of(brand) if each.mode == "live"}
    now = {
        each.name: float(merged(each, config.chosen_preset).params[RETURN_PERIOD])
        for each in config.detectors
        if each.name in live
    }
    names = [*now, ALL] if len(now) > 1 else list(now)
    return [_parameter(config, name, now) for name in names]


def _parameter(config: Config, name: str, now: Mapping[str, float]) -> TunedParameter:
    found: dict[tuple[float, ...], CandidateConfig] = {tuple(now.values()): CandidateConfig(1.0, config, now)}
    for factor in sorted(FACTORS, key=lambda factor: abs(math.log(factor))):
        days = {**now} | {each: _turned(now[each], factor) for each in now if factor != 1 and name in {ALL, each}}
        detectors = [
            each.model_copy(update={RETURN_PERIOD: days[each.name]})
            if days.get(each.name) != now.get(each.name)
            else each
            for each in config.detectors
        ]
        tried = CandidateConfig(factor, config.model_copy(update={"detectors": detectors}), days)
        found.setdefault(tuple(days.values()), tried)  # a step that can't be gone is none
    candidates = sorted(found.values(), key=lambda candidate: candidate.factor)
    return TunedParameter(name, candidates, [candidate.factor for candidate in candidates].index(1.0))


def _turned(days: float, factor: float) -> float:
    """As rare as people would say it, in two digits, but exactly what a preset says; within what is allowed.

    >>> _turned(7, 0.25), _turned(21, 0.7), _turned(21, 0.5), _turned(2000, 2.8)
    (2.0, 15.0, 10.5, 3650.0)
    """
    turned = days * factor
    if factor not in presets.RARENESS.values():
        turned = float(f"{turned:.2g}")
    return min(max(turned, float(ONCE_IN_DAYS[0])), float(ONCE_IN_DAYS[1]))


def preset_of(candidate: CandidateConfig, config: Config) -> presets.Preset | None:
    """The preset that would make a config the candidate, if one does and no detector of the config says otherwise."""
    if any(RETURN_PERIOD in each.params or each.name not in candidate.days for each in config.detectors):
        return None
    for preset in presets.RARENESS:
        wanted = [presets.thresholds(preset, each.kind)[RETURN_PERIOD] for each in config.detectors]
        if wanted == [candidate.days[each.name] for each in config.detectors]:
            return preset
    return None


def left_alone(config: Config) -> Iterator[tuple[str, str]]:
    """Brand and detector where the brand says itself how rare something must be, so that no candidate changes it."""
    for brand in config.brands:
        for detector in config.detectors:
            override = brand.detectors.get(detector.name)
            if brand.preset is not None or (override is not None and RETURN_PERIOD in override.params):
                yield brand.id, detector.name


def distinct(turned: Sequence[TunedParameter]) -> list[CandidateConfig]:
    """Each candidate once, the config in use first."""
    found = {identity(turned[0].candidates[turned[0].now]): turned[0].candidates[turned[0].now]}
    for candidate in (each for parameter in turned for each in parameter.candidates):
        found.setdefault(identity(candidate), candidate)
    return list(found.values())


def identity(candidate: CandidateConfig) -> tuple[float, ...]:
    """By which candidates of a config are told apart."""
    return tuple(candidate.days.values())
