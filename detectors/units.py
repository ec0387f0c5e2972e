"""Units, defined once for the whole tree: lengths of time in milliseconds, and the units of what detectors observe."""

from __future__ import annotations

from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS

MENTIONS_PER_BUCKET: Final = "mentions per bucket"
NEGATIVE_SHARE: Final = "share of negative mentions"
