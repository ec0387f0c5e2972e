"""What every detector is: a bucket goes in, a score on one common scale comes out.

`score_one` is pure, `learn_one` is not, as in river. The pipeline scores a bucket as often as it likes while it is open
and learns from it once, when it has closed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["up", "down", "none"]
Suppression = Literal["cold_start", "refractory"]


class ParameterError(ValueError):
    """A detector's parameter is unknown or out of range; `parameter` names it."""

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter}: {message}")


class SnapshotError(ValueError):
    """A detector's snapshot is damaged, of another kind, or of a newer version."""


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
        Share of the mentions whose near-duplicate signature was already seen in the bucket, 0..1.
    reposts
        Mentions that are reposts.
    engagement
        Likes, reposts and replies the posts had when they were collected, summed.
    sources, languages
        Mentions per source and per language.
    coverage
        Share of the brand's usual sources that delivered in this span, 0..1. At 0 there is no data: nothing is learned.
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
    reposts: int = 0
    engagement: int = 0
    sources: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    coverage: float = 1.0

    def __post_init__(self) -> None:
        if self.elapsed_ms < 0:
            object.__setattr__(self, "elapsed_ms", self.length_ms)

    @property
    def is_open(self) -> bool:
        """Whether more of the span is still to come."""
        return self.elapsed_ms < self.length_ms


@dataclass(frozen=True, slots=True)
class Score:
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
        One sentence for a person.
    suppressed
        Why a value >= 1 must not page anyone, or None. The value itself stays unclipped.
    """

    value: float
    observed: float
    expected: float
    lower: float
    upper: float
    direction: Direction = "none"
    reason: str = ""
    suppressed: Suppression | None = None

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
        What a high score says: ``attention`` (more is said than usual) or ``tone`` (it is said more negatively).
    exempt
        Checks of the contract suite that can't hold for this kind, by name, each with the reason.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]
    aspect: ClassVar[Literal["attention", "tone"]]
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
