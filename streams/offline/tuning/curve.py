"""Which candidate to take, and how much depends on it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOLERANCE: Final = 0.02
"""Of the score: what does so little worse than the best does about as well."""

STEEP: Final = 0.1
"""Drop of the score from one step to the next that makes a cliff: a little more than missing one of ten costs."""

_EQUAL: Final = 1e-9
"""By which scores differ that are the same."""


class FlatRange(NamedTuple):
    """Candidates of a knob, one after the other, that all do about as well as the best of all.

    Parameters
    ----------
    knob
        Place of the knob.
    first, last
        Places on it, both included.
    """

    parameter: int
    first: int
    last: int

    def middle(self, now: int) -> int:
        """Its middle; of two, that nearer to the one in use."""
        return (self.first + self.last + (self.last < now)) // 2

    def off(self, now: int) -> int:
        """How far it is from the one in use."""
        return max(self.first - now, now - self.last, 0)


class Choice(NamedTuple):
    """A candidate, and where it lies.

    Parameters
    ----------
    knob, place
        Which it is.
    run
        What does about as well, around it.
    keeps
        Whether it is the config in use.
    """

    parameter: int
    place: int
    run: FlatRange
    keeps: bool


def runs(curves: Sequence[Sequence[float]], tolerance: float) -> list[FlatRange]:
    """All that does about as well as the best, knob by knob.

    >>> runs([[0.5, 0.99, 1.0, 0.5, 1.0]], 0.02)
    [FlatRange(parameter=0, first=1, last=2), FlatRange(parameter=0, first=4, last=4)]
    """
    enough = max(map(max, curves)) - tolerance - _EQUAL
    return [run for parameter, scores in enumerate(curves) for run in _runs_of(parameter, scores, enough)]


def _runs_of(parameter: int, scores: Sequence[float], enough: float) -> Iterator[FlatRange]:
    for good, places in groupby(range(len(scores)), key=lambda place: scores[place] >= enough):
        if good:
            run = list(places)
            yield FlatRange(parameter, run[0], run[-1])


def choose(curves: Sequence[Sequence[float]], now: Sequence[int], tolerance: float) -> Choice:
    """What is in use if it does about as well as the best, else the middle of the widest run; of equally wide ones that
    nearest to what is in use, then that of the first knob.

    Parameters
    ----------
    curves
        Scores along each knob.
    now
        On each, the place of what is in use.
    tolerance
        By how much a score may be below the best.

    Examples
    --------
    >>> choose([[0.5, 0.6, 0.9, 0.9, 0.9]], [1], 0.02)
    Choice(parameter=0, place=3, run=FlatRange(parameter=0, first=2, last=4), keeps=False)
    >>> choose([[0.5, 0.89, 0.9, 0.9, 0.9]], [1], 0.02).keeps
    True
    """
    flat = runs(curves, tolerance)
    in_use = [run for run in flat if run.off(now[run.parameter]) == 0]
    if in_use:
        return Choice(in_use[0].parameter, now[in_use[0].parameter], in_use[0], keeps=True)
    widest = min(flat, key=lambda run: (run.first - run.last, run.off(now[run.parameter]), run.parameter))
    return Choice(widest.parameter, widest.middle(now[widest.parameter]), widest, keeps=False)


class Edge(NamedTuple):
    """A neighbour that does worse.

    Parameters
    ----------
    place
        The neighbour.
    drop
        Of the score.
    """

    place: int
    drop: float

    @property
    def steep(self) -> bool:
        """Whether it is a cliff."""
        return self.drop > STEEP


def edges(scores: Sequence[float], run: FlatRange, place: int) -> list[Edge]:
    """Neighbours of a place in a run that are not in the run."""
    beside = [neighbour for neighbour in (place - 1, place + 1) if 0 <= neighbour < len(scores)]
    return [Edge(each, scores[place] - scores[each]) for each in beside if not run.first <= each <= run.last]
