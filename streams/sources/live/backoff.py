"""How long to wait before another attempt: exponential with jitter, and never less than the other side asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

FIRST_SECONDS: Final = 1.0
LAST_SECONDS: Final = 300.0

LONGEST_SECONDS: Final = 86_400.0
"""A longer wait that the other side asks for is cut to a day."""


class Backoff:
    """Delays between attempts; each failure doubles the bound below which the next delay is drawn.

    Parameters
    ----------
    chance
        Random numbers.
    first_seconds, last_seconds
        Bound of the first delay, and the largest one.
    failures
        Failures so far, where they are remembered over restarts.

    Examples
    --------
    >>> import random
    >>> backoff = Backoff(random.Random(7), first_seconds=1, last_seconds=4)
    >>> [round(backoff.delay(), 1) for _ in range(4)]
    [0.7, 1.2, 3.3, 2.1]
    >>> backoff.delay(retry_after_seconds=60) >= 60
    True
    """

    def __init__(
        self,
        chance: random.Random,
        first_seconds: float = FIRST_SECONDS,
        last_seconds: float = LAST_SECONDS,
        failures: int = 0,
    ) -> None:
        self._chance = chance
        self._first = first_seconds
        self._last = last_seconds
        self._failures = failures

    def succeeded(self) -> None:
        """Begin again with the first delay, since something was received."""
        self._failures = 0

    def delay(self, retry_after_seconds: float | None = None) -> float:
        """Return the seconds to wait after another failure: a half to the whole of the bound, or longer if asked for.

        Parameters
        ----------
        retry_after_seconds
            Seconds that the other side asks for, if it does; a tenth of them at most is added as jitter.
        """
        bound = min(self._last, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        drawn = bound * (0.5 + self._chance.random() / 2)
        if retry_after_seconds is None:
            return drawn
        asked = min(max(retry_after_seconds, 0.0), LONGEST_SECONDS)
        return max(drawn, asked * (1 + self._chance.random() / 10))
