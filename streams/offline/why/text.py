"""Format an explanation for a terminal or a pipe, 80 columns wide."""

from __future__ import annotations

from datetime import UTC
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from detectors.numbers import shown
from detectors.registry import KINDS
from streams.core.text.clean import printable
from streams.offline.why.conclusion import conclusion, evidence, is_stale, lacked
from streams.offline.why.words import (
    SUPPRESSED,
    amount,
    clock,
    condition,
    counted,
    duration,
    moment,
    over,
    score,
    time_near,
    value,
)
from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence
    from datetime import tzinfo

    from detectors.base import Condition
    from streams.config import BrandSettings, Config
    from streams.core.detect.explaining import ExplainedDetector, ExplainedMoment
    from streams.offline.why.playback import Played

_WIDTH: Final = 80

_ROOM: Final = _WIDTH - len("  begins   mentions negative") - len("  open")
"""Width that the scores of a bucket have in a line."""

_RATE: Final = "volume"
_SHARE: Final = "sentiment_shift"
"""Kinds of detectors that know the usual mentions, and the usual negative share."""


def lines(played: Played, config: Config, brand: BrandSettings, at_ms: int, zone: tzinfo = UTC) -> Iterator[str]:
    """Yield the conclusion, the counts, a table for each detector, and the nearest firings and alerts.

    Parameters
    ----------
    played
        What the mentions of the brand gave.
    config, brand
        The config, and the brand in it.
    at_ms
        The moment that was asked for, event time in milliseconds since the epoch.
    zone
        Time zone of the times.
    """
    yield conclusion(played, at_ms, zone)
    explained = played.moment
    if explained is not None:
        once = {each.name: each.params.get("once_in_days", 2) for each in config.detectors_of(brand)}
        yield ""
        yield from _counts(explained, brand, at_ms, zone)
        for detector in explained.detectors:
            yield ""
            yield from _detector(detector, explained, once.get(detector.name, 2), zone)
        yield from (
            f"{name}: put out of use, because it raised an exception" for name in map(printable, explained.quarantined)
        )
    yield ""
    if played.recent:
        shadow = {each.name for each in explained.detectors if each.shadow} if explained else set()
        yield from _recent(played, shadow, zone)
    yield from _around(played, at_ms, zone)


def _counts(explained: ExplainedMoment, brand: BrandSettings, at_ms: int, zone: tzinfo) -> Iterator[str]:
    bucket = explained.bucket
    begin, end = (clock(each, zone) for each in (bucket.start_ms, bucket.start_ms + bucket.length_ms))
    yield f"{printable(brand.name)}, as of {moment(explained.at_ms, zone)}"
    yield f"  bucket {begin} to {end} ({_state(explained)})"
    if is_stale(explained, at_ms):
        behind = duration(at_ms - explained.at_ms)
        yield f"  nothing of the brand was evaluated in the {behind} up to {clock(at_ms, zone)}"
    scores = {each.kind: each.explanation.score for each in reversed(explained.detectors)}
    usual = f" (usually {amount(scores[_RATE].expected)})" if _RATE in scores else ""
    tone = f" (usually {scores[_SHARE].expected:.0%})" if _SHARE in scores else ""
    share = f"{bucket.likely_negative / bucket.count:.0%} negative" if bucket.count else "none negative"
    authors = counted(bucket.authors, "author") if bucket.authors or not bucket.count else "authors unknown"
    yield f"  {counted(bucket.count, 'mention')}{usual}, {share}{tone}, {authors}"
    if bucket.coverage < 1:
        yield f"  {1 - bucket.coverage:.0%} of the usual mentions are missing: sources were silent or had gaps"
    if bucket.platform >= 1.5:
        yield f"  all other brands together had {shown(bucket.platform)} times their usual mentions"
    if bucket.spam:
        yield f"  {shown(bucket.spam)} mentions repeat a text, by authors who repeat themselves"
    if explained.quiet is not None:
        yield f"  {SUPPRESSED[explained.quiet.suppressed]}: {printable(explained.quiet.reason)}"
    incident = explained.incident
    if incident is None:
        yield "  no incident is open"
        if explained.emerging is not None:
            yield f"  one emerges since {clock(explained.emerging.start_ms, zone)}; it opens with"
            yield f"  {evidence(explained.emerging, explained.needed)}"
        return
    yield f"  incident {incident.fingerprint[:8]} is open since {moment(incident.start_ms, zone)}: {incident.severity}"
    if incident.suppressed:
        yield f"  it does not page: {SUPPRESSED.get(incident.suppressed, incident.suppressed)}"


def _state(explained: ExplainedMoment) -> str:
    bucket = explained.bucket
    if explained.closes:
        return "closed"
    if bucket.is_open:
        return f"open, {duration(bucket.elapsed_ms)} of {duration(bucket.length_ms)}"
    return "over, but posts may still come late"


