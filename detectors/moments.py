"""Mean and covariance of a vector, learned online, robust against outliers and a short history.

Observations are winsorised at some standard deviations of each coordinate (Khan, Van Aelst & Zamar, *Journal of the
American Statistical Association* 102, 2007, compute correlations of such data) and fade exponentially. The covariance
is shrunk towards a diagonal prior with the weight of some hours: the posterior mean of an inverse Wishart prior, and of
the form of the shrinkage of Ledoit & Wolf (*Journal of Multivariate Analysis* 88, 2004) with an intensity that falls
with the data.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WINSOR: Final = 3.0
"""Standard deviations at which a coordinate is clipped when learned."""

_PRECISION: Final = 1e-9
_MOST_SWEEPS: Final = 60


class Moments:
    """Fading mean and shrunk covariance of `n` coordinates.

    Parameters
    ----------
    spread
        Prior standard deviation of each coordinate; the prior means are 0.
    prior_hours
        Weight of the prior in hours.
    memory_hours
        Half-life of the observations.

    Examples
    --------
    >>> moments = Moments((1.0, 1.0), prior_hours=1, memory_hours=100)
    >>> for x in (-1, 1) * 200:
    ...     moments.learn((x, -x), 1.0)
    >>> distance, weights = moments.distance((3.0, 0.0))
    >>> distance > 3  # much, given that the two usually mirror each other
    True
    """

    __slots__ = ("_covariance", "_hours", "_mean", "_memory_hours", "_prior", "_prior_hours", "_rows")

    def __init__(self, spread: Sequence[float], prior_hours: float, memory_hours: float) -> None:
        size = len(spread)
        self._prior = tuple(value * value for value in spread)
        self._prior_hours = prior_hours
        self._memory_hours = memory_hours
        self._hours = 0.0
        self._mean = [0.0] * size
        self._covariance = [0.0] * (size * (size + 1) // 2)
        self._rows = self._shrunk()

    def distance(self, x: Sequence[float]) -> tuple[float, list[float]]:
        """Return how far `x` is above the mean, in standard deviations of the combination of coordinates that maximises
        it.

        This is the largest ``w' d / sqrt(w' C w)`` over all weights ``w >= 0``, with ``d = x - mean``: the one-sided
        union-intersection test (Roy, *Annals of Mathematical Statistics* 24, 1953; Perlman, ibid. 40, 1969). It is the
        Mahalanobis distance where that points upwards, and unlike it never falls when a coordinate rises.

        Returns
        -------
        tuple of float and list of float
            The distance, at least 0, and the contribution of each coordinate to its square.
        """
        rest = [value - mean for value, mean in zip(x, self._mean, strict=True)]
        deviation = tuple(rest)
        weights = [0.0] * len(rest)
        if max(rest) <= 0:
            return 0.0, weights
        # the maximum of 2 w'd - w'Cw, one coordinate at a time; `rest` is d - Cw
        for _ in range(_MOST_SWEEPS):
            moved = 0.0
            for index, row in enumerate(self._rows):
                variance = row[index]
                old = weights[index]
                new = max(0.0, old + rest[index] / variance)
                if new == old:
                    continue
                weights[index] = new
                step = new - old
                moved = max(moved, step * step * variance)
                rest = [value - step * entry for value, entry in zip(rest, row, strict=True)]
            if moved < _PRECISION:
                break
        parts = [weight * value for weight, value in zip(weights, deviation, strict=True)]
        return math.sqrt(max(0.0, sum(parts))), parts

    def learn(self, x: Sequence[float], hours: float) -> None:
        """Learn a vector that was observed for some hours."""
        rate = 1 - 0.5 ** (hours / self._memory_hours)
        self._hours = self._hours * (1 - rate) + hours
        rate = max(rate, hours / self._hours)
        deviation = []
        for index, value in enumerate(x):
            limit = _WINSOR * math.sqrt(self._rows[index][index])
            deviation.append(min(max(value - self._mean[index], -limit), limit))
        self._mean = [mean + rate * change for mean, change in zip(self._mean, deviation, strict=True)]
        products = [left * right for index, left in enumerate(deviation) for right in deviation[: index + 1]]
        self._covariance = [
            (1 - rate) * (old + rate * product) for old, product in zip(self._covariance, products, strict=True)
        ]
        self._rows = self._shrunk()

    def dump(self) -> tuple[float, ...]:
        """Return the state as numbers."""
        return (self._hours, *self._mean, *self._covariance)

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned."""
        self._hours = next(values)
        self._mean = list(islice(values, len(self._mean)))
        self._covariance = list(islice(values, len(self._covariance)))
        self._rows = self._shrunk()

    def _shrunk(self) -> list[list[float]]:
        total = self._hours + self._prior_hours
        learned, prior = self._hours / total, self._prior_hours / total
        size = len(self._prior)
        rows = [[0.0] * size for _ in range(size)]
        entries = iter(self._covariance)
        for index in range(size):
            for other in range(index + 1):
                rows[index][other] = rows[other][index] = learned * next(entries)
            rows[index][index] += prior * self._prior[index]
        return rows
