"""Usual shares of a brand's mentions, such as negative ones or reposts: fading means with a prior."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MEMORY_HOURS: Final = 168.0
"""Half-life: a week, because weekends differ in tone."""

_PRIOR_MENTIONS: Final = 20.0
"""Weight of the prior in mentions, also in the long run."""

_CAP_FACTOR: Final = 2.0
_CAP_MENTIONS: Final = 2.0
"""A bucket is learned with the weight of at most twice its usual mentions and two more: a day of crisis is one day."""

NEGATIVE: Final = 0.3
"""Negative share before any mention."""


class Shares:
    """Usual shares of the mentions.

    Parameters
    ----------
    prior
        Each share before any mention.

    Attributes
    ----------
    usual
        Each share, 0..1.
    mentions
        Effective number of mentions behind them, including the prior.

    Examples
    --------
    >>> shares = Shares((0.3,))
    >>> for _ in range(100):
    ...     shares.learn(10, (1,), None, 1.0)
    >>> round(shares.usual[0], 2)
    0.1
    """

    __slots__ = ("_parts", "_prior", "mentions", "usual")

    def __init__(self, prior: Sequence[float]) -> None:
        self._prior = tuple(prior)
        self.mentions = _PRIOR_MENTIONS
        self._parts = [share * _PRIOR_MENTIONS for share in prior]
        self.usual = list(prior)

    def learn(self, count: float, parts: Sequence[float], usual_count: float | None, hours: float) -> None:
        """Learn a bucket.

        Parameters
        ----------
        count
            Its mentions.
        parts
            Mentions that count for each share.
        usual_count
            Usual mentions of such a bucket, None if unknown.
        hours
            Its length.
        """
        weight = 1.0
        if count and usual_count is not None:
            weight = min(1.0, (_CAP_FACTOR * usual_count + _CAP_MENTIONS) / count)
        kept = 0.5 ** (hours / _MEMORY_HOURS)
        renewed = (1 - kept) * _PRIOR_MENTIONS
        self.mentions = self.mentions * kept + weight * count + renewed
        self._parts = [
            old * kept + weight * part + renewed * share
            for old, part, share in zip(self._parts, parts, self._prior, strict=True)
        ]
        self.usual = [part / self.mentions for part in self._parts]

    def dump(self) -> tuple[float, ...]:
        """Return the state as numbers."""
        return self.mentions, *self._parts

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned."""
        self.mentions = next(values)
        self._parts = list(islice(values, len(self._parts)))
        self.usual = [part / self.mentions for part in self._parts]
