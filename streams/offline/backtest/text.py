"""Format a backtest for a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streams.core.text.clean import printable
from streams.offline.backtest.evaluation import paged_ms, pages
from streams.offline.lateness import late_mentions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.base import Severity
    from streams.offline.backtest.comparison import ConfigComparison
    from streams.offline.backtest.evaluation import LabelEvaluation
    from streams.offline.backtest.from_posts import NamedConfig
    from streams.offline.backtest.labels import LabelledSpan
    from streams.offline.backtest.partition_files import Mentions
    from streams.offline.backtest.playback import BacktestRun
    from streams.offline.incident_matching import RaisedIncident

MOST_NAMED: Final = 10

MOST_LISTED: Final = 50
"""Largest number of incidents that are listed for a config; the report has all."""

MOST_LINKS: Final = 3
"""Largest number of links to an incident that are shown."""


def moment(at_ms: float) -> str:
    """Format a moment in UTC, to the minute."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def share(value: float | None) -> str:
    """Format a share in per cent, or a dash for None."""
    return "-" if value is None else f"{value:.0%}"


def minutes(value: float | None) -> str:
    """Format a time in minutes, or a dash for None."""
    return "-" if value is None else f"{value:.1f} min"


def described(incident: RaisedIncident, severity: Severity) -> str:
    """Format when an incident began to page, its brand and its level."""
    return f"{moment(paged_ms(incident, severity))}  {incident.brand:<20} {incident.level}"


def source(mentions: Mentions) -> str:
    """Format the origin of the mentions in one line."""
    posts = "" if mentions.posts is None else f"{mentions.posts:,} posts, "
    how = "read" if mentions.posts is None else "scored"
    refused = ", ".join(f"{reason} {count:,}" for reason, count in sorted(mentions.rejected.items()))
    return (
        f"{mentions.name}: {posts}{mentions.total:,} mentions of {len(mentions.mentions):,} brands, "
        f"{how} in {mentions.seconds:.1f} s" + (f", left out: {refused}" if refused else "")
    )


def left_out(mentions: Mentions) -> list[str]:
    """Format the first records that were left out, and what else of the posts is not as it was written, one a line."""
    lines = [f"  rejected: {printable(example)}" for example in mentions.examples]
    if mentions.skipped:
        lines.append(f"  skipped {mentions.skipped:,} posts without text")
    lines += [
        f"  field {field} {outcome.replace('_', ' ')} in {count:,} posts"
        for (field, outcome), count in sorted(mentions.altered.items())
    ]
    return lines


def remarks(mentions: Mentions) -> list[str]:
    """Format the remarks on the input, one a line."""
    missing = [f"warning: {mentions.truncated}"] if mentions.truncated else []
    return [f"  {remark}" for remark in (*mentions.remarks, *missing)]


def unmatched(mentions: Mentions, configs: Sequence[NamedConfig]) -> Iterator[str]:
    """Yield warnings where mentions from a topic can't show what these configs would match."""
    yield "  used as they were matched and scored: other terms or weights in a config have no effect"
    for name, config in configs:
        known = {brand.id for brand in config.brands}
        absent, others = sorted(known - mentions.mentions.keys()), sorted(mentions.mentions.keys() - known)
        if absent:
            yield f"  {name}: no mentions of {listed(absent)}; if a brand or its terms are new, use --posts"
        if others:
            yield f"  {name}: has no brand {listed(others)}, whose mentions are ignored"
    if len(configs) > 1:
        (current, old), (name, new) = configs
        terms = {brand.id: brand.match for brand in old.brands}
        differing = [brand.id for brand in new.brands if brand.id in terms and brand.match != terms[brand.id]]
        if differing:
            yield (
                f"  {name} matches {listed(differing)} differently from {current}, but mentions are not matched again: "
                "both get the same ones; use --posts to see the difference"
            )


def listed(names: Sequence[str]) -> str:
    """Format the first names of a list, and the number of further ones."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def summary(run: BacktestRun, severity: Severity) -> Iterator[str]:
    """Yield the result of a config in one line, and a warning if many mentions were late."""
    incidents = run.raised
    paging = sum(pages(incident, severity) for incident in incidents)
    number = f"{len(incidents):,} {'incident' if len(incidents) == 1 else 'incidents'}"
    yield (
        f"{run.name} ({run.config.version}): {run.counted + run.late:,} mentions, {number}, "
        f"{paging:,} of them at {severity} or above, in {run.seconds:.1f} s of CPU; "
        f"counted {run.counted:,} + late {run.late:,}"
    )
    yield from late_mentions(run.counted, run.late)


def incident_lines(incidents: Sequence[RaisedIncident], severity: Severity) -> Iterator[str]:
    """Yield the incidents that page, each with its sentence and links, and the number of all others."""
    paging = [each for each in incidents if pages(each, severity)]
    for each in paging[:MOST_LISTED]:
        end = until(each)
        yield f"  {described(each, severity)}  {'still open' if end is None else f'until {end}'}"
        yield f"      {printable(each.summary)}"
        yield from (f"      {printable(link)}" for link in each.links[:MOST_LINKS])
    if len(paging) > MOST_LISTED:
        yield f"  and {len(paging) - MOST_LISTED:,} more, which --report lists"
    quiet = len(incidents) - len(paging)
    if quiet:
        yield f"  and {quiet:,} that {'does' if quiet == 1 else 'do'} not page: suppressed, or below {severity}"


def until(incident: RaisedIncident) -> str | None:
    """Return when an incident ended, without the quiet time after which it was resolved; None if it is still open."""
    if incident.over_ms is None:
        return None
    return moment(incident.over_ms if incident.ends_ms is None else incident.ends_ms)


def comparison_lines(comparison: ConfigComparison, severity: Severity) -> Iterator[str]:
    """Yield the gained, lost and moved incidents."""
    yield (
        f"gained {len(comparison.gained)}, lost {len(comparison.lost)}, moved {len(comparison.moved)}, "
        f"as before {len(comparison.both) - len(comparison.moved)}"
    )
    yield from (f"  gained  {described(each, severity)}" for each in comparison.gained)
    yield from (f"  lost    {described(each, severity)}" for each in comparison.lost)
    for pair in comparison.moved:
        was = "" if pair.current.level == pair.new.level else f", {pair.current.level} before"
        yield f"  moved   {described(pair.new, severity)}, {pair.later_minutes:+.1f} min{was}"


def evaluation_lines(
    name: str, evaluation: LabelEvaluation, severity: Severity, false_alarms: Sequence[LabelledSpan] = ()
) -> Iterator[str]:
    """Yield the result for each label, the false positives, and the known false alarms that are raised again."""
    yield (
        f"{name}: recall {share(evaluation.recall)} ({evaluation.found} of {len(evaluation.results)}), "
        f"precision {share(evaluation.precision)}, median delay {minutes(evaluation.delay_minutes)}"
    )
    for result in evaluation.results:
        expected, raised_as = result.expected, result.outcome.raised_as
        if result.found:
            yield f"  found   {expected.title} ({raised_as}), {minutes(result.delay_minutes)}"
        else:
            yield f"  MISSED  {expected.title} (expected {expected.severity}, was raised as {raised_as})"
    yield from (f"  false   {described(each, severity)}" for each in evaluation.false)
    if false_alarms:
        again = evaluation.raised_again
        are = "is" if len(again) == 1 else "are"
        yield f"  known false alarms: {len(again)} of {len(false_alarms)} {are} raised again"
        yield from (f"  again   {each.title}" for each in again)
