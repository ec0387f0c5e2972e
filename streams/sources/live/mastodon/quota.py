"""How many requests an instance still allows, by its own headers or by Mastodon's default of 300 in 5 minutes."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streams.records import epoch_ms
from streams.sources.live.http_dates import http_date_ms, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUESTS: Final = 300
WINDOW_MS: Final = 300_000
"""Requests an account, and an address, may make in 5 minutes (documentation of Mastodon, api/rate-limits)."""

LONGEST_WAIT_MS: Final = 3_600_000
"""An instance that names a later reset has another clock, or means something else."""


class RequestQuota:
    """Counts requests to one instance.

    Examples
    --------
    >>> quota = RequestQuota()
    >>> quota.sent(0)
    >>> quota.learn({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1970-01-01T00:01:00.5Z"}, now_ms=0)
    >>> quota.wait_seconds(500), quota.wait_seconds(60_500)
    (60.0, 0.0)
    """

    def __init__(self) -> None:
        self._sent: deque[int] = deque(maxlen=REQUESTS)
        self._left: int | None = None
        self._limit = ""
        self._reset_ms = 0

    @property
    def shown(self) -> str:
        """Return how many requests are left, as the instance said last; empty if it says nothing."""
        return "" if self._left is None else f"{self._left} of {self._limit or REQUESTS}"

    def wait_seconds(self, now_ms: int) -> float:
        """Return the seconds to wait before another request, 0 if there may be one now."""
        if self._left is None:
            is_full = len(self._sent) == REQUESTS
            return max(0, self._sent[0] + WINDOW_MS - now_ms) / 1000 if is_full else 0.0
        return max(0, self._reset_ms - now_ms) / 1000 if self._left <= 0 else 0.0

    def sent(self, now_ms: int) -> None:
        """Count a request."""
        self._sent.append(now_ms)
        if self._left is not None:
            self._left = self._left - 1 if self._left > 0 else None

    def refused(self, seconds: float, now_ms: int) -> None:
        """Note that the instance has asked to wait."""
        self._left = 0
        self._reset_ms = max(self._reset_ms, now_ms + min(int(seconds * 1000), LONGEST_WAIT_MS))

    def learn(self, headers: Mapping[str, str], now_ms: int) -> None:
        """Read the headers of an answer, whose names are in lower case."""
        left = headers.get("x-ratelimit-remaining", "").strip()
        reset = reset_seconds(headers, now_ms)
        if left.isascii() and left.isdecimal() and reset is not None:
            self._left = int(left[:9])
            self._reset_ms = now_ms + min(int(reset * 1000), LONGEST_WAIT_MS)
            limit = headers.get("x-ratelimit-limit", "").strip()
            self._limit = limit if limit.isascii() and limit.isdecimal() else ""
        else:
            self._left = None


def reset_seconds(headers: Mapping[str, str], now_ms: int | None = None) -> float | None:
    """Return the seconds until the limit is reset, which Mastodon states as a time in ISO 8601; None if it does not.

    Parameters
    ----------
    headers
        Headers of the answer, in which ``Date`` is the server's clock.
    now_ms
        The clock to compare with if the server states none, milliseconds since the epoch.

    Examples
    --------
    >>> reset_seconds({"x-ratelimit-reset": "2026-08-01T13:55:00.029100Z", "date": "Sat, 01 Aug 2026 13:53:10 GMT"})
    110.029
    """
    present = http_date_ms(_header(headers, "Date")) or now_ms
    try:
        reset = datetime.fromisoformat(_header(headers, "X-RateLimit-Reset"))
        until = epoch_ms(reset if reset.tzinfo else reset.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return None if present is None else max(0.0, (until - present) / 1000)


def patience(headers: Mapping[str, str], now_ms: int | None = None) -> float | None:
    """Return the seconds that an instance asks to wait, by ``Retry-After`` or by the reset of its limit."""
    asked = retry_after(headers, now_ms)
    if asked is not None:
        return asked
    return reset_seconds(headers, now_ms) if _header(headers, "X-RateLimit-Remaining").strip() in {"", "0"} else None


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, headers.get(name.lower(), ""))
