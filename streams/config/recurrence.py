"""Compute when an event happens again: every week, month or year, or by a rule of RFC 5545 as calendars export it.

Everything here is on the clocks of one zone, without offsets, so that an event at 20:00 is at 20:00 in summer and in
winter.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile
from typing import TYPE_CHECKING, Final, Literal

from dateutil.rrule import rrule, rrulestr

from streams.config.moments import LAST_YEAR
from streams.config.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

Period = Literal["week", "month", "year"]

_FREQUENCIES: Final[Mapping[str, str]] = {"week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}

_ALLOWED: Final = (
    "FREQ", "INTERVAL", "COUNT", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER",
    "WKST",
)  # fmt: skip
_DAILY_OR_RARER: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_LOOKED_AT: Final = 500
"""Occurrences whose distances are compared with the length of the event."""

_SAMPLE: Final = "FREQ=MONTHLY;BYDAY=2TU"


def check_period(period: Period, first: datetime) -> None:
    """Raise an error for a day that not every period has, since it could mean the last one or none.

    Raises
    ------
    ValueError
        If `first` is the 29th, 30th or 31st of a monthly event, or 29 February of a yearly one.
    """
    if period == "month" and first.day > 28:
        raise ValueError(
            f"not every month has a day {first.day}: write `rrule: FREQ=MONTHLY;BYMONTHDAY=-1` instead of `every` for "
            "the last day of the month"
        )
    if period == "year" and (first.month, first.day) == (2, 29):
        raise ValueError(
            "not every year has a 29 February: write `rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1` instead of `every` "
            "for the last day of February"
        )


def check_rule(text: str) -> str:
    """Return a rule such as ``FREQ=MONTHLY;BYDAY=2TU``, if it is one, in capitals and without ``RRULE:``.

    Raises
    ------
    ValueError
        If it is none, or names times of day, which the event has already.
    """
    rule = text.strip().upper().removeprefix("RRULE:")
    parts = [part.partition("=") for part in rule.split(";") if part]
    for name, _, value in parts:
        if name == "UNTIL":
            raise ValueError("has UNTIL: write the last day as `until` beside the rule")
        if name not in _ALLOWED:
            question = did_you_mean(name, _ALLOWED)
            raise ValueError(
                f"{name!r} is no part of a rule such as {_SAMPLE}; there are {', '.join(_ALLOWED)}{question}"
            )
        if name in {"INTERVAL", "COUNT"} and not (value.isdecimal() and 0 < int(value[:9]) <= 10_000):
            raise ValueError(f"{name} must be a number from 1 to 10,000, got {value!r}")
    if {name: value for name, _, value in parts}.get("FREQ") not in _DAILY_OR_RARER:
        raise ValueError(f"must have FREQ= and one of {', '.join(_DAILY_OR_RARER)}, such as {_SAMPLE}, got {text!r}")
    try:
        rrulestr(rule, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001  on the clocks of no zone
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"is not a rule such as {_SAMPLE}, got {text!r} ({error})") from None
    return rule


def check_length(rule: str, first: datetime, until: date | None, length: timedelta) -> None:
    """Raise an error if an event never happens, or lasts longer than until it happens again.

    Raises
    ------
    ValueError
        If so.
    """
    starts = list(islice(_rule(rule, first, until), _LOOKED_AT))
    if not starts:
        raise ValueError(f"never happens from {first.date()} on" + (f" until {until}" if until else ""))
    shortest = min((after - before for before, after in pairwise(starts)), default=None)
    if shortest is not None and length > shortest:
        raise ValueError(f"lasts {_shown(length)}, and happens again after {_shown(shortest)}: it must end before that")


@cache
def starts_in(rule: str, first: datetime, until: date | None, year: int) -> tuple[datetime, ...]:
    """Return when an event begins in a year.

    Parameters
    ----------
    rule
        A period, or a rule as of `check_rule`.
    first
        The earliest beginning, on the clocks of the event's zone.
    until
        Last day on which the event may begin; None if there is none.
    year
        The year.
    """
    upto = takewhile(lambda start: start.year <= year, _rule(rule, first, until))
    return tuple(start for start in upto if start.year == year)


def _rule(rule: str, first: datetime, until: date | None) -> Iterator[datetime]:
    """Yield the beginnings in their order."""
    end = datetime.max if until is None else datetime.combine(until, time.max)  # noqa: DTZ901  on the clocks of no zone
    text = f"FREQ={_FREQUENCIES[rule]}" if rule in _FREQUENCIES else rule
    made = rrulestr(text, dtstart=first)
    if isinstance(made, rrule) and "COUNT=" not in text:  # of which RFC 5545 allows one beside a count
        made = made.replace(until=datetime(LAST_YEAR, 12, 31))  # noqa: DTZ001
    return takewhile(lambda start: start <= end, made)


def _shown(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
