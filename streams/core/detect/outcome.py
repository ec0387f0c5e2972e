"""The outcome of a step of detection: alerts and windows to send, and counts to show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config.brands import Mode
    from streams.records import Alert, Mention, Window


class Detected(NamedTuple):
    """A score that reached 1 for the first time in its bucket.

    Parameters
    ----------
    suppressed
        Why it does not page, or None.
    """

    brand: str
    detector: str
    mode: Mode
    suppressed: str | None


DropReason = Literal["outdated_snapshot", "other_kind"]
"""``outdated_snapshot``: the detector learned differently when it was written, under an earlier firewatch or other
settings. ``other_kind``: the config gives the detector's name to another kind now."""


class DroppedState(NamedTuple):
    """A learned state that a detector can't use any more, so that it starts from nothing.

    Parameters
    ----------
    reason
        Why it can't be used; also the reason of its dead letter.
    detail
        The reason with versions or kinds.
    snapshot
        The learned state as bytes.
    """

    brand: str
    detector: str
    reason: DropReason
    detail: str
    snapshot: bytes


@dataclass(slots=True)
class Outcome:
    """Everything that has happened since the previous outcome.

    The core counts and neither logs nor measures: the worker turns these counts into metrics, replays and backtests
    ignore them.

    Attributes
    ----------
    alerts
        In order of event time; those of one moment by brand.
    windows
        In the order in which they came about within a brand.
    counted
        Mentions counted, by brand.
    replayed
        Mentions skipped because they are at or below their high-water mark.
    unwatched
        Mentions dropped because their brand did not come into the config in time.
    lateness_ms
        Of each envelope with counted mentions, how far the latest of them arrived behind the newest post of its
        partition, in event time.
    sources, languages
        Counted mentions by ``(brand, source)`` and by ``(brand, language)``.
    detections
        Scores that reached 1 for the first time in their bucket.
    samples_deleted
        Posts removed from the samples of a brand, by brand.
    dropped
        Learned states of detectors that could not be restored.
    """

    alerts: list[Alert] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    unwatched: int = 0
    lateness_ms: list[int] = field(default_factory=list)
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    detections: list[Detected] = field(default_factory=list)
    samples_deleted: Counter[str] = field(default_factory=Counter)
    dropped: list[DroppedState] = field(default_factory=list)

    def count(self, brand: str, fresh: Sequence[Mention], replayed: int) -> None:
        """Count the mentions of one envelope: those above the high-water mark, and how many are not."""
        self.replayed += replayed
        if not fresh:
            return
        self.counted[brand] += len(fresh)
        self.lateness_ms.append(max(mention.behind_ms for mention in fresh))
        for source, count in Counter(mention.source for mention in fresh).items():
            self.sources[brand, source] += count
        for language, count in Counter(mention.lang for mention in fresh).items():
            self.languages[brand, language] += count

    def add(self, other: Outcome) -> None:
        """Append another outcome to this one."""
        self.alerts += other.alerts
        self.windows += other.windows
        self.counted.update(other.counted)
        self.replayed += other.replayed
        self.unwatched += other.unwatched
        self.lateness_ms += other.lateness_ms
        self.sources.update(other.sources)
        self.languages.update(other.languages)
        self.detections += other.detections
        self.samples_deleted.update(other.samples_deleted)
        self.dropped += other.dropped
