"""When a feed is asked for next: rarely enough for its operator, often enough that no entry is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

LARGEST_HINT_SECONDS: Final = 86_400.0
"""Longest time that a feed can ask to leave between two requests."""

_JITTER: Final = 0.1

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


class PollRhythm:
    """Times between two requests to a feed.

    Parameters
    ----------
    usual_seconds
        Time between two requests if the feed is slow enough for it.
    least_seconds
        Shortest time.
    chance
        Random numbers.
    """

    def __init__(self, usual_seconds: float, least_seconds: float, chance: random.Random) -> None:
        self._least = least_seconds
        self._usual = max(usual_seconds, least_seconds)
        self._chance = chance

    def interval(self, seconds: float | None, *, entries: int, fresh: int, has_gap: bool) -> float:
        """Return the next interval: half after a gap, less while most entries are new, and slowly back to the usual.

        Parameters
        ----------
        seconds
            The interval so far; None for none.
        entries, fresh
            How many entries the document has, and how many of them are new.
        has_gap
            Whether no entry of the document before is in it.
        """
        interval = self._usual if seconds is None else seconds
        if has_gap:
            interval /= 2
        elif entries and 2 * fresh > entries:
            interval *= 0.75
        elif 4 * fresh < entries or not entries:
            interval *= 1.25
        return min(max(interval, self._least), self._usual)

    def wait_seconds(self, interval: float, hint_seconds: float) -> float:
        """Return the time until the next request: a little less than the interval, and never less than is asked for."""
        drawn = max(interval * (1 - _JITTER * self._chance.random()), self._least)
        asked = min(hint_seconds, LARGEST_HINT_SECONDS)
        return max(drawn, asked * (1 + _JITTER * self._chance.random()) if asked > drawn else asked)


def max_age_seconds(headers: Mapping[str, str]) -> float:
    """Return for how long an answer says that it stays as it is; 0 if it does not say.

    >>> max_age_seconds({"cache-control": "public, max-age=1800, stale-if-error=60", "age": "600"})
    1200.0
    """
    stated = _MAX_AGE.search(headers.get("cache-control", ""))
    if stated is None:
        return 0.0
    age = headers.get("age", "0").strip()
    return max(0.0, float(stated[1]) - (float(age[:9]) if age.isascii() and age.isdecimal() else 0.0))
