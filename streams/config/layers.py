"""Merge a detector's settings for a brand from five layers; where several set the same parameter, the later one wins.

1. the defaults of the detector's kind,
2. the `preset` of the file,
3. the entry in `detectors`,
4. the `preset` of the brand,
5. the entry in the brand's `detectors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from detectors import registry
from streams.config.brands import DetectorSettings
from streams.config.presets import thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config.brands import BrandSettings
    from streams.config.presets import Preset

Path = tuple[str | int, ...]
"""Keys and list positions that lead to a setting in the file."""


class Layer(NamedTuple):
    """The settings that one layer contributes to a detector.

    Parameters
    ----------
    values
        Parameters by name, and ``mode`` where the layer sets it.
    name
        Name of the layer, for messages.
    inside
        Part of the file that `path` starts from: the whole ``file``, the detector's ``entry`` in `detectors`, or the
        ``brand``; None for defaults, which are not in the file.
    path
        Location of the layer. `values` are the keys below it, except for a preset, which is a single word.
    """

    values: dict[str, Any]
    name: str
    inside: Literal["file", "entry", "brand"] | None = None
    path: Path = ()


def layers(entry: DetectorSettings, preset: Preset | None, brand: BrandSettings | None) -> Iterator[Layer]:
    """Yield all layers of a detector, the weakest first.

    Parameters
    ----------
    entry
        The detector's entry in `detectors`.
    preset
        The `preset` of the file; None if the file names none.
    brand
        The brand whose settings are wanted; None for those of all brands without settings of their own.
    """
    kind = entry.kind
    defaults = {name: parameter.default for name, parameter in registry.parameters(kind).items()}
    yield Layer({"mode": "live"} | defaults, "default")
    if preset is not None:
        yield Layer(thresholds(preset, kind), f"preset {preset}", "file", ("preset",))
    explicit = entry.params | ({"mode": entry.mode} if "mode" in entry.model_fields_set else {})
    yield Layer(explicit, "detectors", "entry")
    if brand is None:
        return
    if brand.preset is not None:
        yield Layer(thresholds(brand.preset, kind), f"preset {brand.preset} of the brand", "brand", ("preset",))
    override = brand.detectors.get(entry.name)
    if override is not None:
        explicit = override.params | ({"mode": override.mode} if override.mode is not None else {})
        yield Layer(explicit, "brand override", "brand", ("detectors", entry.name))


def merged(entry: DetectorSettings, preset: Preset | None, brand: BrandSettings | None = None) -> DetectorSettings:
    """Return a detector with all its settings; the parameters are those of `layers`."""
    values: dict[str, Any] = {}
    for layer in layers(entry, preset, brand):
        values |= layer.values
    return DetectorSettings(name=entry.name, kind=entry.kind, **values)
