"""What every detector is: a bucket goes in, a score on one common scale comes out.

`score_one` is pure, `learn_one` is not, as in river. The pipeline scores a bucket as often as it likes while it is open
and learns from it once, when it has closed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

Aspect = Literal["attention", "tone", "crisis"]
"""What a high score says: more is said than usual, it is said more negatively, or both at once."""

Direction = Literal["up", "down", "none"]

Label = Literal["crisis", "praise", "spam", "surge", "outage"]
"""What is going on: people are upset, people are delighted, few accounts repeat themselves, the whole platform is
busier than usual, or most sources deliver nothing."""

Severity = Literal["watch", "warning", "critical"]
"""``watch``: unusual, look when you have time. ``warning``: unusual and negative, look today. ``critical``: page."""

Suppression = Literal["cold_start", "refractory", "spam", "surge", "outage", "maintenance", "expected"]
"""Why nobody is paged: too little is known of the brand, it has just been reported, what the label says, or that people
have said beforehand that there is maintenance or an event."""


class ParameterError(ValueError):
    """A detector's parameter is unknown or out of range; `parameter` names it."""

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter}: {message}")


class SnapshotError(ValueError):
    """A detector's snapshot is damaged, of another kind, or of a newer version."""


class OutdatedSnapshot(SnapshotError):
    """A detector's snapshot is of an earlier version, from which it can't go on: it has to learn anew."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one brand got in one span of event time: everything a detector may look at.

    Parameters
    ----------
    start_ms
        Start of the span, milliseconds since the epoch, a multiple of `length_ms`.
    length_ms
        Length of the whole span in milliseconds.
    elapsed_ms
        How much of the span the counts cover; less than `length_ms` while the bucket is open.
    count
        Mentions; of a series of other origin its value, which need not be whole.
    negative, positive
        Expected number of negative and of positive mentions: the sums of the model's probabilities, each in 0..count.
    authors
        Distinct authors (estimated above a few dozen).
    top_author_share
        Share of the mentions by the single most active author, 0..1.
    duplicate_share
        Share of the mentions that are near-duplicates of others in the bucket or the half hour before, and no reposts,
        0..1.
    spam
        How many of the mentions repeat a text by authors who repeat themselves.
    spam_negative
        Expected number of negative mentions among these.
    reposts
        Mentions that are reposts.
    engagement
        Likes, reposts and replies the posts had when they were collected, summed.
    sources, languages
        Mentions per source and per language.
    coverage
        Share of the brand's usual sources that delivered in this span, 0..1. At 0 there is no data: nothing is learned.
    platform
        How many times as much as usual is said of all other brands together (`detectors.reference`); 1 if unknown.
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
        """Mentions, and the negative ones among them, without spam and without what the most active author adds to the
        first mention, which is taken to be as negative as can be."""
        count = self.count
        spam = min(max(self.spam, 0.0), count)
        tirade = max(0.0, self.top_author_share * count - 1 - spam)
        mentions = max(0.0, count - spam - tirade)
        negative = self.likely_negative - min(max(self.spam_negative, 0.0), spam) - tirade
        return mentions, min(max(negative, 0.0), mentions)

    @property
    def is_open(self) -> bool:
        """Whether more of the span is still to come."""
        return self.elapsed_ms < self.length_ms


class Score(NamedTuple):
    """A detector's answer for one bucket.

    Parameters
    ----------
    value
        Finite, >= 0; **>= 1 means anomalous**. The same scale for every detector.
    observed, expected, lower, upper
        The quantity the detector looked at, what it expected, and the bounds within which it calls it normal; all in
        the unit of the quantity (mentions per bucket, share of negative mentions, ...).
    direction
        Whether the observed quantity lies above or below what was expected.
    reason
        One sentence for a person, where there is something to explain.
    suppressed
        Why a value >= 1 must not page anyone, or None. The value itself stays unclipped.
    label
        What is going on, also below 1; None where nothing is, or where the detector can't tell.
    severity
        How urgent a value >= 1 is; None where the detector can't tell.
    """

    value: float
    observed: float
    expected: float
    lower: float
    upper: float
    direction: Direction = "none"
    reason: str = ""
    suppressed: Suppression | None = None
    label: Label | None = None
    severity: Severity | None = None

    @property
    def fires(self) -> bool:
        """Anomalous and not suppressed."""
        return self.value >= 1.0 and self.suppressed is None


class Detector(ABC):
    """An online detector of one brand.

    Class attributes
    ----------------
    kind
        The word that names the detector in config.
    unit
        Unit of `observed`, `expected` and the bounds.
    aspect
        What a high score says.
    score_is_rarity
        Whether a score is the ratio of two reduced variates (`detectors.extremes`), which gives the ``once_in_days`` at
        which it would be 1. False where it is a test statistic over its threshold.
    exempt
        Checks of the contract suite that can't hold for this kind, by name, each with the reason.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]
    aspect: ClassVar[Aspect]
    score_is_rarity: ClassVar[bool] = True
    exempt: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @abstractmethod
    def score_one(self, bucket: Bucket) -> Score:
        """Score an open or a closed bucket against what was learned before it. Changes nothing."""

    def learn_one(self, bucket: Bucket) -> None:
        """Learn from a closed bucket, once, in order of time; from one without coverage there is nothing to learn.

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
        """Learn from a closed bucket with data."""

    @abstractmethod
    def snapshot(self) -> bytes:
        """All that was learned, as compact versioned bytes without parameters."""

    @abstractmethod
    def restore(self, snapshot: bytes) -> Self:
        """Take over what `snapshot` holds and return self; scores are then identical to those of its writer.

        Raises
        ------
        SnapshotError
            If the bytes are damaged, of another kind of detector, or of a newer version.
        """
