"""How many requests Reddit still allows, by its headers or by its rule of 100 a minute averaged over ten minutes."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from streams.sources.live.http_dates import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUESTS: Final = 1_000
WINDOW_MS: Final = 600_000
"""Requests that a client id may make in ten minutes (Reddit Data API wiki, *rate limits*)."""

SPARE_SHARE: Final = 0.2
"""Share of the requests that is left to the reading of what is new."""

_BUSY_SECONDS: Final = 60.0
"""Wait after a refusal for too many requests that names no time."""

_LONGEST_SECONDS: Final = 3_600.0
"""A later reset than this means something else."""

_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?")


class RedditQuota:
    """Counts requests of one client id, which other programs may use too.

    Examples
    --------
    >>> quota = RedditQuota()
    >>> quota.learn({"x-ratelimit-remaining": "346.0", "x-ratelimit-used": "254", "x-ratelimit-reset": "120"}, 0)
    >>> quota.shown, quota.wait_seconds(0), round(quota.pace_seconds(0), 2)
    ('346 of 600', 0.0, 0.35)
    """

    def __init__(self) -> None:
        self._sent: deque[int] = deque(maxlen=REQUESTS)
        self._left: float | None = None
        self._used = 0.0
        self._reset_ms = 0

    @property
    def shown(self) -> str:
        """Return how many requests are left, as Reddit said last; empty if it says nothing."""
        return "" if self._left is None else f"{self._left:.0f} of {self._left + self._used:.0f}"

    def wait_seconds(self, now_ms: int) -> float:
        """Return the seconds to wait before another request, 0 if there may be one now."""
        if self._left is not None and now_ms < self._reset_ms:
            return (self._reset_ms - now_ms) / 1000 if self._left < 1 else 0.0
        is_full = len(self._sent) == REQUESTS
        return max(0, self._sent[0] + WINDOW_MS - now_ms) / 1000 if is_full else 0.0

    def pace_seconds(self, now_ms: int) -> float:
        """Return the seconds between two requests with which those that are left last until the limit is reset."""
        if self._left is None or now_ms >= self._reset_ms:
            return WINDOW_MS / REQUESTS / 1000
        return (self._reset_ms - now_ms) / 1000 / max(1.0, self._left)

    def has_spare(self, now_ms: int) -> bool:
        """Return whether there are requests for more than the reading of what is new."""
        if self._left is None or now_ms >= self._reset_ms:
            return len(self._sent) < REQUESTS * (1 - SPARE_SHARE) or self._sent[0] + WINDOW_MS < now_ms
        return self._left >= SPARE_SHARE * (self._left + self._used)

    def sent(self, now_ms: int) -> None:
        """Count a request."""
        self._sent.append(now_ms)
        if self._left is not None:
            self._left, self._used = max(0.0, self._left - 1), self._used + 1

    def learn(self, headers: Mapping[str, str], now_ms: int) -> None:
        """Read the headers of an answer, whose names are in lower case; without them the last ones hold."""
        left, reset = _number(headers, "x-ratelimit-remaining"), _number(headers, "x-ratelimit-reset")
        if left is not None and reset is not None:
            self._left, self._used = left, _number(headers, "x-ratelimit-used") or 0.0
            self._reset_ms = now_ms + round(min(reset, _LONGEST_SECONDS) * 1000)

    def refused(self, seconds: float, now_ms: int) -> None:
        """Note that Reddit has refused a request and asked to wait."""
        self._left = 0.0
        self._reset_ms = max(self._reset_ms, now_ms + round(min(seconds, _LONGEST_SECONDS) * 1000))


def patience(headers: Mapping[str, str], now_ms: int | None = None) -> float | None:
    """Return the seconds that Reddit asks to wait, by ``Retry-After`` or by the reset of its limit.

    >>> patience({"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "17"}), patience({})
    (17.0, None)
    """
    asked = retry_after(headers, now_ms)
    if asked is not None:
        return asked
    left, reset = _number(headers, "x-ratelimit-remaining"), _number(headers, "x-ratelimit-reset")
    return min(reset, _LONGEST_SECONDS) if reset is not None and (left is None or left < 1) else None


def busy_seconds(asked: float | None) -> float:
    """Return the seconds to wait after a refusal for too many requests."""
    return _BUSY_SECONDS if asked is None else asked


def _number(headers: Mapping[str, str], name: str) -> float | None:
    """Return the number in a header, whose name may be written in any case; None if there is none."""
    text = next((value for key, value in headers.items() if key.lower() == name), "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None
