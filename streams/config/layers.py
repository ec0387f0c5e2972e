"""Which settings a brand's detectors have in the end: the later of these layers wins.

1. the defaults of the detector's kind,
2. the `preset` of the file,
3. the entry in `detectors`,
4. the `preset` of the brand,
5. the entry in the brand's `detectors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from detectors import registry
from streams.config.brands import DetectorSettings
from streams.config.presets import thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config.brands import BrandSettings
    from streams.config.model import Config

Path = tuple[str | int, ...]
"""Where a setting stands in the file."""


class Layer(NamedTuple):
    """What one layer says of a detector.

    Parameters
    ----------
    values
        Parameters, and ``mode`` where it is said.
    name
        The layer, for people.
    path
        Where it stands in the file, below the brand's entry if `of_brand`; None for what stands nowhere. `values` are
        the keys below it, except for a preset: that is one word.
    """

    values: dict[str, Any]
    name: str
    path: Path | None = None
    of_brand: bool = False


def layers(config: Config, index: int, brand: BrandSettings | None) -> Iterator[Layer]:
    """All layers of the detector at a place in `detectors`, the weakest first; without a brand those of all brands."""
    settings = config.detectors[index]
    kind = settings.kind
    defaults = {name: parameter.default for name, parameter in registry.parameters(kind).items()}
    yield Layer({"mode": "live"} | defaults, "default")
    if "preset" in config.model_fields_set:
        yield Layer(thresholds(config.preset, kind), f"preset {config.preset}", ("preset",))
    said = settings.params | ({"mode": settings.mode} if "mode" in settings.model_fields_set else {})
    yield Layer(said, "detectors", ("detectors", index))
    if brand is None:
        return
    if brand.preset is not None:
        yield Layer(thresholds(brand.preset, kind), f"preset {brand.preset} of the brand", ("preset",), of_brand=True)
    override = brand.detectors.get(settings.name)
    if override is not None:
        said = override.params | ({"mode": override.mode} if override.mode is not None else {})
        yield Layer(said, "brand override", ("detectors", settings.name), of_brand=True)


def merged(config: Config, index: int, brand: BrandSettings | None = None) -> DetectorSettings:
    """A detector with all its settings, for a brand or as it is for all that say nothing else."""
    values: dict[str, Any] = {}
    for layer in layers(config, index, brand):
        values |= layer.values
    return DetectorSettings(name=config.detectors[index].name, kind=config.detectors[index].kind, **values)
