"""Define the settings of brands and detectors, and how a brand overrides the settings of a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from detectors import registry
from streams.config.base import BrandId, DetectorName, Language, Name, QualityName, Settings, Term
from streams.config.presets import Preset
from streams.config.suggestions import did_you_mean

if TYPE_CHECKING:
    from detectors.base import Detector


def _yaml_reads_off_as_false(value: object) -> object:
    return "off" if value is False else value


Mode = Annotated[Literal["live", "shadow", "off"], BeforeValidator(_yaml_reads_off_as_false)]


Case = Literal["ignore", "sensitive"]


class TermSettings(Settings):
    """A term with a case of its own."""

    term: Term = Field(description="Word, phrase, @handle or #hashtag.")
    case: Case | None = Field(
        default=None, description="Whether the case of the term matters; null uses the `case` of `match`."
    )


def _kind_of_term(value: object) -> str:
    return "term[settings]" if isinstance(value, dict | TermSettings) else "term[text]"


def _kind_of_alternatives(value: object) -> str:
    return "term[list]" if isinstance(value, list) else _kind_of_term(value)


_OneTerm = Annotated[Term, Tag("term[text]")] | Annotated[TermSettings, Tag("term[settings]")]

AnyTerm = Annotated[_OneTerm, Discriminator(_kind_of_term)]
"""A term as text, or with a case of its own."""

Alternatives = Annotated[
    _OneTerm | Annotated[list[AnyTerm], Field(min_length=1), Tag("term[list]")], Discriminator(_kind_of_alternatives)
]
"""A term, or a list of terms of which one is enough."""


class NearbySettings(Settings):
    """Terms that name the brand only together."""

    terms: list[Alternatives] = Field(
        min_length=2,
        max_length=10,
        description="Terms that must all be there, in any order; a list in the place of a term means one of them.",
    )
    within: int | None = Field(
        default=10,
        ge=2,
        le=1000,
        description="Number of successive words that must contain all of them; null for the whole post.",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_mapping(cls, value: object) -> object:
        if not isinstance(value, dict | NearbySettings):
            raise ValueError("must be a mapping such as {terms: [bahn, zug], within: 8}")  # noqa: TRY004
        return value


class MatchSettings(Settings):
    """Terms and tags that decide which posts are about the brand."""

    any: list[AnyTerm] = Field(
        default_factory=list,
        description="Words, phrases, @handles and #hashtags of the brand; one of them suffices. {term: Gap, case: "
        "sensitive} gives a term a case of its own.",
    )
    all: list[NearbySettings] = Field(
        default_factory=list,
        description="Groups of terms that name the brand only together, for names that are ordinary words; one group "
        "suffices.",
    )
    none: list[AnyTerm] = Field(
        default_factory=list, description="Phrases that contain a term of the brand but mean something else."
    )
    tagged: list[Term] = Field(
        default_factory=list,
        description="Values of a post's field `brand` that mean this brand, for sources that know the subject of a "
        "post.",
    )
    case: Case = Field(
        default="ignore",
        description="Whether the case of the words and phrases in `any` and `all` matters; that of handles and "
        "hashtags never does.",
    )

    @model_validator(mode="after")
    def _something_to_match(self) -> Self:
        if not self.any and not self.all and not self.tagged:
            raise ValueError("needs at least one term in 'any', 'all' or 'tagged'")
        return self


class DetectorOverride(BaseModel):
    """Settings of a detector that differ for one brand; further parameters depend on its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    mode: Mode | None = Field(
        default=None, description="Mode of the detector for this brand; null keeps the mode that holds for all brands."
    )

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters that are set here and depend on the kind."""
        return self.model_extra or {}


class BrandSettings(Settings):
    """One brand to watch."""

    id: BrandId = Field(
        description="Stable key of the brand in topics, state and metrics; a new id starts without history."
    )
    name: Name = Field(description="Name of the brand in alerts and reports.")
    match: MatchSettings = Field(description="Terms and tags that decide which posts are about the brand.")
    language: Language | None = Field(
        default=None, description="Language of the alerts of this brand; null uses `alerts.language`."
    )
    usual_posts_per_day: float | None = Field(
        default=None,
        ge=0.001,
        le=1e9,
        description="Usual number of posts per day, if it is known; the brand can then raise alerts without a history "
        "of its own.",
    )
    quality: QualityName | None = Field(
        default=None,
        description="Quality of the sentiment model that scores the mentions of this brand; null uses "
        "`sentiment.quality`.",
    )
    preset: Preset | None = Field(
        default=None,
        description="Preset of thresholds for this brand, which overrides `preset` and `detectors` of the file; null "
        "uses those.",
    )
    detectors: dict[DetectorName, DetectorOverride] = Field(
        default_factory=dict, description="Settings that differ for this brand, by the name of a detector."
    )


class DetectorSettings(BaseModel):
    """One detector; further parameters depend on its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    name: DetectorName = Field(description="Name of the detector in alerts, metrics and charts.")
    kind: str = Field(
        description="Kind of the detector, which decides what it looks at and which parameters it has; a default "
        "detector has one already."
    )
    mode: Mode = Field(
        default="live",
        description="Whether the detector takes part in incidents (live), is only scored, counted and shown (shadow), "
        "or does not run (off).",
    )

    @model_validator(mode="before")
    @classmethod
    def _a_default_detector_has_a_kind(cls, value: object) -> object:
        if isinstance(value, dict) and "kind" not in value and isinstance(name := value.get("name"), str):
            kind = registry.DEFAULTS.get(name)
            if kind is None:
                raise ValueError(
                    f".kind: is required, since {name!r} is none of the defaults ({', '.join(registry.DEFAULTS)}): one "
                    f"of {', '.join(registry.KINDS)}{did_you_mean(name, registry.DEFAULTS)}"
                )
            return value | {"kind": kind}
        return value

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters that are set here and depend on the kind."""
        return self.model_extra or {}

    def build(self, usual_posts_per_day: float | None = None) -> Detector:
        """Build the detector for one brand."""
        return registry.build(self.kind, self.params, usual_posts_per_day=usual_posts_per_day)
