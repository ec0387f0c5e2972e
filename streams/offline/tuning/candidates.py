"""Make the candidates: the config in use with other return periods of some or all detectors."""

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
"""Factors on the return periods in use: steps of about the square root of two, over twice the span of the presets (0.5
to 2). A brand's own history holds too little for anything rarer."""

ALL: Final = "all"
"""Name of the parameter that changes all live detectors together."""

RETURN_PERIOD: Final = "once_in_days"
"""Name of the detector parameter that holds the return period."""


@dataclass(frozen=True, slots=True)
class CandidateConfig:
    """A config to run.

    Parameters
    ----------
    factor
        Factor on the return periods of the detectors that were changed.
    days
        Return period (``once_in_days``) of each live detector, by name.
    """

    factor: float
    config: Config
    days: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TunedParameter:
    """A parameter that can be tuned.

    Parameters
    ----------
    name
        Name of a detector, or `ALL`.
    candidates
        Candidates by ascending factor.
    current
        Index of the config in use among the candidates.
    """

    name: str
    candidates: Sequence[CandidateConfig]
    current: int


def parameters(config: Config) -> list[TunedParameter]:
    """Return each detector that is live for any brand, then `ALL` if there are several."""
    live = {each.name for brand in config.brands for each in config.detectors_of(brand) if each.mode == "live"}
    days = {
        each.name: float(merged(each, config.chosen_preset).params[RETURN_PERIOD])
        for each in config.detectors
        if each.name in live
    }
    names = [*days, ALL] if len(days) > 1 else list(days)
    return [_parameter(config, name, days) for name in names]


def _parameter(config: Config, name: str, current: Mapping[str, float]) -> TunedParameter:
    by_days: dict[tuple[float, ...], CandidateConfig] = {tuple(current.values()): CandidateConfig(1.0, config, current)}
    for factor in sorted(FACTORS, key=lambda factor: abs(math.log(factor))):
        scaled = {each: _scaled(days, factor) for each, days in current.items() if factor != 1 and name in {ALL, each}}
        days = {**current} | scaled
        detectors = [
            each.model_copy(update={RETURN_PERIOD: days[each.name]})
            if days.get(each.name) != current.get(each.name)
            else each
            for each in config.detectors
        ]
        candidate = CandidateConfig(factor, config.model_copy(update={"detectors": detectors}), days)
        by_days.setdefault(tuple(days.values()), candidate)  # at a limit, several factors give the same config
    candidates = sorted(by_days.values(), key=lambda candidate: candidate.factor)
    return TunedParameter(name, candidates, [candidate.factor for candidate in candidates].index(1.0))


def _scaled(days: float, factor: float) -> float:
    """Return a return period times a factor, within the limits: rounded to two digits, but exact for a preset's factor.

    >>> _scaled(7, 0.25), _scaled(21, 0.7), _scaled(21, 0.5), _scaled(2000, 2.8)
    (2.0, 15.0, 10.5, 3650.0)
    """
    scaled = days * factor
    if factor not in presets.RARENESS.values():
        scaled = float(f"{scaled:.2g}")
    return min(max(scaled, float(ONCE_IN_DAYS[0])), float(ONCE_IN_DAYS[1]))


def preset_of(candidate: CandidateConfig, config: Config) -> presets.Preset | None:
    """Return the preset that turns a config into the candidate; None if none does, or a detector overrides presets."""
    if any(RETURN_PERIOD in each.params or each.name not in candidate.days for each in config.detectors):
        return None
    for preset in presets.RARENESS:
        wanted = [presets.thresholds(preset, each.kind)[RETURN_PERIOD] for each in config.detectors]
        if wanted == [candidate.days[each.name] for each in config.detectors]:
            return preset
    return None


def own_return_periods(config: Config) -> Iterator[tuple[str, str]]:
    """Yield each brand and detector whose return period the brand sets itself, so that no candidate changes it."""
    for brand in config.brands:
        for detector in config.detectors:
            override = brand.detectors.get(detector.name)
            if brand.preset is not None or (override is not None and RETURN_PERIOD in override.params):
                yield brand.id, detector.name


def distinct(tuned: Sequence[TunedParameter]) -> list[CandidateConfig]:
    """Return each candidate once, the config in use first."""
    current = tuned[0].candidates[tuned[0].current]
    found = {identity(current): current}
    for candidate in (each for parameter in tuned for each in parameter.candidates):
        found.setdefault(identity(candidate), candidate)
    return list(found.values())


def identity(candidate: CandidateConfig) -> tuple[float, ...]:
    """Return a key that equal candidates of a config share."""
    return tuple(candidate.days.values())
