"""Find what does not fit together across the sections of a config, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from detectors import registry
from detectors.base import ParameterError
from streams.config.base import Misfit
from streams.config.kafka import POSTS_TOPIC
from streams.config.layers import merged
from streams.config.sources.kafka import KafkaSourceSettings
from streams.config.suggestions import did_you_mean, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.config.brands import BrandSettings, DetectorSettings
    from streams.config.calendar import ExpectedEventSettings, MaintenanceSettings
    from streams.config.kafka import KafkaSettings
    from streams.config.presets import Preset
    from streams.config.sources.base import SourceSettings

_SWITCHES: Final = frozenset({"enabled", "enable", "disabled", "active"})
"""Words by which other tools switch things on and off."""


class Sections(NamedTuple):
    """The sections of a config that refer to one another."""

    brands: Sequence[BrandSettings]
    detectors: Sequence[DetectorSettings]
    chosen_preset: Preset | None
    maintenance: Sequence[MaintenanceSettings]
    expected_events: Sequence[ExpectedEventSettings]
    sources: Sequence[SourceSettings]
    kafka: KafkaSettings
    topic_prefix: str


class OmittedNames(NamedTuple):
    """Names in parts of a file that were left out of a config because something else is wrong with them.

    Parameters
    ----------
    brands, detectors
        Ids of all brands and names of all detectors as they are written, to which other parts may refer; empty if none
        of them was left out.
    """

    brands: frozenset[str] = frozenset()
    detectors: frozenset[str] = frozenset()


def misfits(config: Sections, left_out: OmittedNames | None = None) -> Iterator[Misfit]:
    """Yield the problems of a config whose sections are valid by themselves.

    Parameters
    ----------
    config
        Sections of the config.
    left_out
        What the file names besides; None if the config is the whole file.
    """
    left_out = left_out or OmittedNames()
    yield from _repeats("brands", "id", [brand.id for brand in config.brands])
    yield from _repeats("detectors", "name", [detector.name for detector in config.detectors])
    yield from _repeats("sources", "id", [source.id for source in config.sources])
    yield from _same_addresses(config.sources)
    yield from _circles(config)
    unbuilt = list(_unbuilt(config, left_out))
    yield from unbuilt
    if not unbuilt and not left_out.detectors:
        yield from _without_live_detector(config)
    yield from _unknown_brands(config, left_out)


def _circles(config: Sections) -> Iterator[Misfit]:
    """Yield the sources that would read what firewatch itself writes."""
    for position, source in enumerate(config.sources):
        if not isinstance(source, KafkaSourceSettings):
            continue
        servers = {source.connection(config.kafka).bootstrap_servers, config.kafka.bootstrap_servers}
        if len(servers) == 1 and source.topic == f"{config.topic_prefix}{POSTS_TOPIC}":
            yield Misfit(
                ("sources", position, "topic"),
                "is where firewatch itself writes posts, so each of them would come back for ever: name the topic of "
                "another program",
            )


def _repeats(section: str, key: str, names: Sequence[str]) -> Iterator[Misfit]:
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        if first.setdefault(name, place) != place:
            yield Misfit(
                (section, place, key), f"must be unique, and {section}[{first[name]}].{key} is {name!r} already"
            )


def _same_addresses(sources: Sequence[SourceSettings]) -> Iterator[Misfit]:
    """Yield the sources that would listen on the address of another one."""
    first: dict[str, int] = {}
    for place, source in enumerate(sources):
        address = getattr(source, "listen", None)
        if address is None or not source.enabled or address.endswith(":0"):
            continue
        if first.setdefault(address, place) != place:
            yield Misfit(
                ("sources", place, "listen"),
                f"must be another address, since sources[{first[address]}] listens on {address} already",
            )


def _unbuilt(config: Sections, left_out: OmittedNames) -> Iterator[Misfit]:
    """Yield the detectors and the settings of brands for detectors that have a wrong kind or parameter."""
    named = {detector.name: detector for detector in config.detectors}
    wrong: dict[str, bool] = {}
    for index, detector in enumerate(config.detectors):
        found = list(_wrong_parameters(detector, ("detectors", index)))
        yield from found
        wrong[detector.name] = bool(found)
    for place, brand in enumerate(config.brands):
        for name in brand.detectors:
            path = ("brands", place, "detectors", name)
            if name in named:
                if not wrong[name]:
                    yield from _wrong_parameters(merged(named[name], config.chosen_preset, brand), path)
            elif name not in left_out.detectors:
                yield Misfit(path, f"no such detector; there are {shortened(named)}{did_you_mean(name, named)}")


def _wrong_parameters(detector: DetectorSettings, path: tuple[str | int, ...]) -> Iterator[Misfit]:
    """Yield each wrong parameter of a detector; the kind alone if that is wrong."""
    params = dict(detector.params)
    while True:
        try:
            registry.build(detector.kind, params)
        except ParameterError as error:
            yield Misfit((*path, error.parameter), _message(detector.kind, error))
            if params.pop(error.parameter, None) is None:
                return
        else:
            return


def _message(kind: str, error: ParameterError) -> str:
    message, name = str(error).removeprefix(f"{error.parameter}: "), error.parameter
    if name == "kind":
        return f"{message}{did_you_mean(kind, registry.KINDS)}"
    if name in registry.parameters(kind):
        return message
    if name in _SWITCHES:
        return f"is not a parameter: write `mode: off` for a detector that does not run, got {name!r}"
    return f"{message}{did_you_mean(name, registry.parameters(kind))}"


def _without_live_detector(config: Sections) -> Iterator[Misfit]:
    """Yield the brands of which no detector is live, so that they could never raise an alert."""
    of_others = "live" in _modes(config, None).values()
    silent = [
        (place, brand)
        for place, brand in enumerate(config.brands)
        if not ("live" in _modes(config, brand).values() if brand.detectors else of_others)
    ]
    if not of_others and len(silent) == len(config.brands) and not any(brand.detectors for _, brand in silent):
        ids = shortened((brand.id for _, brand in silent), 5)
        remedy = "set `mode: live` for one of them" if config.detectors else "list one, or drop `default_detectors`"
        yield Misfit(
            ("detectors",),
            f"no detector is live{_shown(_modes(config, None))}, so no brand ({ids}) can raise an alert: {remedy}",
        )
        return
    for place, brand in silent:
        yield Misfit(
            ("brands", place, "detectors"),
            f"no detector of brand {brand.id!r} is live{_shown(_modes(config, brand))}, so it can't raise an alert: "
            "set `mode: live` for one of them, or remove the brand",
        )


def _modes(config: Sections, brand: BrandSettings | None) -> dict[str, str]:
    return {each.name: merged(each, config.chosen_preset, brand).mode for each in config.detectors}


def _shown(modes: dict[str, str]) -> str:
    return f" ({', '.join(f'{name} {mode}' for name, mode in modes.items())})" if modes else " (there is none)"


def _unknown_brands(config: Sections, left_out: OmittedNames) -> Iterator[Misfit]:
    """Yield the brands that maintenance and expected events name and that there are not."""
    known = left_out.brands or {brand.id for brand in config.brands}
    for section, spans in (("maintenance", config.maintenance), ("expected_events", config.expected_events)):
        for index, span in enumerate(spans):
            for place, brand in enumerate([] if span.brands == "all" else span.brands):
                if brand not in known:
                    there = f"there are {shortened(sorted(known), 10)}{did_you_mean(brand, known)}"
                    yield Misfit((section, index, "brands", place), f"there is no brand {brand!r}; {there}")
