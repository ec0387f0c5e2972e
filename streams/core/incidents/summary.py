"""The summary of an alert: a sentence that says what is happening, and one that says why it does not page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import DAY_MS, HOUR_MS
from streams.core.incidents.what_changed import what_changed
from streams.core.wording.sentences import joined, sentence
from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.incidents.incident import Change, Incident
    from streams.core.wording.formats import Formats
    from streams.records import Comparison, Drivers, SentimentSplit, WindowCounts

_TERMS: Final = 3
"""Number of terms named."""

_ENOUGH: Final = 10
"""Mentions below which a multiple of the usual ones means nothing."""

_NOTHING: Final = 1.0
"""Usual mentions in the span, or in an hour, below which a multiple of them means nothing."""

_MANY_TIMES: Final = 1.5
"""Multiple of the usual pace from which it is mentioned, and whose inverse is mentioned as fewer than usual."""

_KNOWN_MS: Final = 7 * DAY_MS
"""Age of the oldest peak from which a new record means something."""

_NEW: Final = 0.5
_NEWER: Final = 0.2
"""Share of new authors, and its excess over the usual one, from which it is mentioned."""

_UNKNOWN: Final = 0.1
"""Share of mentions without a known author from which it is mentioned."""

_CONCENTRATED: Final = 4
"""Multiple of the authors who wrote half of the mentions from which they are few among all authors."""

_MOST: Final = 0.6
"""Share of the mentions by one author from which "half" is too little."""

_REPOSTED: Final = 0.5
"""Share of reposts from which it is mentioned."""


class Facts(NamedTuple):
    """The parts of an alert that its summary is written from.

    Parameters
    ----------
    name
        Name of the brand.
    change
        The step.
    window, split, drivers, comparison, top_author_share
        Those of the alert.
    terms
        Terms that stand out, the most certain first.
    """

    name: str
    change: Change
    window: WindowCounts
    split: SentimentSplit
    drivers: Drivers
    comparison: Comparison
    top_author_share: float
    terms: Sequence[str]


def summarise(formats: Formats, facts: Facts) -> str:
    """Summarise a step of an incident: what is happening, what has changed, and why it does not page."""
    incident = facts.change.incident
    return joined(
        _happening(formats, facts),
        what_changed(formats, facts.change),
        not_paged(formats, incident.suppressed, incident.occasion),
        by=" ",
    )


def not_paged(formats: Formats, suppressed: str | None, occasion: str) -> str:
    """Return the sentence that says why an incident or a score does not page; empty if nothing suppresses it.

    Parameters
    ----------
    formats
        Language and time zone.
    suppressed
        Why it must not page, or None.
    occasion
        Name that the config gives to the maintenance or event that suppresses it; empty without one.
    """
    if suppressed is None:
        return ""
    reason = formats.phrases.suppressions[suppressed]
    if occasion:
        reason = formats.phrases.occasion.format(reason=reason, name=occasion)
    return sentence(formats.phrases.not_paged.format(reason=reason))


def _happening(formats: Formats, facts: Facts) -> str:
    phrases, window = formats.phrases.summary, facts.window
    clauses = joined(
        _counted(formats, facts.change),
        _compared(formats, facts),
        _record(formats, facts),
        _negative(formats, facts),
        phrases.reposts if window.reposts > _REPOSTED * window.mentions else "",
        _accounts(formats, facts),
    )
    about = phrases.about.format(terms=", ".join(facts.terms[:_TERMS])) if facts.terms else ""
    clauses = joined(clauses, _half(formats, facts), about, by="; ")
    text = phrases.sentence.format(head=_head(formats, facts.name, facts.change.incident), facts=clauses)
    return text[:1] + sentence(text)[1:]  # a brand may begin with a small letter


def _head(formats: Formats, name: str, incident: Incident) -> str:
    phrases = formats.phrases.summary
    if incident.label is None:
        return phrases.again.format(name=name) if incident.reopened else name
    labels = phrases.labels_again if incident.label == incident.label_before else phrases.labels
    return phrases.head.format(name=name, label=labels[incident.label])


def _counted(formats: Formats, change: Change) -> str:
    """Return the number of mentions and their time."""
    phrases, start_ms = formats.phrases.summary, change.incident.start_ms
    mentions, span_ms = formats.mentions(change.mentions.count), change.until_ms - start_ms
    if change.kind == "resolve":
        return phrases.in_time.format(mentions=mentions, time=formats.between(start_ms, change.until_ms))
    since = formats.since(start_ms, change.at_ms)
    if span_ms < 1_000:
        return phrases.in_time.format(mentions=mentions, time=since)
    return phrases.in_span.format(mentions=mentions, span=formats.span(span_ms), time=since)


def _compared(formats: Formats, facts: Facts) -> str:
    """Return the phrase that compares the mentions with the usual ones; empty where they are about as many."""
    phrases, count, per_hour = (
        formats.phrases.summary,
        facts.change.mentions.count,
        facts.comparison.usual_mentions_per_hour,
    )
    if per_hour is None:
        return ""
    span_ms = facts.change.until_ms - facts.change.incident.start_ms
    usual = per_hour * span_ms / HOUR_MS
    if max(usual, per_hour) < _NOTHING:
        return phrases.usually_none
    times = facts.comparison.times_usual
    if times is not None and times >= _MANY_TIMES and count >= _ENOUGH:
        return phrases.times.format(multiple=formats.multiple(times))
    if usual >= _ENOUGH and count * _MANY_TIMES <= usual:
        return phrases.usually_more.format(n=formats.rounded(usual))
    return ""


def _record(formats: Formats, facts: Facts) -> str:
    """Return the phrase for a record hour, if the brand has been known for some time; empty otherwise."""
    peaks, start_ms = facts.comparison.past_peaks, facts.change.incident.start_ms
    known_ms = min((epoch_ms(peak.hour) for peak in peaks), default=start_ms)
    highest = max((peak.mentions for peak in peaks), default=0)
    if start_ms - known_ms < _KNOWN_MS or facts.comparison.busiest_hour <= highest:
        return ""
    return formats.phrases.summary.record.format(day=formats.day(known_ms))


def _negative(formats: Formats, facts: Facts) -> str:
    phrases, share, usual = formats.phrases.summary, facts.split.negative, facts.comparison.usual_negative
    if not facts.change.mentions.count or not (share or usual):
        return ""
    text = phrases.negative.format(share=formats.share(share))
    return text if usual is None else text + phrases.usually.format(share=formats.share(usual))


def _accounts(formats: Formats, facts: Facts) -> str:
    phrases, window, drivers = formats.phrases.summary, facts.window, facts.drivers
    unknown = drivers.mentions_without_author or 0
    authors = min(window.authors, window.mentions - unknown)
    if authors <= 0:
        return phrases.unknown_accounts if unknown else ""
    shown = formats.estimated(authors) if window.authors_estimated else None
    new, usual = drivers.newcomer_share, drivers.usual_newcomer_share
    strangers = new is not None and usual is not None and new > max(_NEW, usual + _NEWER)
    return joined(
        formats.counted(phrases.accounts, authors, shown),
        phrases.new if strangers else "",
        formats.counted(phrases.without_account, unknown) if unknown > _UNKNOWN * window.mentions else "",
    )


def _half(formats: Formats, facts: Facts) -> str:
    """Return the clause that names the few authors of half of the mentions; empty if they are not few."""
    phrases, half = formats.phrases.summary, facts.drivers.authors_of_half
    if half is None or _CONCENTRATED * half > facts.window.authors:
        return ""
    if half == 1 and facts.top_author_share >= _MOST:
        return phrases.most.format(share=formats.share(facts.top_author_share))
    return formats.counted(phrases.half, half, formats.phrases.small_numbers[half - 1])
