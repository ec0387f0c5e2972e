"""Numbers, shares, spans of time and moments as people of a language read them, by CLDR (babel).

No-break spaces of CLDR become ordinary ones: alerts are searched, copied and matched as text.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent, format_scientific

from detectors.units import DAY_MS, HOUR_MS, MINUTE_MS
from streams.config.moments import zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.wording.phrases import Forms, Phrases

_SPACES: Final = str.maketrans({"\u00a0": " ", "\u202f": " "})

_SAME_DAY_MS: Final = 20 * HOUR_MS
"""Distance of moments of two days from which a date is needed to know which day is meant."""

_DAYS: Final = 2
_WHOLE_DAYS: Final = 4
"""Days from which a span is written in days, and from which without hours."""

_ROUGH_HOURS: Final = 2
"""Hours from which minutes are left out of a rough span."""

_HUGE: Final = 1e15
"""Number from which digits are not written out."""


class Formats:
    """Formats of one language and time zone.

    Parameters
    ----------
    phrases
        The language.
    timezone
        Name of the zone in the tz database.

    Examples
    --------
    >>> from streams.core.wording.german import GERMAN
    >>> german = Formats(GERMAN, "Europe/Berlin")
    >>> german.count(1234), german.share(0.456), german.clock(1_780_000_000_000)
    ('1.234', '46 %', '22:26 MESZ')
    """

    def __init__(self, phrases: Phrases, timezone: str) -> None:
        self.phrases = phrases
        self._zone = zone_of(timezone)

    def count(self, number: int) -> str:
        """Return a whole number with separators of thousands."""
        return _plain(format_decimal(number, locale=self.phrases.locale))

    def number(self, number: float) -> str:
        """Return a number with three significant digits, or as a whole one from 100 on."""
        if abs(number) >= _HUGE:
            return _plain(format_scientific(float(f"{number:.2e}"), locale=self.phrases.locale))
        rounded = float(f"{number:.3g}") if abs(number) < 100 else round(number)
        return _plain(format_decimal(rounded, locale=self.phrases.locale, decimal_quantization=False))

    def usual(self, number: float) -> str:
        """Return a usual number, with two significant digits below ten and in words if it is nearly nothing."""
        if number < 0.05:
            return self.phrases.reasons.almost_none
        return self.number(float(f"{number:.2g}") if number < 10 else round(number))

    def rounded(self, number: float) -> str:
        """Return a number rounded to a step that suits its size, marked as rounded.

        >>> from streams.core.wording.english import ENGLISH
        >>> [Formats(ENGLISH, "UTC").rounded(number) for number in (12.4, 43, 90_920)]
        ['about 10', 'about 45', 'about 90,000']
        """
        step = 10 ** math.floor(math.log10(number)) / 2
        return self.phrases.about.format(n=self.count(round(round(number / step) * step)))

    def multiple(self, times: float) -> str:
        """Return a multiple: with one decimal below ten, rounded from there on.

        >>> from streams.core.wording.german import GERMAN
        >>> [Formats(GERMAN, "UTC").multiple(times) for times in (2.04, 2.46, 14)]
        ['doppelt', '2,5-mal', 'etwa 15-mal']
        """
        tenths = round(times, 1)
        word = self.phrases.multiples.get(int(tenths)) if tenths == int(tenths) else None
        return word or self.phrases.multiple.format(n=self.number(tenths) if tenths < 10 else self.rounded(times))

    def estimated(self, number: int) -> str:
        """Return a number that is an estimate, with two significant digits."""
        return self.phrases.about.format(n=self.count(int(float(f"{number:.2g}"))))

    def counted(self, forms: Forms, number: int, shown: str | None = None, **values: str) -> str:
        """Return a phrase with a number, in the form that the plural rules of CLDR demand.

        Parameters
        ----------
        forms
            The phrase in each of its forms.
        number
            The number.
        shown
            The number in other words.
        values
            Whatever else is filled in.
        """
        form = forms.get(_locale(self.phrases.locale).plural_form(number)) or forms["other"]
        return form.format(n=self.count(number) if shown is None else shown, **values)

    def listed(self, names: Sequence[str]) -> str:
        """Return names with commas and an "and" before the last."""
        return _plain(format_list(names, locale=self.phrases.locale))

    def mentions(self, number: int) -> str:
        """Return so many mentions."""
        return self.counted(self.phrases.mentions, number)

    def share(self, share: float) -> str:
        """Return a share in whole percent; one that is not nothing, or not everything, is not rounded to it."""
        if 0 < share < 0.005:
            return self.phrases.less_than.format(share=self._percent(0.01))
        if 0.995 < share < 1:
            return self.phrases.more_than.format(share=self._percent(0.99))
        return self._percent(share)

    def _percent(self, share: float) -> str:
        return _plain(format_percent(share, locale=self.phrases.locale))

    def span(self, span_ms: float, *, lasting: bool = False, rough: bool = False) -> str:
        """Return a span of time.

        Parameters
        ----------
        span_ms
            Its length in milliseconds.
        lasting
            Whether no preposition precedes it.
        rough
            Whether it is only approximate.

        Examples
        --------
        >>> from streams.core.wording.english import ENGLISH
        >>> english = Formats(ENGLISH, "UTC")
        >>> [english.span(minutes * 60_000) for minutes in (0.5, 1, 60, 107, 1_500, 2_880, 3_100, 7_300)]
        ['30 seconds', '1 minute', '1 hour', '1 h 47 min', '25 hours', '2 days', '2 days 4 h', '5 days']
        """
        words = self.phrases.durations
        day_forms = words.days if lasting else words.in_days
        seconds, minutes = round(span_ms / 1000), round(span_ms / MINUTE_MS)
        if seconds < 60:
            return self.counted(words.seconds, seconds)
        if minutes < 60:
            return self.counted(words.minutes, minutes)
        if span_ms < DAY_MS - MINUTE_MS / 2:
            hours, minutes = divmod(minutes, 60)
            if rough and hours >= _ROUGH_HOURS:
                return self.counted(words.hours, round(span_ms / HOUR_MS))
            if not minutes:
                return self.counted(words.hours, hours)
            return f"{words.short_hours.format(n=hours)} {words.short_minutes.format(n=minutes)}"
        hours = round(span_ms / HOUR_MS)
        if hours < 24 * _DAYS:
            return self.counted(words.hours, hours)
        days, hours = divmod(hours, 24)
        if days >= _WHOLE_DAYS or rough:
            return self.counted(day_forms, round(span_ms / DAY_MS))
        return self.counted(day_forms, days) + (f" {words.short_hours.format(n=hours)}" if hours else "")

    def clock(self, ms: int) -> str:
        """Return the time of day of a moment, with the abbreviation of its zone."""
        moment = self._local(ms)
        return self.phrases.moments.clock.format(time=self._time(moment), zone=self._zone_name(moment))

    def day(self, ms: int) -> str:
        """Return the date of a moment."""
        return _plain(format_date(self._local(ms), self.phrases.moments.day_pattern, locale=self.phrases.locale))

    def at(self, ms: int, now_ms: int) -> str:
        """Return a moment, with its date if it is of another day than `now_ms` and not of the same night."""
        return self._moment(self.phrases.moments.at, ms, now_ms)

    def since(self, ms: int, now_ms: int) -> str:
        """Return a beginning, with its date if it is of another day than `now_ms` and not of the same night."""
        return self._moment(self.phrases.moments.since, ms, now_ms)

    def _moment(self, patterns: tuple[str, str], ms: int, now_ms: int) -> str:
        return patterns[self._needs_day(ms, now_ms)].format(clock=self.clock(ms), day=self.day(ms))

    def between(self, start_ms: int, end_ms: int) -> str:
        """Return a beginning and an end, with their dates if these are of different days and nights."""
        start, end = self._local(start_ms), self._local(end_ms)
        same_zone = self._zone_name(start) == self._zone_name(end)
        return self.phrases.moments.between[self._needs_day(start_ms, end_ms)].format(
            start=self._time(start) if same_zone else self.clock(start_ms),
            end=self.clock(end_ms),
            start_day=self.day(start_ms),
            end_day=self.day(end_ms),
        )

    def _needs_day(self, ms: int, other_ms: int) -> bool:
        is_far = abs(other_ms - ms) >= _SAME_DAY_MS
        return is_far and self._local(ms).date() != self._local(other_ms).date()

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone)

    def _time(self, moment: datetime) -> str:
        return _plain(format_time(moment.time(), "HH:mm", locale=self.phrases.locale))

    def _zone_name(self, moment: datetime) -> str:
        """Return the abbreviation of the zone, or its offset where the tz database has none.

        CLDR is not asked: it calls Casablanca, an hour ahead of Greenwich, Western European Time.
        """
        name = moment.tzname() or ""
        return self.phrases.moments.zones.get(name, name) if name.isalpha() else _offset(moment)


def _offset(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    if not (hours or minutes):
        return "UTC"
    return f"UTC{'-' if offset < timedelta() else '+'}{hours}{f':{minutes:02}' if minutes else ''}"


def _plain(text: str) -> str:
    return text.translate(_SPACES)


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)
