"""Whom to watch, what looks at them, and how one brand departs from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from detectors import registry
from streams.config.base import BrandId, DetectorName, Language, Name, QualityName, Settings, Term
from streams.config.presets import Preset

if TYPE_CHECKING:
    from detectors.base import Detector


def _yaml_reads_off_as_false(value: object) -> object:
    return "off" if value is False else value


Mode = Annotated[Literal["live", "shadow", "off"], BeforeValidator(_yaml_reads_off_as_false)]


class MatchSettings(Settings):
    """Which posts are about the brand."""

    any: list[Term] = Field(
        default_factory=list, description="Words, phrases, @handles, #hashtags; one of them suffices"
    )
    none: list[Term] = Field(default_factory=list, description="Phrases that mean something else")
    tagged: list[Term] = Field(
        default_factory=list, description="Values of a post's field `brand`, where the source knows what it is about"
    )

    @model_validator(mode="after")
    def _something_to_match(self) -> Self:
        if not self.any and not self.tagged:
            raise ValueError("needs at least one term in 'any' or 'tagged'")
        return self


class DetectorOverride(BaseModel):
    """What one brand has different of a detector; parameters beside these depend on its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    mode: Mode | None = Field(default=None, description="Null: as for all brands")

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the kind that are named here."""
        return self.model_extra or {}


class BrandSettings(Settings):
    """One watched brand."""

    id: BrandId = Field(description="Stable key in topics, state and metrics")
    name: Name
    match: MatchSettings
    language: Language | None = Field(default=None, description="Of its alerts, if not `alerts.language`")
    usual_posts_per_day: float | None = Field(
        default=None,
        ge=0.001,
        le=1e9,
        description="What is normal for the brand, if you know: it then needs no history before it can alert",
    )
    quality: QualityName | None = Field(
        default=None, description="Of the sentiment model that judges its mentions; null is sentiment.quality"
    )
    preset: Preset | None = Field(
        default=None, description="Thresholds of this brand; null is what `preset` and `detectors` of the file say"
    )
    detectors: dict[DetectorName, DetectorOverride] = Field(
        default_factory=dict, description="What is different for this brand, by a detector's name"
    )


class DetectorSettings(BaseModel):
    """One detector; what it takes beside these depends on its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    name: DetectorName = Field(description="Stands in alerts, metrics and pictures")
    kind: str = Field(description="What it looks at")
    mode: Mode = Field(
        default="live",
        description="shadow: it scores and is counted and shown, but has no part in incidents and pages nobody; "
        "off: it does not run",
    )

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the kind that are named here."""
        return self.model_extra or {}

    def build(self, usual_posts_per_day: float | None = None) -> Detector:
        """Make the detector of one brand."""
        return registry.build(self.kind, self.params, usual_posts_per_day=usual_posts_per_day)
