"""The summary of an alert: one plain sentence in English or German."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.config import Language
    from streams.core.incidents.incident import Change
    from streams.core.rollup.tally import Tally
    from streams.records import Comparison, Drivers, SentimentSplit

_TERMS: Final = 3
"""Number of terms named."""

_MANY_TIMES: Final = 1.5
"""Multiple of the usual pace from which it is mentioned."""

_TODAY_MS: Final = 20 * HOUR_MS
"""Age from which the start is given with its date."""

_KNOWN: Final = timedelta(days=7)
"""Age of the oldest peak from which a new record means something."""

_NEW: Final = 0.5
_NEWER: Final = 0.2
"""Share of new authors, and its excess over the usual one, from which it is mentioned."""

_UNKNOWN: Final = 0.1
"""Share of mentions without a known author from which it is mentioned."""

_CONCENTRATED: Final = 4
"""Multiple of the authors who wrote half of the mentions from which they are few among all authors."""

_REPOSTED: Final = 0.5
"""Share of reposts from which it is mentioned."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The phrases of one language; placeholders in braces name the values to fill in."""

    mentions: tuple[str, str]
    spans: tuple[tuple[str, str], tuple[str, str], str]
    template: str
    since: str
    since_day: str
    times: str
    negative: str
    usual: str
    authors: tuple[str, str]
    half: tuple[str, str]
    without_author: str
    no_authors: str
    new: str
    reposts: str
    about: str
    peak: str
    again: str
    over: str
    corrected: str
    suppressed: str
    labels: Mapping[str, str]
    reasons: Mapping[str, str]
    decimal: str


_ENGLISH: Final = _Words(
    mentions=("{} mention", "{} mentions"),
    spans=(("{} second", "{} seconds"), ("{} minute", "{} minutes"), "{} hours"),
    template="{name}{label}{again}: {mentions} in {span} {since}{times}, {negative}{usual}{by}{reposts}{about}{peak}.",
    since="since {:%H:%M} UTC",
    since_day="since {:%Y-%m-%d %H:%M} UTC",
    times=", {} times the usual",
    negative="{}% negative",
    usual=" (usually {}%)",
    authors=(", by {} author", ", by {} authors"),
    half=(" (half by one)", " (half by {})"),
    without_author=", {} without a known author",
    no_authors=", by unknown authors",
    new=", most of them new",
    reposts=", mostly reposts",
    about=", about {}",
    peak=", more in an hour than ever since {:%Y-%m-%d}",
    again=" again",
    over=" It is over.",
    corrected=" Corrected by posts that came late.",
    suppressed=" Suppressed: {}.",
    labels={},
    reasons={},
    decimal=".",
)

_GERMAN: Final = _Words(
    mentions=("{} Erwähnung", "{} Erwähnungen"),
    spans=(("{} Sekunde", "{} Sekunden"), ("{} Minute", "{} Minuten"), "{} Stunden"),
    template="{name}{label}{again}: {mentions} in {span} {since}{times}, {negative}{usual}{by}{reposts}{about}{peak}.",
    since="seit {:%H:%M} UTC",
    since_day="seit {:%d.%m.%Y %H:%M} UTC",
    times=", {}-mal so viele wie üblich",
    negative="{} % negativ",
    usual=" (sonst {} %)",
    authors=(", von {} Konto", ", von {} Konten"),
    half=(" (die Hälfte von einem)", " (die Hälfte von {})"),
    without_author=", {} ohne bekanntes Konto",
    no_authors=", von unbekannten Konten",
    new=", meist neuen",
    reposts=", größtenteils weiterverbreitet",
    about=", Thema: {}",
    peak=", in einer Stunde mehr als je seit dem {:%d.%m.%Y}",
    again=" erneut",
    over=" Es ist vorbei.",
    corrected=" Berichtigt um verspätete Beiträge.",
    suppressed=" Unterdrückt: {}.",
    labels={
        "crisis": "Krise", "praise": "Lob", "surge": "allgemeiner Andrang", "spam": "Spam",
        "outage": "Quellen ausgefallen",
    },
    reasons={
        "cold_start": "noch zu wenig über die Marke bekannt", "refractory": "gerade erst gemeldet",
        "surge": "allgemeiner Andrang", "spam": "Spam", "outage": "Quellen ausgefallen",
    },
    decimal=",",
)  # fmt: skip

