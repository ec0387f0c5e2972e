"""Steps of incidents and verdicts on them as blocks of lines for a terminal."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from rich.text import Text

from streams.core.text.clean import printable, visible
from streams.core.wording.english import ENGLISH
from streams.records import STEPS_WITH_NEW_POSTS, utc
from streams.render.severity_styles import SEVERITY_STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from rich.console import Console

    from streams.records import Alert, Verdict

BAR: Final = "┃ "
TERMS: Final = 6
LINKS: Final = 3
LINK: Final = "blue underline"

MAX_SHARES: Final = 4
"""Largest number of sources, and of languages, that are named."""

_NOTABLE: Final = 0.1
"""Share of the mentions by one author from which it is shown, if that is at least twice an even share."""

VERDICT_WORDS: Final = {"ack": "acknowledged", "false_alarm": "marked as a false alarm:", "confirmed": "confirmed"}


def print_alert(
    console: Console, alert: Alert, names: Mapping[str, str], zone: tzinfo = UTC, *, is_first: bool
) -> None:
    """Print a step: brand, severity and time, the summary, top terms, and links.

    Parameters
    ----------
    console
        Where to print.
    alert
        The step.
    names
        Names of brands by their ids.
    zone
        Time zone of the time of the step.
    is_first
        Whether this is the first step of its incident that is shown; only the first one has links and the command that
        records a verdict. It and steps with new posts show the texts of posts, if the alert has them, whole.
    """
    style = _style(alert)
    name = printable(names.get(alert.brand, alert.brand))
    head = Text.assemble(
        (f" {alert.severity} ", f"reverse {style}"),
        " ",
        (name, "bold" if style != "dim" else ""),
        ("  " + ENGLISH.steps[alert.step or alert.kind], "green" if alert.status == "resolved" else ""),
        (f"  {alert.label}" if alert.label else "", "italic"),
        (f"  does not page: {alert.suppressed}" if alert.suppressed else "", "dim italic"),
    )
    when = Text(_moment(alert.at, zone), style="cyan")
    head.truncate(max(10, console.width - len(BAR) - len(when) - 1), overflow="ellipsis", pad=True)
    lines = [Text.assemble(head, " ", when)]
    lines += Text(printable(alert.summary)).wrap(console, console.width - len(BAR))
    lines += [line for line in (_top_terms(alert, console.width - len(BAR)), _spread(alert)) if line]
    if is_first or alert.step in STEPS_WITH_NEW_POSTS:
        lines += _texts(alert, console)
    if is_first:
        lines += [Text(link, style=LINK) for link in _links(alert)]
    if is_first and alert.status == "firing":
        lines.append(Text(f"firewatch alerts ack|confirm|false-alarm {alert.fingerprint}", style="dim"))
    for line in lines:
        line.truncate(console.width - len(BAR), overflow="ellipsis")
        console.print(Text.assemble((BAR, style), line), soft_wrap=True)
    console.print()


def print_verdict(console: Console, verdict: Verdict, names: Mapping[str, str], zone: tzinfo = UTC) -> None:
    """Print a verdict; `names` are the names of brands by their ids, `zone` is the time zone of times."""
    name = printable(names.get(verdict.brand, verdict.brand))
    until = ""
    if verdict.silence_until_ms is not None:
        end = _moment(utc(verdict.silence_until_ms), zone)
        until = f", {name} is muted up to {verdict.severity} until {end}"
    line = Text.assemble(
        ("● ", "magenta"),
        (f"{_moment(utc(verdict.at_ms), zone)}  ", "cyan"),
        (printable(verdict.by), "bold"),
        f" {VERDICT_WORDS[verdict.verdict]} {name} {verdict.incident}{until}",
    )
    console.print(line)
    if verdict.note:
        console.print(Text(f"  “{printable(verdict.note)}”", style="italic"))
    console.print()


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M %Z}"


def _style(alert: Alert) -> str:
    if alert.suppressed:
        return "dim"
    return "green" if alert.status == "resolved" else SEVERITY_STYLES[alert.severity]


def _texts(alert: Alert, console: Console) -> list[Text]:
    """Return the lines of the posts whose texts the alert has, each with its source and its link."""
    lines: list[Text] = []
    for post in alert.samples:
        if text := visible(post.text or ""):
            copies = f", {post.copies} times" if post.copies > 1 else ""
            origin = (f"  {visible(post.source)}{copies}", "dim")
            lines += Text.assemble(f"“{text}”", origin).wrap(console, console.width - len(BAR))
            lines += [Text(printable(post.url), style=LINK)] if post.url else []
    return lines


def _top_terms(alert: Alert, width: int) -> Text | None:
    """Return as many of the first terms as fit on a line."""
    line = Text()
    for term in alert.top_terms[:TERMS]:
        part = Text.assemble((printable(term.shown), "bold"), (f" {term.mentions}×   ", "dim"))
        if line and line.cell_len + part.cell_len > width:
            break
        line.append_text(part)
    return line or None


def _spread(alert: Alert) -> Text | None:
    parts = [_shares(alert.sources), _shares(alert.languages)]
    if alert.top_author_share >= max(_NOTABLE, 2 / max(1, alert.window.authors)):
        parts.append(f"{alert.top_author_share:.0%} by one author")
    joined = " · ".join(part for part in parts if part)
    return Text(joined, style="dim") if joined else None


def _shares(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_SHARES]
    return ", ".join(f"{printable(name)} {count / total:.0%}" for name, count in largest) if total else ""


def _links(alert: Alert) -> list[str]:
    """Return the links of the alert, and those of posts that are not shown with their texts."""
    links = [printable(alert.generator_url)] if alert.generator_url else []
    return links + [printable(post.url) for post in alert.samples if post.url and not visible(post.text or "")][:LINKS]
