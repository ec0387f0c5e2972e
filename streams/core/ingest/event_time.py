"""Which event times of posts are accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from streams.errors import RecordError

if TYPE_CHECKING:
    from streams.config import IngestSettings

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def admit(ts_ms: int, now_ms: int, settings: IngestSettings) -> int:
    """Return the event time of a post, not later than the present; refuse impossible ones.

    Parameters
    ----------
    ts_ms
        Stated event time, milliseconds since the epoch.
    now_ms
        The present, milliseconds since the epoch: the wall clock at ingest, the broker's clock afterwards.
    settings
        Section `ingest` of the config.

    Raises
    ------
    RecordError
        With a reason of ``timestamp_too_old`` or ``timestamp_in_future``.

    Examples
    --------
    >>> from streams.config import IngestSettings
    >>> admit(1_700_000_030_000, now_ms=1_700_000_000_000, settings=IngestSettings())
    1700000000000
    """
    if ts_ms > now_ms + settings.max_future_seconds * 1000:
        raise RecordError(
            "timestamp_in_future",
            f"dated {_shown(ts_ms)}, further ahead of the clock ({_shown(now_ms)}) than "
            f"ingest.max_future_seconds={settings.max_future_seconds:g}",
            field="created_at",
        )
    if ts_ms < earliest_ms(settings):
        raise RecordError(
            "timestamp_too_old",
            f"dated {_shown(ts_ms)}, before ingest.oldest_year={settings.oldest_year}",
            field="created_at",
        )
    return min(ts_ms, now_ms)


def earliest_ms(settings: IngestSettings) -> int:
    """Return the earliest event time that is accepted, milliseconds since the epoch.

    >>> from streams.config import IngestSettings
    >>> earliest_ms(IngestSettings(oldest_year=2000))
    946684800000
    """
    return _start_of_year_ms(settings.oldest_year)


def _shown(ms: int) -> str:
    try:
        return f"{_EPOCH + timedelta(milliseconds=ms):%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return f"{ms} ms since 1970"


@lru_cache
def _start_of_year_ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000
