"""The words for what an explanation consists of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from detectors.extremes import reduced_variate, return_days
from detectors.numbers import shown
from detectors.reasons import RAREST_DAYS
from detectors.units import HOUR_MS, MINUTE_MS, NEGATIVE_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from detectors.base import Condition, ConditionName, Measure
    from streams.core.detect.explaining import ExplainedDetector

_SUBJECTS: Final[Mapping[ConditionName, str]] = {
    "rarity": "rare enough",
    "size": "large enough",
    "significance": "more than chance",
    "lasting": "lasting",
    "learning": "has learned",
    "closed": "bucket is closed",
    "data": "has a number to score",
    "sources": "sources deliver",
    "history": "brand is known",
    "known_mentions": "brand is known",
    "refractory": "not a repeat",
    "attention": "3 times usual mentions",
    "mentions": "mentions",
    "people": "people",
    "several_sources": "from other sources",
}

SUPPRESSED: Final[Mapping[str, str]] = {
    "cold_start": "too little is known of the brand yet",
    "refractory": "it fired recently (refractory_hours)",
    "spam": "few accounts repeat themselves",
    "surge": "all brands are talked about more than usual",
    "outage": "most sources deliver nothing",
    "maintenance": "maintenance",
    "expected": "expected event",
}
"""Why a score of 1 and more does not page."""


def moment(at_ms: float, zone: tzinfo = UTC) -> str:
    """Format a moment to the second, with its zone.

    >>> moment(1_772_552_390_000)
    '2026-03-03 15:39:50 UTC'
    """
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M:%S} {zone}"


def clock(at_ms: float, zone: tzinfo = UTC) -> str:
    """Format the time of day of a moment, with seconds where there are any.

    >>> clock(1_772_552_400_000), clock(1_772_552_390_000)
    ('15:40', '15:39:50')
    """
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def time_near(at_ms: float, near_ms: float, zone: tzinfo = UTC) -> str:
    """Format a moment as a time of day, with its date if that is not the one of another moment.

    >>> time_near(1_772_552_400_000, 1_772_556_000_000), time_near(1_772_552_400_000, 1_772_656_000_000)
    ('15:40', '2026-03-03 15:40')
    """
    local, near = (datetime.fromtimestamp(each / 1000, zone) for each in (at_ms, near_ms))
    return clock(at_ms, zone) if local.date() == near.date() else f"{local:%Y-%m-%d} {clock(at_ms, zone)}"


def duration(span_ms: float) -> str:
    """Format a length of time.

    >>> [duration(minutes * 60_000) for minutes in (0.5, 5, 90, 6_000)]
    ['30 s', '5 min', '1.5 h', '4.2 days']
    """
    if span_ms < MINUTE_MS:
        return f"{span_ms / 1000:.0f} s"
    if span_ms < HOUR_MS:
        return f"{span_ms / MINUTE_MS:.0f} min"
    hours = span_ms / HOUR_MS
    return f"{shown(round(hours, 1))} h" if hours < 48 else f"{shown(round(hours / 24, 1))} days"


def return_period(rarity: float, once_in_days: float) -> str:
    """Format how often a score of a detector of rarities occurs by chance; below 1 never as often as `once_in_days`.

    >>> return_period(1.0, 7), return_period(0.5, 7), return_period(0, 7), return_period(30, 7)
    ('once in 7 days', 'once in 3.1 days', 'as usual', 'once in ten years')
    >>> return_period(0.999, 7)
    'once in 6.99 days'
    """
    if rarity <= 0:
        return "as usual"
    days = return_days(rarity * reduced_variate(once_in_days))
    if rarity < 1 and round(days, 1) >= round(once_in_days, 1):
        return f"once in {min(days, once_in_days - 0.01):.2f} days"
    return f"once in {shown(round(days, 1))} days" if days < RAREST_DAYS else "once in ten years"


def score(value: float) -> str:
    """Format a score to two decimals; one below 1 is rounded down, since 1 is the value from which a detector fires.

    >>> score(0.998), score(0.444), score(0.446), score(1.004)
    ('0.99', '0.44', '0.45', '1.00')
    """
    return f"{min(value, 0.99) if value < 1 else value:.2f}"


def value(number: float, unit: str) -> str:
    """Format a value of a measure in its unit."""
    return f"{number:.0%}" if unit == NEGATIVE_SHARE else amount(number)


def amount(number: float) -> str:
    """Format an amount; the usual mentions of a silent brand are hardly any.

    >>> amount(1627.4), amount(0.0000018), amount(0)
    ('1,627', '< 0.001', '0')
    """
    return "< 0.001" if 0 < number < 0.001 else shown(number)


def counted(number: float, noun: str) -> str:
    """Format a number with its noun.

    >>> counted(1, "mention"), counted(1_200, "mention")
    ('1 mention', '1,200 mentions')
    """
    return f"{amount(number)} {noun}" if number == 1 else f"{amount(number)} {noun}s"


def over(measure: Measure) -> str:
    """Format what a measure is, and over which time."""
    return f"{measure.unit}, {duration(measure.hours * HOUR_MS)}" if measure.hours else measure.unit


def condition(each: Condition, detector: ExplainedDetector, once_in_days: float, zone: tzinfo) -> tuple[str, str, str]:
    """Return subject, observed and needed value of a condition as words."""
    subject, observed, needed = _SUBJECTS[each.name], amount(each.observed), f"at least {amount(each.needed)}"
    match each.name:
        case "rarity":
            observed, needed = return_period(each.observed, once_in_days), return_period(1.0, once_in_days)
        case "size":
            observed, needed = f"{observed} times usual", f"{shown(each.needed)} times"
        case "significance":
            unit = "std. deviations" if detector.kind == "multivariate" else "std. errors"
            observed = f"{observed} {unit}"
        case "learning":
            observed, needed = f"{observed} h", f"{shown(each.needed)} h"
        case "closed" | "data":
            observed, needed = "yes" if each.met else "no", "yes"
        case "sources":
            observed, needed = f"{each.observed:.0%} of the usual", f"more than {each.needed:.0%}"
        case "history":
            observed = duration(each.observed * HOUR_MS) if each.needed else "yes"
            needed = duration(each.needed * HOUR_MS) if each.needed else "-"
        case "known_mentions":
            observed, needed = f"{observed} mentions", f"{shown(each.needed)} mentions"
        case "refractory" if each.until_ms is None:
            observed, needed = "no recent firing", "-"
        case "refractory":
            observed = f"score {score(each.observed)}"
            needed = f"{each.needed:.2f} until {_day_and_time(each.until_ms or 0, zone)}"
        case "people" if not each.observed:
            observed = "authors unknown"
        case "several_sources":
            is_usual = each.met and each.observed <= each.needed
            needed = "-" if is_usual else f"more than {shown(each.needed)}"
            observed = "one source, as usual" if is_usual else observed
    return subject, observed, needed


def _day_and_time(at_ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%m-%d %H:%M}"
