"""The interface of detectors: they score buckets on one common scale.

`score_one` is pure, `learn_one` is not, as in river. The pipeline scores a bucket as often as it likes while it is open
and learns from it once, when it has closed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.reasons import Reason

Aspect = Literal["attention", "tone", "crisis"]
"""Meaning of a high score: more mentions than usual, a more negative tone, or both at once."""

Direction = Literal["up", "down", "none"]

Label = Literal["crisis", "praise", "spam", "surge", "outage"]
"""Explanation of a score. ``crisis``: people are upset. ``praise``: people are delighted. ``spam``: few accounts repeat
themselves. ``surge``: the whole platform is busier than usual. ``outage``: most sources deliver nothing."""

Severity = Literal["watch", "warning", "critical"]
"""``watch``: unusual, look when you have time. ``warning``: unusual and negative, look today. ``critical``: page."""

Suppression = Literal["cold_start", "refractory", "spam", "surge", "outage", "maintenance", "expected"]
"""Reason for not paging. ``cold_start``: too little is known of the brand. ``refractory``: it has just been reported.
``spam``, ``surge``, ``outage``: the label of that name. ``maintenance``, ``expected``: the config announces it."""


class ParameterError(ValueError):
    """A detector's parameter is unknown or out of range; `parameter` names it."""

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter}: {message}")


class SnapshotError(ValueError):
    """A detector's snapshot is damaged, of another kind, or of a newer version."""


class OutdatedSnapshot(SnapshotError):
    """A detector's snapshot is of an earlier version, or of settings under which it learned differently: the detector
    can't restore it and has to start from nothing."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The mentions of one brand in one span of event time: the whole input of a detector.

    Parameters
    ----------
    start_ms
        Start of the span, milliseconds since the epoch, a multiple of `length_ms`.
    length_ms
        Length of the whole span in milliseconds.
    elapsed_ms
        Length of the part of the span that the counts cover; less than `length_ms` while the bucket is open.
    count
        Number of mentions; for a time series from elsewhere its value, which need not be an integer.
    negative, positive
        Expected number of negative and of positive mentions: the sums of the model's probabilities, each in 0..count.
    authors
        Distinct known authors (estimated above a few thousand).
    top_author_share
        Share of the mentions by the single most active author, 0..1.
    duplicate_share
        Share of the mentions that are near-duplicates of others in the bucket or the half hour before, and no reposts,
        0..1.
    spam
        Mentions that repeat a text, by authors who repeat themselves.
    spam_negative
        Expected number of negative mentions among these.
    reposts
        Mentions that are reposts.
    engagement
        Sum of the likes, reposts and replies that the posts had when they were collected.
    sources, languages
        Mentions per source and per language.
    coverage
        Share of the brand's usual sources that delivered in this span, 0..1. At 0 there is no data: nothing is learned.
    platform
        Mentions of all other brands together as a multiple of the usual (`detectors.reference`); 1 if unknown.
    """

    start_ms: int
    length_ms: int
    count: float
    elapsed_ms: int = -1
    negative: float = 0.0
    positive: float = 0.0
    authors: int = 0
    top_author_share: float = 0.0
    duplicate_share: float = 0.0
    spam: float = 0.0
    spam_negative: float = 0.0
    reposts: int = 0
    engagement: int = 0
    sources: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    coverage: float = 1.0
    platform: float = 1.0

    def __post_init__(self) -> None:
        if self.elapsed_ms < 0:
            object.__setattr__(self, "elapsed_ms", self.length_ms)

    @property
    def likely_negative(self) -> float:
        """`negative`, at least 0 and at most `count`."""
        return min(max(self.negative, 0.0), self.count)

    @property
    def organic(self) -> tuple[float, float]:
        """Mentions, and the negative ones among them, without spam and without all but one mention of the most active
        author; those are assumed to be entirely negative."""
        count = self.count
        spam = min(max(self.spam, 0.0), count)
        tirade = max(0.0, self.top_author_share * count - 1 - spam)
        mentions = max(0.0, count - spam - tirade)
        negative = self.likely_negative - min(max(self.spam_negative, 0.0), spam) - tirade
        return mentions, min(max(negative, 0.0), mentions)

    @property
    def is_open(self) -> bool:
        """Whether the span is not over yet."""
        return self.elapsed_ms < self.length_ms


class Score(NamedTuple):
    """The result of a detector for one bucket.

    Parameters
    ----------
    value
        Finite, >= 0; **>= 1 means anomalous**. The same scale for every detector.
    observed, expected, lower, upper
        The quantity that the detector observed, its expected value, and the bounds within which it is normal; all in
        the unit of the quantity (mentions per bucket, share of negative mentions, ...).
    direction
        Whether the observed quantity lies above or below what was expected.
    reason
        The finding with its numbers, where there is something to explain; None otherwise.
    suppressed
        Why a value >= 1 must not page anyone, or None. The value itself stays unclipped.
    label
        Explanation, also of values below 1; None if there is none.
    severity
        Urgency of a value >= 1; None if the detector does not determine one.
    occasion
        Name of the maintenance or of the event in the config that suppresses the value; empty without one.
    """

    value: float
    observed: float
    expected: float
    lower: float
    upper: float
    direction: Direction = "none"
    reason: Reason | None = None
    suppressed: Suppression | None = None
    label: Label | None = None
    severity: Severity | None = None
    occasion: str = ""

    @property
    def fires(self) -> bool:
        """Whether the value is anomalous and not suppressed."""
        return self.value >= 1.0 and self.suppressed is None