def _detector(detector: ExplainedDetector, explained: ExplainedMoment, once: float, zone: tzinfo) -> Iterator[str]:
    shadow = ", in shadow" if detector.shadow else ""
    name = detector.name if detector.name == detector.kind else f"{detector.name} ({detector.kind})"
    yield f"{name}{shadow}: score {score(detector.value)} of 1"
    yield f"  {_suppression(detector, explained) or lacked(detector) or 'it fires'}"
    yield _conditions_row("", "observed", "needed", "met")
    for each in detector.explanation.conditions:
        yield _condition(each, detector, once, zone)
    if detector.explanation.critical:
        yield "  to be critical"
        for each in detector.explanation.critical:
            yield _condition(each, detector, once, zone)
    if detector.explanation.measures:
        how = "fading by half in" if KINDS[detector.kind].score_is_rarity else "as a mean over"
        yield _measures_row(f"compared, {how}", "observed", "usual", "alone enough")
        for measure in detector.explanation.measures:
            numbers = (measure.observed, measure.usual, measure.threshold)
            yield _measures_row(over(measure), *(value(number, measure.unit) for number in numbers))


def _suppression(detector: ExplainedDetector, explained: ExplainedMoment) -> str:
    if detector.value < 1:
        return ""
    suppressed = explained.suppression_of(detector)
    return f"it is suppressed: {SUPPRESSED[suppressed]}" if suppressed else ""


def _condition(each: Condition, detector: ExplainedDetector, once: float, zone: tzinfo) -> str:
    return _conditions_row(*condition(each, detector, once, zone), "yes" if each.met else "NO")


def _conditions_row(subject: str, observed: str, needed: str, met: str) -> str:
    return f"    {subject:<21} {observed:>22} {needed:>24} {met:>4}"


def _measures_row(what: str, observed: str, usual: str, enough: str) -> str:
    return f"    {what:<35} {observed:>11} {usual:>11} {enough:>14}"


def _recent(played: Played, shadow: Container[str], zone: tzinfo) -> Iterator[str]:
    """Yield the last buckets with as many scores as there is room for, those of live detectors first."""
    names = sorted(played.recent[-1].values, key=lambda name: name in shadow)
    widths = [max(7, len(name)) for name in names]
    while sum(widths) + len(widths) > _ROOM:
        del names[-1], widths[-1]
    yield "Buckets up to then:"
    heads = "".join(f" {printable(name):>{width}}" for name, width in zip(names, widths, strict=True))
    yield f"  {'begins':<8} {'mentions':>8} {'negative':>8}{heads}"
    for each in played.recent:
        share = f"{each.negative / each.mentions:.0%}" if each.mentions else "-"
        values = zip((each.values.get(name) for name in names), widths, strict=True)
        scores = "".join(f" {'-' if value is None else score(value):>{width}}" for value, width in values)
        state = "" if each.closed else "  open"
        yield f"  {clock(each.start_ms, zone):<8} {shown(each.mentions):>8} {share:>8}{scores}{state}"


def _around(played: Played, at_ms: int, zone: tzinfo) -> Iterator[str]:
    before = [run for run in played.runs if run.begin_ms <= at_ms]
    after = [run for run in played.runs if run.begin_ms > at_ms]
    yield "Nearest times at 1 and more:"
    if not played.runs:
        yield "  none in all that was read"
    for heading, runs in (("before", before[-2:]), ("after", after[:2])):
        for run in runs:
            notes = [each for each in ("in shadow" if run.shadow else "", run.suppressed or "") if each]
            span = f"{moment(run.begin_ms, zone)} to {time_near(run.end_ms, run.begin_ms, zone)}"
            yield f"  {heading:<6} {span}: {run.detector} up to {run.peak:.2f}" + "".join(f", {each}" for each in notes)
    yield "Nearest alerts:"
    if not played.alerts:
        yield "  none in all that was read"
    earlier = [each for each in played.alerts if epoch_ms(each.at) <= at_ms]
    later = [each for each in played.alerts if epoch_ms(each.at) > at_ms]
    for heading, alerts in (("before", earlier[-1:]), ("after", later[:1])):
        for alert in alerts:
            note = f", suppressed: {alert.suppressed}" if alert.suppressed else ""
            yield (
                f"  {heading:<6} {moment(epoch_ms(alert.at), zone)}: {alert.step or alert.kind}, {alert.severity}{note}"
            )
            yield from _wrapped(printable(alert.summary), 9)


def history(played: Played, at_ms: int, source: Sequence[str], zone: tzinfo = UTC) -> Iterator[str]:
    """Yield what was read, and from how much of it the detectors had learned by the moment."""
    yield "Read:"
    for line in source:
        yield from _wrapped(line.strip(), 2)
    learned = max(0, at_ms - played.first_ms) if played.first_ms >= 0 else 0
    yield f"  {played.mentions:,} mentions of the brand, the first at {moment(played.first_ms, zone)}"
    yield f"  detectors had learned from {duration(learned)} by {clock(at_ms, zone)}"
    yield from _wrapped(
        f"posts of all brands from {moment(played.oldest_ms, zone)} to {moment(played.newest_ms, zone)}", 2
    )


def _wrapped(text: str, indent: int) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent, break_long_words=False)
