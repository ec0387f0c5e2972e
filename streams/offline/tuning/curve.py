"""Choose a candidate by the scores along each parameter, and find how steeply they fall around it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOLERANCE: Final = 0.02
"""Difference of scores below which a candidate does about as well as the best."""

STEEP: Final = 0.1
"""Drop of the score from one step to the next that is a cliff: a little more than missing one label of ten costs."""

_EQUAL: Final = 1e-9
"""Rounding error by which equal scores may differ."""


class FlatRange(NamedTuple):
    """Neighbouring candidates of a parameter that all do about as well as the best of all.

    Parameters
    ----------
    parameter
        Index of the parameter.
    first, last
        Indexes of the candidates, both included.
    """

    parameter: int
    first: int
    last: int

    def middle(self, current: int) -> int:
        """Return the middle of the range; of two, the one nearer to the config in use."""
        return (self.first + self.last + (self.last < current)) // 2

    def distance(self, current: int) -> int:
        """Return the number of steps between the range and the config in use; 0 if the range holds it."""
        return max(self.first - current, current - self.last, 0)


class Choice(NamedTuple):
    """The candidate that was chosen.

    Parameters
    ----------
    parameter, place
        Index of the parameter, and of the candidate in it.
    flat
        Range around it that does about as well.
    keeps
        Whether the candidate is the config in use.
    """

    parameter: int
    place: int
    flat: FlatRange
    keeps: bool


def flat_ranges(curves: Sequence[Sequence[float]], tolerance: float) -> list[FlatRange]:
    """Return the candidates that do about as well as the best, parameter by parameter.

    >>> flat_ranges([[0.5, 0.99, 1.0, 0.5, 1.0]], 0.02)
    [FlatRange(parameter=0, first=1, last=2), FlatRange(parameter=0, first=4, last=4)]
    """
    enough = max(map(max, curves)) - tolerance - _EQUAL
    return [flat for parameter, scores in enumerate(curves) for flat in _flat_ranges_of(parameter, scores, enough)]


def _flat_ranges_of(parameter: int, scores: Sequence[float], enough: float) -> Iterator[FlatRange]:
    for good, places in groupby(range(len(scores)), key=lambda place: scores[place] >= enough):
        if good:
            indexes = list(places)
            yield FlatRange(parameter, indexes[0], indexes[-1])


def choose(curves: Sequence[Sequence[float]], current: Sequence[int], tolerance: float) -> Choice:
    """Choose the config in use if it does about as well as the best, else the middle of the widest flat range.

    Of equally wide ranges the one nearest to the config in use is chosen, then that of the first parameter.

    Parameters
    ----------
    curves
        Scores of the candidates of each parameter.
    current
        Index of the config in use, in each parameter.
    tolerance
        Largest difference to the best score of a candidate that does about as well.

    Examples
    --------
    >>> choose([[0.5, 0.6, 0.9, 0.9, 0.9]], [1], 0.02)
    Choice(parameter=0, place=3, flat=FlatRange(parameter=0, first=2, last=4), keeps=False)
    >>> choose([[0.5, 0.89, 0.9, 0.9, 0.9]], [1], 0.02).keeps
    True
    """
    found = flat_ranges(curves, tolerance)
    in_use = [flat for flat in found if flat.distance(current[flat.parameter]) == 0]
    if in_use:
        return Choice(in_use[0].parameter, current[in_use[0].parameter], in_use[0], keeps=True)
    widest = min(
        found, key=lambda flat: (flat.first - flat.last, flat.distance(current[flat.parameter]), flat.parameter)
    )
    return Choice(widest.parameter, widest.middle(current[widest.parameter]), widest, keeps=False)


class Edge(NamedTuple):
    """A neighbour of the chosen candidate that does worse.

    Parameters
    ----------
    place
        Index of the neighbour.
    drop
        Difference of the scores.
    """

    place: int
    drop: float

    @property
    def steep(self) -> bool:
        """Return whether the neighbour is down a cliff."""
        return self.drop > STEEP


def edges(scores: Sequence[float], flat: FlatRange, place: int) -> list[Edge]:
    """Return the neighbours of a candidate in a flat range that are not in the range."""
    neighbours = [neighbour for neighbour in (place - 1, place + 1) if 0 <= neighbour < len(scores)]
    return [Edge(each, scores[place] - scores[each]) for each in neighbours if not flat.first <= each <= flat.last]
