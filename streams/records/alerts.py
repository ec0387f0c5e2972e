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

MAX_ALERT_BYTES: Final = 262_144
"""No alert is larger, whatever is posted: what it lists has a bounded number of parts of a bounded length."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""Ascending."""

AlertKind = Literal["open", "update", "resolve"]

AlertStep = Literal["open", "escalate", "update", "grow", "correct", "resolve", "reopen"]


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
    """A word, a hashtag, or two words beside each other, that stand out."""

    term: str
    mentions: int = Field(ge=1)
    lift: float = Field(ge=0, description="Share in the incident divided by the share in the brand's usual mentions")
    z: float | None = Field(
        default=None,
        description="How sure that is, in standard errors: a log-odds ratio with a prior; the list's order",
    )


class SamplePost(_Body):
    """A post to look at."""

    id: str
    source: str
    url: str | None = None
    text: str | None = Field(default=None, description="Only where alerts.include_texts is set")
    negative: float = Field(ge=0, le=1)
    at: datetime | None = Field(default=None, description="When it was written")
    copies: int = Field(default=1, ge=1, description="Posts with the same text, this one included, without reposts")


class Drivers(_Body):
    """Who drives it."""

    spread: Literal["one", "few", "many"] | None = Field(
        description="Whether one author or ten wrote half of the mentions; null where authors are not known"
    )
    top_ten_author_share: float | None = Field(
        ge=0, le=1, description="Share of the mentions by the ten most active authors"
    )
    newcomer_share: float | None = Field(
        ge=0, le=1, description="Estimated share of the authors that had not named the brand in the last week or two"
    )
    usual_newcomer_share: float | None = Field(ge=0, le=1, description="The same when nothing happens")


class PastPeak(_Body):
    """One of the busiest hours that the brand has had."""

    hour: datetime = Field(description="Its start")
    mentions: int = Field(ge=1)


class Comparison(_Body):
    """Against what the brand is used to; null where too little is known."""

    usual_mentions_per_hour: float | None = Field(ge=0)
    times_usual: float | None = Field(ge=0, description="Mentions per hour of the window divided by the usual ones")
    usual_negative: float | None = Field(ge=0, le=1, description="Usual negative share")
    busiest_hour: int = Field(ge=0, description="Mentions in the busiest hour so far, without what is still open")
    past_peaks: list[PastPeak] = Field(description="The busiest hours before the incident, at least 12 h apart")


class Alert(_Body):
    """The body of a record of `social.alerts`, and a line of ``--alerts OUT.jsonl``: one step in the life of an
    incident."""

    v: Literal[1] = ALERT_VERSION
    id: str = Field(
        description="Deterministic: the same step of the same incident has the same id, so repeats can be dropped"
    )
    kind: AlertKind
    step: AlertStep | None = Field(
        default=None,
        description="The kind more exactly. Of kind update are: escalate (a higher severity, or it pages from now on), "
        "update (another label or detector), grow (many more mentions), reopen (it was resolved and begins again "
        "within the cool-down, judged afresh) and correct (posts that came late); a correction after the end is of "
        "kind resolve. Null before contract 1.1",
    )
    status: Literal["firing", "resolved"]
    severity: Severity
    label: Label | None = Field(default=None, description="What is going on, or null where that can't be told")
    suppressed: str | None = Field(
        description="Why it must not page anyone (cold_start, refractory, spam, surge, outage, maintenance, expected), "
        "or null"
    )
    brand: str
    fingerprint: str = Field(description="One per incident: opening, updates and resolution share it")
    starts_at: datetime = Field(description="When it first opened")
    reopened: int = Field(
        default=0, ge=0, description="How many times it has begun again; window and evidence are those since the last"
    )
    earlier_mentions: int = Field(default=0, ge=0, description="Mentions before it last began again")
    late_mentions: int = Field(
        default=0, ge=0, description="Mentions that came after their bucket had closed, since the step before"
    )
    ends_at: datetime | None = None
    at: datetime = Field(description="Event time at which this step was taken")
    summary: str = Field(description="What happened, for a person")
    language: Literal["en", "de"] = Field(default="en", description="Of the summary")
    detectors: dict[str, Detection]
    window: WindowCounts
    sentiment: SentimentSplit
    top_terms: list[TopTerm]
    top_author_share: float = Field(ge=0, le=1, description="Share of the mentions by the most active author")
    duplicate_share: float = Field(ge=0, le=1)
    sources: dict[str, int]
    languages: dict[str, int]
    samples: list[SamplePost]
    drivers: Drivers | None = None
    comparison: Comparison | None = None
    config_version: str
    model_version: str
    labels: dict[str, str] = Field(description="As Alertmanager wants them: identity")
    annotations: dict[str, str] = Field(description="As Alertmanager wants them: for people")
    generator_url: str | None = None

    @property
    def since(self) -> datetime:
        """When it opened, or last began again."""
        return self.window.start if self.reopened else self.starts_at

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
