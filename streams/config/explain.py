"""Explain the effective value of each setting for a brand, and where the value comes from."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml
from pydantic import BaseModel

from streams.config.brand_ids import no_such_brand
from streams.config.layers import Layer, Path, layers
from streams.config.loader import config_document, config_of, overrides
from streams.config.text_files import read_file
from streams.errors import ConfigError

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator, Mapping

    from streams.config.brands import BrandSettings
    from streams.config.model import Config

_LAYERED: Final = frozenset({"brands", "preset", "detectors", "maintenance", "expected_events"})


class Explained(NamedTuple):
    """One effective setting.

    Parameters
    ----------
    setting
        Path of the setting, with detectors by their name.
    value
        Effective value.
    origin
        ``default``, or the layer, the environment variable, and the line of the file where there is one.
    """

    setting: str
    value: Any
    origin: str


def explain(path: pathlib.Path, brand: str | None, environment: Mapping[str, str]) -> list[Explained]:
    """Explain all settings, for a brand or for all brands without settings of their own.

    Raises
    ------
    ConfigError
        If the file is invalid, or has no such brand.
    """
    content = read_file(path)
    config = config_of(content, path, environment)
    origins = _Origins(content, path, environment)
    if brand is None:
        return list(chain(_detectors(config, None, (), origins), _sections(config, origins)))
    found = next(((place, each) for place, each in enumerate(config.brands) if each.id == brand), None)
    if found is None:
        raise ConfigError([f"--brand: {no_such_brand(brand, {each.id: each.name for each in config.brands})}"], path)
    place, settings = found
    return list(
        chain(
            _brand(settings, ("brands", place), origins),
            _detectors(config, settings, ("brands", place), origins),
            _quiet(config, settings, origins),
            _sections(config, origins),
        )
    )


class _Origins:
    """Places in the file and the environment where settings are set."""

    def __init__(self, content: bytes, path: pathlib.Path, environment: Mapping[str, str]) -> None:
        self._file = path.name
        self._lines = dict(_lines(config_document(content, path).root))
        self._variables = {place: variable for place, (variable, _) in overrides(environment).items()}

    def of(self, path: Path) -> str | None:
        """Return the place that sets the setting at a path; None if neither sets it."""
        variable = self._variables.get(tuple(map(str, path)))
        if variable is not None:
            return f"environment {variable}"
        line = self._lines.get(path)
        return None if line is None else f"{self._file}:{line}"


def _lines(node: yaml.Node | None, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Yield the line of each key and list entry."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), value.start_mark.line + 1
            yield from _lines(value, (*path, index))


def _brand(settings: BrandSettings, place: Path, origins: _Origins) -> Iterator[Explained]:
    for path, value in _leaves(settings, place):
        if path[2] not in {"preset", "detectors"}:
            yield Explained(".".join(map(str, path[2:])), value, origins.of(path) or "default")


def _detectors(config: Config, brand: BrandSettings | None, place: Path, origins: _Origins) -> Iterator[Explained]:
    for index, detector in enumerate(config.detectors):
        head = f"detectors.{detector.name}"
        yield Explained(f"{head}.kind", detector.kind, origins.of(("detectors", index, "kind")) or "default")
        effective: dict[str, Explained] = {}
        starts: dict[str, Path] = {"file": (), "entry": ("detectors", index), "brand": place}
        for layer in layers(detector, config.chosen_preset, brand):
            for name, value in layer.values.items():
                origin = layer.name if layer.inside is None else _origin(layer, name, starts[layer.inside], origins)
                effective[name] = Explained(f"{head}.{name}", value, origin)
        yield from effective.values()


def _origin(layer: Layer, name: str, start: Path, origins: _Origins) -> str:
    path = (*start, *layer.path)
    found = origins.of(path) if layer.path == ("preset",) else origins.of((*path, name))
    return f"{layer.name}, {found}" if found else layer.name


def _quiet(config: Config, brand: BrandSettings, origins: _Origins) -> Iterator[Explained]:
    for section in ("maintenance", "expected_events"):
        for index, span in enumerate(getattr(config, section)):
            if span.brands == "all" or brand.id in span.brands:
                values = span.model_dump(mode="json", exclude_unset=True, exclude={"brands"})
                yield Explained(f"{section}[{index}]", values, origins.of((section, index)) or "default")


def _sections(config: Config, origins: _Origins) -> Iterator[Explained]:
    for path, value in _leaves(config, ()):
        if path[0] not in _LAYERED:
            yield Explained(".".join(map(str, path)), value, origins.of(path) or "default")


def _leaves(model: BaseModel, path: Path) -> Iterator[tuple[Path, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), _plain(value)


def _plain(value: Any) -> Any:
    """Return a value with mappings for the models in it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(each) for each in value] if isinstance(value, list) else value
