"""The state of the service on one screen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from streams.core.text.clean import printable
from streams.operate.screen import screen_table, span
from streams.operate.source_screen import sources_table
from streams.records import utc
from streams.render.severity_styles import SEVERITY_STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from streams.operate.status import IncidentStatus, ModelStatus, Status

ROWS: Final = 8
"""Largest number of firing incidents on a terminal, and of resolved ones anywhere; the rest is counted."""

ID_CHARS: Final = 8
"""Characters of an incident's id on a terminal; ``firewatch alerts ack`` takes the beginning of an id."""

UNBOUNDED: Final = 100_000
"""Width of lines that are read by programs, so that no text is cut or wrapped."""

VERDICT_WORDS: Final = {"ack": "seen by", "false_alarm": "false alarm:", "confirmed": "confirmed by"}


def print_status(console: Console, found: Status, names: Mapping[str, str]) -> None:
    """Print the state of the service, without a terminal with whole ids and texts, one incident a line.

    Parameters
    ----------
    console
        Where to print.
    found
        The state.
    names
        Names of brands by their ids.
    """
    if not console.is_terminal:
        console.width = UNBOUNDED
    state = Text(" all well ", "reverse green")
    if found.problems:
        state = Text(f" {len(found.problems)} problem{'s' if len(found.problems) > 1 else ''} ", "reverse red")
    console.print(
        Text.assemble(
            ("firewatch  ", "bold"),
            state,
            (f"  {found.broker}  {utc(found.at_ms):%a %d %b %Y %H:%M} UTC", "dim"),
        )
    )
    for problem in found.problems:
        console.print(Text.assemble(("✗ ", "red"), problem))
    if not found.workers:
        return
    console.print()
    console.print(_workers(found))
    if found.sources:
        console.print()
        console.print(sources_table(found.sources, found.at_ms))
    console.print()
    console.print(_facts(found))
    firing = found.firing[:ROWS] if console.is_terminal else found.firing
    for title, incidents in (("firing", firing), ("resolved", found.latest[:ROWS])):
        if incidents:
            console.print()
            console.print(_incidents(console, title, incidents, names))
    for more, status in ((len(found.firing) - len(firing), "firing"), (len(found.latest) - ROWS, "resolved")):
        if more > 0:
            console.print(Text(f"and {more} more {status}", style="dim"))
    if not found.firing and not found.latest:
        console.print("\nno incidents in the last 7 days")


def _workers(found: Status) -> Table:
    table = screen_table()
    for head, justify in (("worker", "left"), ("running", "right"), ("reads", "left"), ("behind", "right")):
        table.add_column(head, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for worker in found.workers:
        table.add_row(
            worker.name,
            Text(str(worker.members), "green" if worker.members else "red"),
            Text(worker.topic, "dim"),
            "never ran" if worker.lag is None else f"{worker.lag:,}",
        )
    return table


def _facts(found: Status) -> Table:
    fresh = found.freshness
    newest = "none yet"
    if fresh.arrived_ms is not None:
        written = f", written {utc(fresh.written_ms):%a %d %b %H:%M} UTC" if fresh.written_ms is not None else ""
        newest = f"arrived {_ago(found.at_ms - fresh.arrived_ms)}{written}"
    reached = "no bucket closed yet"
    if fresh.windows_ms is not None:
        behind = ""
        if fresh.written_ms is not None and fresh.written_ms > fresh.windows_ms:
            behind = f", {span((fresh.written_ms - fresh.windows_ms) / 1000)} behind the newest post"
        reached = f"buckets up to {utc(fresh.windows_ms):%a %d %b %H:%M} UTC closed{behind}"
    dead_letters = ", ".join(f"{name} {count:,}" for name, count in found.dead_letters.items())
    table = Table.grid(padding=(0, 2))
    facts = (
        ("newest post", newest),
        ("detection", reached),
        *((f"{quality} model", _model(model)) for quality, model in found.models.items()),
        ("dead letters", dead_letters),
        *_dropped_states(found),
        *_left_out(found),
        ("config", found.config_version or "broken"),
    )
    for name, fact in facts:
        table.add_row(Text(name, "bold"), fact)
    return table


def _dropped_states(found: Status) -> list[tuple[str, str]]:
    if found.dropped_states is None:
        return [("learned states", "unknown: the dead letters can't be read")]
    if not found.dropped_states:
        return []
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(found.dropped_states.items()))
    return [("learned states", f"{sum(found.dropped_states.values()):,} dropped in the last 7 days: {reasons}")]


def _left_out(found: Status) -> list[tuple[str, str]]:
    if not found.left_out:
        return []
    counts = ", ".join(f"{name} {count:,}" for name, count in found.left_out.items())
    return [("posts", f"{counts} since the workers of this machine started")]


def _model(model: ModelStatus | None) -> str:
    if model is None:
        return "the weights of the config, since none has been published"
    made = f"{utc(model.created_ms):%a %d %b %H:%M} UTC"
    return f"version {model.version} of {made}, {model.labels:,} labels, macro-F1 {model.macro_f1:.2f}"


def _incidents(console: Console, title: str, incidents: Sequence[IncidentStatus], names: Mapping[str, str]) -> Table:
    table = screen_table()
    has_verdicts = any(each.verdict for each in incidents)
    for head in (title, "since (UTC)", "brand", "incident", *(["verdict"] if has_verdicts else [])):
        table.add_column(head, no_wrap=True)
    if console.is_terminal:
        table.add_column("summary", no_wrap=True, ratio=1, overflow="ellipsis")
        table.width = console.width
    else:
        table.add_column("summary", no_wrap=True)
    for each in incidents:
        is_quiet = each.status == "resolved" or each.suppressed is not None
        style: Any = "dim" if is_quiet else SEVERITY_STYLES[each.severity]  # type: ignore[index]
        verdict = f"{VERDICT_WORDS[each.verdict]} {printable(each.by or '')}" if each.verdict else ""
        table.add_row(
            Text(each.severity, style),
            f"{datetime.fromisoformat(each.since):%a %d %b %H:%M}",
            printable(names.get(each.brand, each.brand)),
            each.fingerprint[:ID_CHARS] if console.is_terminal else each.fingerprint,
            *([verdict] if has_verdicts else []),
            Text(" ".join(printable(each.summary).split()), "dim" if is_quiet else ""),
        )
    return table


def _ago(ms: int) -> str:
    return "just now" if ms < 1_000 else f"{span(ms / 1000)} ago"
