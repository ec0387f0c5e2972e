"""What follows from an explained moment, in one sentence."""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING

from streams.core.wording.english import ENGLISH
from streams.offline.why.words import SUPPRESSED, clock, counted, score, time_near
from streams.records import epoch_ms

if TYPE_CHECKING:
    from datetime import tzinfo

    from streams.core.detect.explaining import Emerging, Evidence, ExplainedDetector, ExplainedMoment
    from streams.core.incidents.incident import Incident
    from streams.offline.why.playback import Played
    from streams.records import Alert


def conclusion(played: Played, at_ms: int, zone: tzinfo = UTC) -> str:
    """Return why there was an alert at a moment, or none.

    Parameters
    ----------
    played
        What the mentions of the brand gave.
    at_ms
        The moment that was asked for, event time in milliseconds since the epoch.
    zone
        Time zone of the times that are named.
    """
    at, explained = clock(at_ms, zone), played.moment
    if explained is None:
        return f"No alert at {at}: no mention of the brand had come by then."
    if is_stale(explained, at_ms):
        last = time_near(explained.at_ms, at_ms, zone)
        return f"No alert at {at}: no posts came after {last}, so nothing was evaluated."
    alert = next((each for each in played.alerts if epoch_ms(each.at) == explained.at_ms), None)
    if alert is not None:
        return _raised(alert, explained, zone)
    if explained.incident is not None:
        return _open(explained.incident, explained, at, zone)
    above = _firing(explained)
    if above:
        return f"No alert at {at}: {_scored(above[0])}, but {_hindrance(above[0], explained)}."
    return f"No alert at {at}: {_below(explained)}."


def is_stale(explained: ExplainedMoment, at_ms: int) -> bool:
    """Return whether the last evaluation lies so far before a moment that nothing came in between."""
    return at_ms - explained.at_ms > 2 * explained.bucket.length_ms


def _live(explained: ExplainedMoment) -> list[ExplainedDetector]:
    return [each for each in explained.detectors if not each.shadow]


def _firing(explained: ExplainedMoment) -> list[ExplainedDetector]:
    """Return the live detectors whose score was 1 or more, highest first."""
    return sorted((each for each in _live(explained) if each.value >= 1), key=lambda each: -each.value)


def _raised(alert: Alert, explained: ExplainedMoment, zone: tzinfo) -> str:
    at = clock(explained.at_ms, zone)
    what = _what(alert)
    if alert.kind == "resolve":
        return f"Alert at {at}: {what}, because its buckets have been quiet for long enough."
    above = _firing(explained)
    because = f", because {' and '.join(map(_scored, above))}" if above else ""
    if alert.suppressed is None:
        return f"Alert at {at}: {what}{because}."
    reason = _why_suppressed(alert.suppressed, explained)
    return f"Alert at {at} that does not page: {what}{because}, suppressed: {reason}."


def _what(alert: Alert) -> str:
    step = alert.step or alert.kind
    if step == "grow":
        return f"the incident ({alert.severity}) had grown"
    if step == "escalate":
        return f"the incident was escalated to {alert.severity}"
    if step in ("open", "reopen"):
        return f"the incident was {ENGLISH.steps[step]} as {alert.severity}"
    return f"the incident ({alert.severity}) was {ENGLISH.steps[step]}"


def _open(incident: Incident, explained: ExplainedMoment, at: str, zone: tzinfo) -> str:
    begun = time_near(incident.start_ms, explained.at_ms, zone)
    since = f"the incident since {begun} ({incident.severity}) was still open"
    if incident.suppressed:
        since += f", suppressed: {_why_suppressed(incident.suppressed, explained)}"
    above = _firing(explained)
    if not above:
        return f"No further alert at {at}: {since}; {_below(explained)}."
    return f"No further alert at {at}: {since}; {_scored(above[0])}, which changed nothing about it."


def _below(explained: ExplainedMoment) -> str:
    live = _live(explained)
    if not live:
        return "no live detector scored the bucket"
    nearest = max(live, key=lambda each: (each.value, -(each.lacking or math.inf)))
    lack = lacked(nearest)
    if nearest.lacking and explained.bucket.count + nearest.lacking < explained.needed.mentions:
        lack += f", and an incident opens with {least(explained.needed)}"
    return f"{_scored(nearest)}; {lack}" if lack else _scored(nearest)


def lacked(detector: ExplainedDetector) -> str:
    """Return what a score below 1 lacked, in words; empty for others."""
    if detector.value >= 1:
        return ""
    if detector.lacking:
        return f"it lacked {counted(detector.lacking, 'negative mention' if detector.wants_negative else 'mention')}"
    unmet = {each.name for each in detector.explanation.conditions if not each.met and each.suppressed is None}
    if "closed" in unmet:
        return "it scores a bucket when it has closed"
    if "data" in unmet:
        return "the bucket had nothing that it scores"
    if "learning" in unmet:
        return "it has not learned for long enough"
    return "no number of mentions in this bucket alone would have been enough"


def _scored(detector: ExplainedDetector) -> str:
    return f"{detector.name} {score(detector.value)} of 1"


def _hindrance(detector: ExplainedDetector, explained: ExplainedMoment) -> str:
    """Return why a detector whose score was 1 or more opened no incident; what is suppressed opens one, too."""
    if explained.emerging is not None:
        return f"an incident opens with {evidence(explained.emerging, explained.needed)}"
    suppressed = explained.suppression_of(detector)
    return f"it was suppressed: {_why_suppressed(suppressed, explained)}" if suppressed else "that opened no incident"


def least(needed: Evidence) -> str:
    """Return the least evidence in words."""
    return f"{counted(needed.mentions, 'mention')} by {counted(needed.people, 'author')}"


def evidence(emerging: Emerging, needed: Evidence) -> str:
    """Return what an incident takes to open, and what there was, in words."""
    mentions, people = emerging.evidence
    if mentions >= needed.mentions and people >= needed.people:
        return f"{least(needed)} in buckets that are not quiet"
    return f"{least(needed)}, and there {'was' if mentions == 1 else 'were'} {mentions:,} by {people:,}"


def _why_suppressed(suppressed: str, explained: ExplainedMoment) -> str:
    quiet = explained.quiet
    if quiet is not None and quiet.suppressed == suppressed:
        return f"{SUPPRESSED[suppressed]} “{quiet.reason}”"
    return SUPPRESSED.get(suppressed, suppressed)
