"""Times in the form that a field map states, brought into a form that is read without doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from streams.config.field_maps import EPOCHS, ISO
from streams.core.ingest.timestamps import MAX_TIME_CHARS, stated_time
from streams.core.ingest.wall_time import WallClock
from streams.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

_MOST_DIGITS: Final = 25
"""Digits before the point beyond which a number is no time; more could take for ever to convert."""


class TimeReader:
    """Reads the values of one field of times.

    Parameters
    ----------
    form
        One of `streams.config.field_maps.TIME_FORMATS`, or a pattern of ``strptime``; None for any form that posts may
        have (`streams.core.ingest.timestamps`).
    timezone
        IANA name of the zone of times that name none; None to leave them without one, for `ingest.timezone`.
    now_ms
        The clock, milliseconds since the epoch, if the present decides which of two hours is meant where clocks go
        back.

    Examples
    --------
    >>> TimeReader("%d.%m.%Y %H:%M", "Europe/Berlin").read("02.03.2026 11:15")
    '2026-03-02T10:15:00Z'
    >>> TimeReader("epoch_us").read("1772446500250000"), TimeReader("%Y%m%d").read(20260302)
    ('2026-03-02T10:15:00.250000Z', '2026-03-02T00:00:00')
    """

    def __init__(self, form: str | None, timezone: str | None = None, now_ms: Callable[[], int] | None = None) -> None:
        self._form = form
        self._wall_clock = None if timezone is None else WallClock(ZoneInfo(timezone))
        self._now_ms = now_ms

    def read(self, value: Any) -> Any:
        """Return a time of ISO 8601, or the value itself if it is not of the form, to be read or refused as any other.

        Parameters
        ----------
        value
            A text or a number.
        """
        moment = self._moment(value)
        if moment is None:
            return value
        if moment.tzinfo is None:
            if self._wall_clock is None:
                return moment.isoformat()
            now_ms = self._now_ms() if self._now_ms else None
            moment = _EPOCH + self._wall_clock.resolve_ms(moment, "", now_ms) * _MILLISECOND
        try:
            return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
        except OverflowError:
            return value

    def _moment(self, value: Any) -> datetime | None:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        text = str(value).strip()
        if len(text) > MAX_TIME_CHARS:
            return None
        try:
            if self._form is None:
                return _stated(value)
            if self._form in EPOCHS:
                return _of_epoch(text, EPOCHS[self._form])
            if self._form == ISO:
                return datetime.fromisoformat(text)
            return datetime.strptime(text, self._form)  # noqa: DTZ007  a time without a zone is a wall time
        except (ValueError, OverflowError, InvalidOperation, RecordError):
            return None


def _stated(value: str | float) -> datetime:
    moment = stated_time(value)
    return moment if isinstance(moment, datetime) else _EPOCH + moment * _MILLISECOND


def _of_epoch(text: str, units: int) -> datetime:
    number = Decimal(text)
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise ValueError(text)
    return _EPOCH + timedelta(microseconds=int(number * 1_000_000 / units))
