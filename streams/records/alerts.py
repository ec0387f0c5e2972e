"""The steps of incidents, as `social.alerts` carries them: the contract with those who are paged."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detectors.base import Label, Severity
from streams.errors import RecordError
from streams.records.wire import load

ALERT_VERSION: Final = 1

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""Ascending."""

AlertKind = Literal["open", "update", "resolve"]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class Detection(_Body):
    """The strongest answer of one detector within the incident."""

    kind: str
    score: float = Field(ge=0, description="Common scale of all detectors: 1 and more is anomalous")
    observed: float
    expected: float
    lower: float
    upper: float
    unit: str = Field(description="Unit of observed, expected and the bounds")
    reason: str
    suppressed: str | None = None


class WindowCounts(_Body):
    """A span of event time: [start, end)."""

    start: datetime
    end: datetime
    mentions: int = Field(ge=0)
    authors: int = Field(ge=0, description="Distinct authors, estimated above a few dozen")
    reposts: int = Field(ge=0)
    engagement: int = Field(ge=0)


class SentimentSplit(_Body):
    """Shares of the incident's mentions, by the model's probabilities; they add up to 1."""

    negative: float = Field(ge=0, le=1)
    neutral: float = Field(ge=0, le=1)
    positive: float = Field(ge=0, le=1)


class TopTerm(_Body):
    """A word or hashtag that stands out."""

    term: str
    mentions: int = Field(ge=1)
    lift: float = Field(ge=0, description="Share in the incident divided by the share in the brand's usual mentions")


class SamplePost(_Body):
    """A post to look at."""

    id: str
    source: str
    url: str | None = None
    text: str | None = Field(default=None, description="Only where alerts.include_texts is set")
    negative: float = Field(ge=0, le=1)


class Alert(_Body):
    """The body of a record of `social.alerts`, and a line of ``--alerts OUT.jsonl``: one step in the life of an
    incident."""

    v: Literal[1] = ALERT_VERSION
    id: str = Field(
        description="Deterministic: the same step of the same incident has the same id, so repeats can be dropped"
    )
    kind: AlertKind
    status: Literal["firing", "resolved"]
    severity: Severity
    label: Label | None = Field(default=None, description="What is going on, or null where that can't be told")
    suppressed: str | None = Field(
        description="Why it must not page anyone (cold_start, refractory, spam, surge, outage, maintenance, expected), "
        "or null"
    )
    brand: str
    fingerprint: str = Field(description="One per incident: opening, updates and resolution share it")
    starts_at: datetime
    ends_at: datetime | None = None
    at: datetime = Field(description="Event time at which this step was taken")
    summary: str = Field(description="One sentence for a person")
    detectors: dict[str, Detection]
    window: WindowCounts
    sentiment: SentimentSplit
    top_terms: list[TopTerm]
    top_author_share: float = Field(ge=0, le=1, description="Share of the mentions by the most active author")
    duplicate_share: float = Field(ge=0, le=1)
    sources: dict[str, int]
    languages: dict[str, int]
    samples: list[SamplePost]
    config_version: str
    model_version: str
    labels: dict[str, str] = Field(description="As Alertmanager wants them: identity")
    annotations: dict[str, str] = Field(description="As Alertmanager wants them: for people")
    generator_url: str | None = None

    def to_bytes(self) -> bytes:
        """Encode; the same alert gives the same bytes."""
        return orjson.dumps(self.model_dump(mode="json"))


def alert_from_bytes(value: bytes | None) -> Alert:
    """Decode a record of `social.alerts`.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type`` or ``unknown_version``.
    """
    load(value, "alert", ALERT_VERSION)
    try:
        return Alert.model_validate_json(value or b"")
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise RecordError(
            "wrong_type", f"an alert's field {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        ) from error
