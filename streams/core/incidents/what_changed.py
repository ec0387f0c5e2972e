"""The sentence of an alert that says what has changed since the step before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS
from streams.core.wording.sentences import joined, sentence
from streams.records import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.incidents.incident import Change, ReportedStep
    from streams.core.wording.formats import Formats

_ENOUGH: Final = 10
"""Mentions as of the step before below which a multiple of them means nothing."""

_TWICE: Final = 1.95
"""Multiple of the mentions as of the step before from which it is mentioned."""


def what_changed(formats: Formats, change: Change) -> str:
    """Return the sentences about a step's changes; empty for the first step, and where nothing is known."""
    return joined(*map(sentence, _sentences(formats, change)), by=" ")


def _sentences(formats: Formats, change: Change) -> Iterator[str]:
    phrases, previous = formats.phrases.changes, change.previous
    if change.step == "correct":
        yield formats.counted(phrases.late, change.late)
    if change.kind == "resolve":
        yield _over(formats, change)
    elif change.step == "reopen":
        yield _reopened(formats, change)
    elif change.step != "correct" and previous is not None:
        yield joined(*_differences(formats, change, previous))


def _over(formats: Formats, change: Change) -> str:
    phrases, incident = formats.phrases.changes, change.incident
    span_ms = change.until_ms - incident.start_ms
    over = phrases.over.format(span=formats.span(span_ms))
    if span_ms <= HOUR_MS:
        return over
    return joined(over, phrases.peak.format(mentions=formats.mentions(incident.busiest)))


def _reopened(formats: Formats, change: Change) -> str:
    phrases, incident, previous = formats.phrases.changes, change.incident, change.previous
    over = ""
    if previous is not None and previous.step == "resolve":
        over = phrases.over_before.format(at=formats.at(previous.at_ms, change.at_ms))
    earlier = phrases.earlier.format(
        mentions=formats.mentions(incident.earlier), since=formats.since(incident.first_ms, change.at_ms)
    )
    return f"{phrases.reopened}: {joined(over, earlier, by='; ')}"


def _differences(formats: Formats, change: Change, previous: ReportedStep) -> Iterator[str]:
    phrases, words, incident, before = formats.phrases.changes, formats.phrases, change.incident, previous.state
    if SEVERITIES.index(incident.severity) > SEVERITIES.index(before.severity):
        yield phrases.severity.format(new=words.severities[incident.severity], old=words.severities[before.severity])
    pages = before.suppressed is not None and incident.suppressed is None
    if pages:
        yield phrases.pages
    is_labelled = incident.label is not None and incident.label != before.label
    if incident.label is not None and is_labelled:
        new, labels = words.summary.labels[incident.label], words.summary.labels
        yield (
            phrases.first_label.format(new=new)
            if before.label is None
            else phrases.label.format(new=new, old=labels[before.label])
        )
    further = sorted(incident.fired - before.fired)
    if further and not pages and not is_labelled:  # a label and paging follow from a detector that fires
        yield formats.counted(phrases.detectors, len(further), names=formats.listed(further))
    yield _growth(formats, change, previous)


def _growth(formats: Formats, change: Change, previous: ReportedStep) -> str:
    """Return the phrase for the growth of the mentions; empty if it is not worth a word."""
    phrases, at = formats.phrases.changes, formats.at(previous.at_ms, change.at_ms)
    now, then = change.mentions.count, previous.mentions
    if then < _ENOUGH:
        return formats.counted(phrases.more, now - then, at=at) if change.step == "grow" else ""
    times = now / then
    return phrases.times.format(multiple=formats.multiple(times), at=at) if times >= _TWICE else ""
