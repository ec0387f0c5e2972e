"""Define the whole config; `streams.config.loader` reads it from YAML."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import orjson
from pydantic import Field, field_validator, model_validator

from detectors import registry
from detectors.base import ParameterError
from streams.config.base import Settings, secret
from streams.config.brands import BrandSettings, DetectorSettings
from streams.config.bridge import BridgeSettings
from streams.config.calendar import ExpectedEventSettings, MaintenanceSettings, QuietTimes
from streams.config.ingest import IngestSettings
from streams.config.kafka import KafkaSettings, TopicSettings
from streams.config.layers import merged
from streams.config.presets import Preset
from streams.config.sections import (
    AUTHOR_KEY_VARIABLE,
    AlertSettings,
    DetectSettings,
    IncidentSettings,
    LivenessSettings,
    MetricsSettings,
    ScoreSettings,
    SentimentSettings,
    WindowSettings,
)

if TYPE_CHECKING:
    from streams.config.base import QualityName

_DECIDING: Final = (
    "brands", "preset", "detectors", "windows", "incidents", "alerts", "maintenance", "expected_events",
)  # fmt: skip
"""Sections that decide which alerts come out; `Config.version` is a hash over them."""


class Config(Settings):
    """The whole config file."""

    brands: list[BrandSettings] = Field(
        min_length=1, max_length=10_000, description="Brands to watch, each with its own history."
    )
    preset: Preset = Field(
        default="balanced",
        description="Preset of thresholds for all detectors: calm fires at events twice as rare as by default, "
        "sensitive at events half as rare.",
    )
    detectors: list[DetectorSettings] = Field(
        default_factory=lambda: [DetectorSettings(name=name, kind=kind) for name, kind in registry.DEFAULTS.items()],
        min_length=1,
        max_length=20,
        description="Detectors that look at the buckets of every brand; a score of 1 and more is anomalous for all of "
        "them.",
    )
    kafka: KafkaSettings = KafkaSettings()
    topics: TopicSettings = TopicSettings()
    ingest: IngestSettings = IngestSettings()
    score: ScoreSettings = ScoreSettings()
    sentiment: SentimentSettings = SentimentSettings()
    detect: DetectSettings = DetectSettings()
    windows: WindowSettings = WindowSettings()
    incidents: IncidentSettings = IncidentSettings()
    alerts: AlertSettings = AlertSettings()
    maintenance: list[MaintenanceSettings] = Field(
        default_factory=list,
        max_length=1_000,
        description="Times in which detections do not page because the service or its sources are maintained.",
    )
    expected_events: list[ExpectedEventSettings] = Field(
        default_factory=list,
        max_length=1_000,
        description="Times in which detections do not page because many posts are expected.",
    )
    bridge: BridgeSettings = BridgeSettings()
    metrics: MetricsSettings = MetricsSettings()
    liveness: LivenessSettings = LivenessSettings()
    author_key_file: Path | None = Field(
        default=None,
        description=f"File with the key for hashing authors; the environment variable {AUTHOR_KEY_VARIABLE} can hold "
        "it instead. Without both, the fixed key that is used is refused where Kafka or `metrics.host` is beyond this "
        "machine.",
    )

    @field_validator("brands")
    @classmethod
    def _brand_ids_are_unique(cls, brands: list[BrandSettings]) -> list[BrandSettings]:
        _refuse_repeats([brand.id for brand in brands], "brand id")
        return brands

    @field_validator("detectors")
    @classmethod
    def _detector_names_are_unique(cls, detectors: list[DetectorSettings]) -> list[DetectorSettings]:
        _refuse_repeats([detector.name for detector in detectors], "detector name")
        return detectors

    @model_validator(mode="after")
    def _detectors_can_be_built(self) -> Self:
        for index, detector in enumerate(self.detectors):
            try:
                registry.build(detector.kind, detector.params)
            except ParameterError as error:
                raise ValueError(f"detectors[{index}].{error}") from error
        names = [detector.name for detector in self.detectors]
        for place, brand in enumerate(self.brands):
            for name in brand.detectors:
                if name not in names:
                    there = ", ".join(names)
                    raise ValueError(f"brands[{place}].detectors.{name}: no such detector; there are {there}")
                try:
                    merged(self.detectors[names.index(name)], self.chosen_preset, brand).build()
                except ParameterError as error:
                    raise ValueError(f"brands[{place}].detectors.{name}.{error}") from error
        return self

    @model_validator(mode="after")
    def _quiet_times_name_brands_that_exist(self) -> Self:
        known = {brand.id for brand in self.brands}
        for section, spans in (("maintenance", self.maintenance), ("expected_events", self.expected_events)):
            for index, span in enumerate(spans):
                unknown = [] if span.brands == "all" else sorted(set(span.brands) - known)
                if unknown:
                    raise ValueError(f"{section}[{index}].brands: there is no brand {', '.join(unknown)}")
        return self

    @property
    def version(self) -> str:
        """Return 12 hex digits of a hash over the settings that decide which alerts come out."""
        deciding = self.model_dump(mode="json", include=set(_DECIDING))
        return hashlib.sha256(orjson.dumps(deciding, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]

    @property
    def chosen_preset(self) -> Preset | None:
        """Return the `preset` of the file; None if the file names none and the detectors keep their own defaults."""
        return self.preset if "preset" in self.model_fields_set else None

    def detectors_of(self, brand: BrandSettings | None = None) -> list[DetectorSettings]:
        """Return the detectors that run for a brand, with all their settings (`streams.config.layers`).

        Without a brand, return those that run for brands without settings of their own.
        """
        found = (merged(entry, self.chosen_preset, brand) for entry in self.detectors)
        return [detector for detector in found if detector.mode != "off"]

    def quiet_times(self, brand: str) -> QuietTimes:
        """Return the times at which detections of a brand do not page."""
        return QuietTimes(brand, self.maintenance, self.expected_events)

    def qualities(self) -> dict[str, QualityName]:
        """Return the quality of the sentiment model of each brand, by brand id."""
        return {brand.id: brand.quality or self.sentiment.quality for brand in self.brands}

    def models(self) -> list[QualityName]:
        """Return the qualities for which a model is needed: always ``fast``, and ``best`` if a brand uses it."""
        return ["fast", "best"] if "best" in self.qualities().values() else ["fast"]

    def author_key(self) -> bytes:
        """Return the key for hashing authors."""
        key = secret(AUTHOR_KEY_VARIABLE, self.author_key_file, "author_key_file")
        return key.get_secret_value().encode()[:64] if key else b"firewatch"


def _refuse_repeats(names: list[str], what: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise ValueError(f"each {what} must be unique, repeated: {', '.join(repeated)}")
