"""Times in the headers of HTTP: dates in its three forms, and how long a server asks to wait."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]*)?")


def http_date_ms(text: str) -> int | None:
    """Return the moment of a header such as ``Date``, milliseconds since the epoch; None if it is no date.

    >>> http_date_ms("Mon, 30 Nov 2026 12:00:30 GMT") == http_date_ms("Mon Nov 30 12:00:30 2026") == 1796040030000
    True
    """
    try:
        moment = parsedate_to_datetime(text)
        return epoch_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def retry_after(headers: Mapping[str, str], now_ms: int | None = None) -> float | None:
    """Return the seconds that a server asks for by ``Retry-After``, which is a number or a date; None if it does not.

    Parameters
    ----------
    headers
        Headers of the answer, in which ``Date`` is the server's clock.
    now_ms
        The clock to compare with if the server states none, milliseconds since the epoch.

    Examples
    --------
    >>> retry_after({"Retry-After": "120"})
    120.0
    >>> retry_after({"Retry-After": "Mon, 30 Nov 2026 12:00:30 GMT", "Date": "Mon, 30 Nov 2026 12:00:00 GMT"})
    30.0
    """
    asked = headers.get("Retry-After", headers.get("retry-after", "")).strip()
    if _SECONDS.fullmatch(asked):
        return float(asked)
    until = http_date_ms(asked)
    present = http_date_ms(headers.get("Date", headers.get("date", ""))) or now_ms
    if until is None or present is None:
        return None
    return max(0.0, (until - present) / 1000)