_WORDS: Final[Mapping[Language, _Words]] = {"en": _ENGLISH, "de": _GERMAN}


def summarise(
    language: Language,
    name: str,
    change: Change,
    split: SentimentSplit,
    drivers: Drivers,
    comparison: Comparison,
    terms: Sequence[str],
) -> str:
    """Summarise a step of an incident; the end, a correction and a suppression are appended as short sentences.

    Parameters
    ----------
    language
        Language of the summary.
    name
        Name of the brand.
    change
        The step.
    split, drivers, comparison
        Those of the alert.
    terms
        Terms that stand out, the most certain first.
    """
    words, mentions, incident = _WORDS[language], change.mentions, change.incident
    start, span_ms = datetime.fromtimestamp(incident.start_ms / 1000, UTC), change.until_ms - incident.start_ms
    usual = comparison.usual_negative
    summary = words.template.format(
        name=name,
        label=f", {words.labels.get(incident.label, incident.label)}" if incident.label else "",
        again=words.again if incident.reopened else "",
        mentions=_counted(words.mentions, mentions.count),
        span=_span(words, span_ms),
        since=(words.since if span_ms < _TODAY_MS else words.since_day).format(start),
        times=_times(words, comparison.times_usual),
        negative=words.negative.format(f"{100 * split.negative:.0f}"),
        usual=words.usual.format(f"{100 * usual:.0f}") if usual is not None else "",
        by=_authors(words, mentions, drivers),
        reposts=words.reposts if mentions.reposts > _REPOSTED * mentions.count else "",
        about=words.about.format(", ".join(terms[:_TERMS])) if terms else "",
        peak=_peak(words, start, comparison),
    )
    if change.kind == "resolve":
        summary += words.over
    if change.step == "correct":
        summary += words.corrected
    if incident.suppressed:
        summary += words.suppressed.format(words.reasons.get(incident.suppressed, incident.suppressed))
    return summary


def _authors(words: _Words, mentions: Tally, drivers: Drivers) -> str:
    authors, unknown = mentions.authors.distinct, drivers.mentions_without_author or 0
    if not authors:
        return words.no_authors if unknown else ""
    half = drivers.authors_of_half
    new, usual = drivers.newcomer_share, drivers.usual_newcomer_share
    strangers = new is not None and usual is not None and new > max(_NEW, usual + _NEWER)
    without = words.without_author.format(unknown) if unknown > _UNKNOWN * mentions.count else ""
    spread = _counted(words.half, half) if half is not None and _CONCENTRATED * half <= authors else ""
    return _counted(words.authors, authors) + spread + (words.new if strangers else "") + without


def _peak(words: _Words, start: datetime, comparison: Comparison) -> str:
    """Return the phrase for a record hour, if the brand has been known for some time; empty otherwise."""
    known_since = min((peak.hour for peak in comparison.past_peaks), default=start)
    highest = max((peak.mentions for peak in comparison.past_peaks), default=0)
    if start - known_since < _KNOWN or comparison.busiest_hour <= highest:
        return ""
    return words.peak.format(known_since)


def _times(words: _Words, times: float | None) -> str:
    if times is None or times < _MANY_TIMES:
        return ""
    return words.times.format(f"{times:.0f}" if times >= 10 else f"{times:.1f}".replace(".", words.decimal))


def _counted(patterns: tuple[str, str], count: int) -> str:
    return patterns[count != 1].format(count)


def _span(words: _Words, span_ms: int) -> str:
    """Return a span of time as words, in whole minutes below two hours.

    >>> [_span(_ENGLISH, minutes * 60_000) for minutes in (1, 90, 150)]
    ['1 minute', '90 minutes', '2.5 hours']
    """
    seconds, minutes, hours = words.spans
    whole = round(span_ms / MINUTE_MS)
    if whole < 1:
        return _counted(seconds, round(span_ms / 1000))
    if whole < 120:
        return _counted(minutes, whole)
    return hours.format(f"{whole / 60:.1f}".replace(".", words.decimal))