ConditionName = Literal[
    "rarity", "size", "significance", "lasting", "learning", "closed", "data", "sources", "history", "known_mentions",
    "refractory", "attention", "mentions", "people", "several_sources",
]  # fmt: skip
"""Subject of a condition. ``rarity``: the score before all other conditions. ``size``: a multiple of the usual value.
``significance``: standard errors or deviations. ``lasting``: evidence of a lasting change, in standard deviations times
hours. ``learning``: hours of learning before the first score. ``closed``, ``data``: the bucket is closed, and has a
number to score. ``sources``: share of the usual sources that deliver. ``history``, ``known_mentions``: hours and
mentions after which the brand is known. ``refractory``: the score, while an earlier detection is recent. ``attention``,
``mentions``, ``people``, ``several_sources``: what makes a crisis critical."""


class Measure(NamedTuple):
    """A quantity that a detector compares with its usual value.

    Parameters
    ----------
    unit
        Unit of the values.
    hours
        Half-life over which the quantity fades, or the time that it is a mean of; 0 for the bucket alone.
    observed, usual
        Its value, and the usual one.
    threshold
        Value from which it would be anomalous if it alone counted.
    """

    unit: str
    hours: float
    observed: float
    usual: float
    threshold: float


class Condition(NamedTuple):
    """A condition that a score meets or does not meet.

    Parameters
    ----------
    name
        Subject of the condition.
    observed, needed
        What was observed, and the least that meets it; both 0 or 1 where it is a matter of yes or no.
    met
        Whether it is met.
    suppressed
        Reason for which a value of 1 and more is suppressed while it is not met. None if it then is below 1.
    until_ms
        Event time at which it stops to apply, milliseconds since the epoch; None if that is not a matter of time.
    """

    name: ConditionName
    observed: float
    needed: float
    met: bool
    suppressed: Suppression | None = None
    until_ms: int | None = None

    @classmethod
    def at_least(cls, name: ConditionName, observed: float, needed: float) -> Self:
        """Return the condition that an observed value is as large as needed.

        >>> Condition.at_least("size", 3.2, 3).met, Condition.at_least("size", 2.9, 3).met
        (True, False)
        """
        return cls(name, observed, needed, observed >= needed)


class Explanation(NamedTuple):
    """The score of a bucket with everything that led to it.

    Parameters
    ----------
    score
        The score.
    measures
        What the detector compared.
    conditions
        Conditions of firing: the value is 1 and more if and only if all conditions are met that suppress nothing, and
        it is then suppressed for the first of the others that is not met.
    critical
        Conditions of the severity ``critical``, for detectors that determine it.
    """

    score: Score
    measures: Sequence[Measure] = ()
    conditions: Sequence[Condition] = ()
    critical: Sequence[Condition] = ()


class UsualRate(Protocol):
    """The rate of mentions that a detector has learned."""

    def count(self, bucket: Bucket) -> float | None:
        """Return the number of mentions that are usual in the span of a bucket; None during the cold start."""


class Detector(ABC):
    """An online detector of one brand.

    Class attributes
    ----------------
    kind
        Name of the kind in config.
    unit
        Unit of `observed`, `expected` and the bounds.
    aspect
        Meaning of a high score.
    score_is_rarity
        Whether a score is the ratio of two reduced variates (`detectors.extremes`), which gives the ``once_in_days`` at
        which it would be 1. False where it is a test statistic over its threshold.
    exempt
        Checks of the contract suite that this kind can't pass, by name, each with the reason.

    Attributes
    ----------
    usual_rate
        The rate of mentions that it has learned; None for kinds that learn none with its daily rhythm.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]
    aspect: ClassVar[Aspect]
    score_is_rarity: ClassVar[bool] = True
    exempt: ClassVar[Mapping[str, str]] = MappingProxyType({})
    usual_rate: UsualRate | None = None

    @abstractmethod
    def score_one(self, bucket: Bucket) -> Score:
        """Score an open or a closed bucket against everything learned before it, without side effects."""

    def explain(self, bucket: Bucket) -> Explanation:
        """Return the score of a bucket with what led to it, without side effects; a kind overrides it with its own
        conditions."""
        score = self.score_one(bucket)
        conditions = [Condition.at_least("rarity", score.value, 1.0)]
        if score.suppressed:
            conditions.append(Condition("history", 0.0, 1.0, met=False, suppressed=score.suppressed))
        return Explanation(score, (), conditions)

    def usual_count(self, bucket: Bucket) -> float | None:
        """Return the number of mentions that are usual in the span of a bucket if all sources deliver; None if it is
        not known, as during the cold start."""
        return self.usual_rate.count(bucket) if self.usual_rate is not None else None

    def learn_one(self, bucket: Bucket) -> None:
        """Learn a closed bucket, once, in order of time; a bucket without coverage is skipped.

        Raises
        ------
        ValueError
            If the bucket is open.
        """
        if bucket.is_open:
            raise ValueError(f"the bucket at {bucket.start_ms} is still open")
        if bucket.coverage > 0:
            self._learn(bucket)

    @abstractmethod
    def _learn(self, bucket: Bucket) -> None:
        """Learn a closed bucket with data."""

    @abstractmethod
    def snapshot(self) -> bytes:
        """Return everything learned as compact versioned bytes, without parameters."""

    @abstractmethod
    def restore(self, snapshot: bytes) -> Self:
        """Restore what was learned from a snapshot and return self; scores are then identical to those of its writer.

        Raises
        ------
        SnapshotError
            If the bytes are damaged, of another kind of detector, or of a newer version.
        """
