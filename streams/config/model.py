"""Define the whole config; `streams.config.loader` reads it from YAML."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import orjson
from pydantic import Field, ValidationInfo, field_validator, model_validator

from detectors import registry
from streams.config.base import Settings, refuse_misfits, secret
from streams.config.brands import BrandSettings, DetectorSettings
from streams.config.bridge import BridgeSettings
from streams.config.calendar import ExpectedEventSettings, MaintenanceSettings, QuietTimes
from streams.config.holiday_dates import package_version
from streams.config.ingest import IngestSettings
from streams.config.kafka import KafkaSettings, TopicSettings
from streams.config.layers import merged
from streams.config.misfits import Sections, misfits
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
from streams.config.sources import SourceEntry

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
    default_detectors: bool = Field(
        default=True,
        description=f"Whether the default detectors ({', '.join(registry.DEFAULTS)}) run beside those in `detectors`; "
        "false runs those in `detectors` alone.",
    )
    detectors: list[DetectorSettings] = Field(
        default_factory=list,
        validate_default=True,
        max_length=20,
        description="Detectors that look at the buckets of every brand; a score of 1 and more is anomalous for all of "
        f"them. An entry named {', '.join(registry.DEFAULTS)} changes that default detector, any other name adds one.",
    )
    sources: list[SourceEntry] = Field(
        default_factory=list,
        max_length=1_000,
        description="Sources that `firewatch run` and `firewatch ingest --source` read posts from.",
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

    @field_validator("detectors")
    @classmethod
    def _beside_the_defaults(cls, detectors: list[DetectorSettings], info: ValidationInfo) -> list[DetectorSettings]:
        """Add the default detectors that the list does not name, behind those that it does."""
        if not info.data.get("default_detectors", True):
            return detectors
        named = {detector.name for detector in detectors}
        rest = [DetectorSettings(name=name, kind=kind) for name, kind in registry.DEFAULTS.items() if name not in named]
        return detectors + rest

    @model_validator(mode="after")
    def _sections_fit_together(self, info: ValidationInfo) -> Self:
        sections = Sections(
            self.brands, self.detectors, self.chosen_preset, self.maintenance, self.expected_events, self.sources,
            self.kafka, self.topics.prefix,
        )  # fmt: skip
        refuse_misfits(type(self).__name__, list(misfits(sections, info.context)))
        return self

    @property
    def version(self) -> str:
        """Return 12 hex digits of a hash over what decides which alerts come out: settings, and days of holidays."""
        deciding = self.model_dump(mode="json", include=set(_DECIDING))
        if any(event.holiday for event in self.expected_events):
            deciding["holidays"] = package_version()
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
