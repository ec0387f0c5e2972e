"""Compute the figures of an evaluation; `streams.offline.evaluation` defines them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from detectors.units import HOUR_MS
from streams.offline.incident_matching import CLASSIFICATIONS, LEVELS, Classification, EventOutcome, IncidentLevel
from streams.offline.simulate import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.offline.evaluation.trial import Trial

Word = TypeVar("Word", IncidentLevel, Classification)

CRISES: Final[tuple[Kind, ...]] = ("firestorm", "slow_burn")

LIMITS: Final[Mapping[Kind, int]] = {"firestorm": 600_000, "slow_burn": 3 * HOUR_MS}
"""Time from the onset in milliseconds within which a crisis should be raised as a warning."""


@dataclass(frozen=True, slots=True)
class Delays:
    """The delays of the cases that reached some level.

    Parameters
    ----------
    share
        Share of all cases that reached it, 0..1.
    median_ms, p90_ms
        Median and 90th percentile of the time from the onset; None without cases.
    median_posts
        Median number of posts of the event by then; None without cases.
    """

    share: float
    median_ms: float | None
    p90_ms: float | None
    median_posts: float | None


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The figures of all cases of one kind.

    Parameters
    ----------
    cases
        Number of cases.
    raised_as
        Number of cases by the level as which they were raised.
    taken_for
        Number of cases by their classification.
    warning, watch
        Delays until this level or a higher one was reached.
    in_time
        Share of the cases that reached ``warning`` within the limit of the kind; None for a kind without limit.
    """

    cases: int
    raised_as: dict[IncidentLevel, int]
    taken_for: dict[Classification, int]
    warning: Delays
    watch: Delays
    in_time: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of all trials together.

    Parameters
    ----------
    seeds
        Seeds of the trials.
    brand_weeks
        Time for which brands were watched, summed over all brands.
    posts
        Number of posts of all trials.
    kinds
        Figures of the kinds that occurred.
    others
        Number of incidents that count for no case, by the highest level they reached.
    """

    seeds: list[int]
    brand_weeks: float
    posts: int
    kinds: dict[Kind, KindFigures]
    others: dict[IncidentLevel, int]

    def false_count(self, level: IncidentLevel) -> int:
        """Return the number of incidents that count for no case and reached a level or a higher one."""
        return sum(self.others[reached] for reached in LEVELS[LEVELS.index(level) :])


def figures(trials: Sequence[Trial]) -> Figures:
    """Return the figures of at least one trial."""
    by_kind: dict[Kind, list[EventOutcome]] = {
        kind: [outcome for trial in trials for outcome in trial.outcomes if outcome.event.kind == kind]
        for kind in KINDS
    }
    return Figures(
        seeds=[trial.seed for trial in trials],
        brand_weeks=sum(trial.brand_weeks for trial in trials),
        posts=sum(trial.posts for trial in trials),
        kinds={kind: _of_kind(kind, outcomes) for kind, outcomes in by_kind.items() if outcomes},
        others=_counted((incident.level for trial in trials for incident in trial.others), LEVELS),
    )


def percentile(values: Iterable[float], share: float) -> float | None:
    """Return the value that a share of the values do not exceed, interpolated; None without values.

    >>> percentile([4, 1, 2, 3], 0.5), percentile([7], 0.9), percentile([], 0.5)
    (2.5, 7.0, None)
    """
    ordered = sorted(values)
    if not ordered:
        return None
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def _of_kind(kind: Kind, outcomes: Sequence[EventOutcome]) -> KindFigures:
    limit_ms = LIMITS.get(kind)
    in_time = None
    if limit_ms is not None:
        delays = (outcome.delay_ms("warning") for outcome in outcomes)
        in_time = sum(delay is not None and delay <= limit_ms for delay in delays) / len(outcomes)
    return KindFigures(
        cases=len(outcomes),
        raised_as=_counted((outcome.raised_as for outcome in outcomes), LEVELS),
        taken_for=_counted((outcome.taken_for for outcome in outcomes), CLASSIFICATIONS),
        warning=_delays(outcomes, "warning"),
        watch=_delays(outcomes, "watch"),
        in_time=in_time,
    )


def _delays(outcomes: Sequence[EventOutcome], level: IncidentLevel) -> Delays:
    reached = [outcome for outcome in outcomes if level in outcome.reached_ms]
    delays_ms = [outcome.reached_ms[level] - outcome.event.onset_ms for outcome in reached]
    posts = [outcome.event.posts_by(outcome.reached_ms[level]) for outcome in reached]
    return Delays(
        share=len(reached) / len(outcomes),
        median_ms=percentile(delays_ms, 0.5),
        p90_ms=percentile(delays_ms, 0.9),
        median_posts=percentile(posts, 0.5),
    )


def _counted(occurrences: Iterable[Word], words: Sequence[Word]) -> dict[Word, int]:
    counts = Counter(occurrences)
    return {word: counts[word] for word in words}
