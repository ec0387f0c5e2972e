"""Alerts, the records of `social.alerts`: each is one step of an incident, and the contract with its receivers."""

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
"""No alert is larger, whatever is posted, since its lists have a bounded number of elements of a bounded length."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""The severities in ascending order."""

AlertKind = Literal["open", "update", "resolve"]

AlertStep = Literal["open", "escalate", "update", "grow", "correct", "resolve", "reopen"]

STEPS_WITH_NEW_POSTS: Final[frozenset[AlertStep]] = frozenset({"escalate", "grow", "reopen"})
"""Steps after the first one whose sample posts are worth reading again."""


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class Detection(_Body):
    """The highest score of one detector within the incident."""

    kind: str
    score: float = Field(ge=0, description="Score on the common scale of all detectors: 1 or more is anomalous")
    observed: float
    expected: float
    lower: float
    upper: float
    unit: str = Field(description="Unit of observed, expected, lower and upper, in the language of the alert")
    reason: str = Field(description="Reason for the score, in the language of the alert; may be empty")
    suppressed: str | None = None


class WindowCounts(_Body):
    """Counts in a span of event time, from start (inclusive) to end (exclusive)."""

    start: datetime
    end: datetime
    mentions: int = Field(ge=0)
    authors: int = Field(ge=0, description="Number of distinct known authors, at most as many as mentions")
    reposts: int = Field(ge=0)
    engagement: int = Field(ge=0)
    authors_estimated: bool | None = Field(
        default=None,
        description="Whether authors is an estimate, as it is above a few thousand; null before contract 1.1",
    )


class SentimentSplit(_Body):
    """Sentiment shares of the incident's mentions by the model's probabilities; they add up to 1."""

    negative: float = Field(ge=0, le=1)
    neutral: float = Field(ge=0, le=1)
    positive: float = Field(ge=0, le=1)


class TopTerm(_Body):
    """A word, a hashtag or two adjacent words that are much more frequent than usual: than in the brand's past and, as
    long as that is short, than in posts in general."""

    term: str = Field(description="The term in lower case")
    mentions: int = Field(ge=1)
    lift: float = Field(
        ge=0, description="Share of the incident's mentions that carry the term divided by its usual share"
    )
    z: float | None = Field(
        default=None,
        description="Certainty of the lift in standard errors (log-odds ratio with a prior); terms are sorted by it",
    )
    spelling: str | None = Field(
        default=None,
        description="How the term is mostly written, as readers are shown it; null before contract 1.1",
    )

    @property
    def shown(self) -> str:
        """The term as readers are shown it."""
        return self.spelling or self.term


class SamplePost(_Body):
    """A representative post of the incident."""

    id: str
    source: str
    url: str | None = None
    text: str | None = Field(default=None, description="Text of the post; null unless alerts.include_texts is set")
    negative: float = Field(ge=0, le=1)
    at: datetime | None = Field(default=None, description="When the post was written")
    copies: int = Field(
        default=1, ge=1, description="Number of posts with the same text, including this one and without reposts"
    )


class Drivers(_Body):
    """Authors who drive the incident."""

    spread: Literal["one", "few", "many"] | None = Field(
        description="one if the effective number of authors is below 2; few if it is below 10, or below 40 and below a "
        "quarter of the authors; otherwise many; null if most mentions have no known author"
    )
    top_ten_author_share: float | None = Field(
        ge=0,
        le=1,
        description="Share of the mentions that the ten most active authors wrote, or all authors if there are fewer",
    )
    newcomer_share: float | None = Field(
        ge=0,
        le=1,
        description="Estimated share of the authors who had not mentioned the brand in the last one to two weeks",
    )
    usual_newcomer_share: float | None = Field(
        ge=0, le=1, description="Usual share of such authors outside of incidents"
    )
    mentions_without_author: int | None = Field(
        default=None, ge=1, description="Mentions whose author is not known; absent if all are known"
    )
    effective_authors: float | None = Field(
        default=None,
        ge=1,
        description="Effective number of authors: as many authors who wrote equally much would be as concentrated "
        "(inverse Simpson index of the mentions with a known author); null if most mentions have none",
    )
    authors_of_half: int | None = Field(
        default=None,
        ge=1,
        le=10,
        description="Fewest authors who wrote at least half of the mentions, if ten did; null otherwise",
    )


class PastPeak(_Body):
    """One of the brand's busiest hours so far."""

    hour: datetime = Field(description="Start of the hour")
    mentions: int = Field(ge=1)


class Comparison(_Body):
    """The incident compared with the brand's baseline; fields are null while too little is known."""

    usual_mentions_per_hour: float | None = Field(ge=0, description="Usual mentions per hour of the brand")
    times_usual: float | None = Field(
        ge=0, description="Mentions per hour of the window divided by the usual mentions per hour"
    )
    usual_negative: float | None = Field(ge=0, le=1, description="Usual share of negative mentions")
    busiest_hour: int = Field(
        ge=0, description="Mentions in the incident's busiest hour so far, without buckets that are still open"
    )
    past_peaks: list[PastPeak] = Field(description="The brand's busiest hours before the incident, at least 12 h apart")


class PreviousStep(_Body):
    """The incident as of the step before, with which readers compare this step."""

    step: AlertStep
    at: datetime = Field(description="Event time of that step")
    severity: Severity
    label: Label | None
    suppressed: str | None
    detectors: list[str] = Field(description="Detectors that had fired without being suppressed, in alphabetical order")
    mentions: int = Field(ge=0, description="Mentions of its window")
    negative: float = Field(ge=0, le=1, description="Negative share of these mentions")


class Alert(_Body):
    """One step of an incident: the body of a record of `social.alerts`, and a line of ``--alerts OUT.jsonl``."""

    v: Literal[1] = ALERT_VERSION
    id: str = Field(
        description="Deterministic id: the same step of the same incident has the same id, so repeats can be dropped"
    )
    kind: AlertKind
    step: AlertStep | None = Field(
        default=None,
        description="The kind of step in more detail. Of kind update are: escalate (a higher severity, or the "
        "incident pages from now on), update (another label or detector), grow (many more mentions), reopen (a "
        "resolved incident begins again within the cool-down and is evaluated again) and correct (posts that arrived "
        "late); a correction after the end is of kind resolve. Null before contract 1.1",
    )
    status: Literal["firing", "resolved"]
    severity: Severity
    label: Label | None = Field(default=None, description="Type of the incident, or null if it is not clear")
    suppressed: str | None = Field(
        description="Reason why the incident does not page (cold_start, refractory, spam, surge, outage, maintenance, "
        "expected), or null if it pages"
    )
    brand: str
    fingerprint: str = Field(description="Id of the incident, which all of its steps share")
    starts_at: datetime = Field(
        description="When the incident first began; if it was reopened, window.start is when it last did"
    )
    reopened: int = Field(
        default=0,
        ge=0,
        description="Number of times the incident has reopened; its evidence covers the time since the last",
    )
    earlier_mentions: int = Field(default=0, ge=0, description="Mentions before the incident last reopened")
    late_mentions: int = Field(
        default=0, ge=0, description="Mentions since the previous step that arrived after their bucket had closed"
    )
    ends_at: datetime | None = Field(
        default=None, description="When a resolved incident was over: the end of its last bucket that was not quiet"
    )
    at: datetime = Field(description="Event time of this step")
    summary: str = Field(description="Description of the incident for people")
    language: Literal["en", "de"] = Field(
        default="en", description="Language of everything that people read in the alert"
    )
    detectors: dict[str, Detection]
    window: WindowCounts
    sentiment: SentimentSplit
    top_terms: list[TopTerm]
    top_author_share: float = Field(ge=0, le=1, description="Share of the mentions that the most active author wrote")
    duplicate_share: float = Field(ge=0, le=1)
    sources: dict[str, int]
    languages: dict[str, int]
    samples: list[SamplePost]
    drivers: Drivers | None = None
    comparison: Comparison | None = None
    previous: PreviousStep | None = Field(
        default=None,
        description="The incident as of its step before; null for the first, and where an earlier firewatch wrote that",
    )
    config_version: str
    model_version: str
    labels: dict[str, str] = Field(description="Labels for Alertmanager, which identify the alert")
    annotations: dict[str, str] = Field(description="Annotations for Alertmanager, which are shown to people")
    generator_url: str | None = None
    brand_name: str | None = Field(
        default=None, description="Name of the brand in the config; null where an earlier firewatch wrote the alert"
    )

    @property
    def since(self) -> datetime:
        """When the incident opened or last reopened: the one beginning that readers are shown, as summary, counts and
        pace are of the time since."""
        return self.window.start if self.reopened else self.starts_at

    def to_bytes(self) -> bytes:
        """Encode the alert; equal alerts have equal bytes."""
        body = self.model_dump(mode="json")
        if self.drivers and self.drivers.mentions_without_author is None:
            del body["drivers"]["mentions_without_author"]
        return orjson.dumps(body)


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
