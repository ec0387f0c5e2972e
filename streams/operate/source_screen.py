"""Live sources on a screen: what the config lists, and what a check found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.measure import Measurement
from rich.text import Text

from streams.core.text.clean import printable
from streams.operate.screen import screen_table, span
from streams.records import utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from streams.operate.source_check import SourceCheck
    from streams.operate.source_status import SourceStatus

_STYLES: Final = {
    "live": "green", "done": "green", "good": "green", "off": "dim", "catching_up": "yellow", "connecting": "yellow",
    "quiet": "yellow", "not read": "yellow", "limited": "yellow", "waiting": "red", "refused": "red", "nobody": "red",
    "stopped": "red", "never read": "red", "failed": "red",
}  # fmt: skip

TEXT_CHARS: Final = 100

SHORT_CHARS: Final = 16
"""Width of a column of addresses, at least."""

UNBOUNDED: Final = 1_000
"""Width of lines that are read by programs, so that nothing is cut or wrapped."""


def sources_table(sources: Sequence[SourceStatus], now_ms: int) -> Table:
    """Return the sources of a status as a table: state, freshness against what is expected, rate, and gaps of the
    last day."""
    table = _table("source", "state", "newest post", "expected", "posts/min", "behind", "gaps")
    for each in sources:
        lacks = each.post_ms is None
        is_silent = not lacks and now_ms - (each.post_ms or 0) > each.expected_silence_seconds * 1000
        table.add_row(
            each.id,
            _state(each.state),
            Text("none yet" if lacks else _ago(now_ms, each.post_ms), "red" if is_silent and each.enabled else ""),
            span(each.expected_silence_seconds),
            "" if each.posts_per_minute is None else f"{each.posts_per_minute:,.1f}",
            "" if each.behind_ms is None else span(each.behind_ms / 1000),
            str(len(each.gaps) or ""),
        )
    return table


def print_sources(console: Console, sources: Sequence[SourceStatus], now_ms: int) -> None:
    """Print the sources of the config, one a line."""
    _unbound(console)
    table = _table("source", "kind", "enabled", "reads", "state", "cursor", "owner")
    for each in sources:
        table.add_row(
            each.id,
            each.kind,
            "yes" if each.enabled else Text("no", "dim"),
            printable(each.reads),
            _state(each.state),
            "none" if each.saved_ms is None else _ago(now_ms, each.saved_ms),
            printable(each.owner or ""),
        )
    _print_whole(console, table)


def print_checks(console: Console, checks: Sequence[SourceCheck]) -> None:
    """Print what a check found: a table, then the posts and facts of each source; texts can't command the terminal."""
    _unbound(console)
    table = _table("source", "kind", "result", "posts", "matching", "skipped", "bad", "posts/min", "behind")
    for each in checks:
        counts = [each.counts.get(name, 0) for name in ("posts", "matching", "skipped", "bad")]
        table.add_row(
            each.id,
            each.kind,
            _state(each.result),
            *(f"{count:,}" if each.seconds else "" for count in counts),
            "" if each.per_minute is None else f"{each.per_minute:,.0f}",
            "" if each.behind_ms is None else span(each.behind_ms / 1000),
        )
    _print_whole(console, table)
    for each in checks:
        console.print()
        console.print(Text.assemble((each.id, "bold"), f"  {printable(each.reads)}"))
        if each.why:
            console.print(Text.assemble(("  ✗ ", "red") if each.result == "failed" else "  ", printable(each.why)))
        for name, fact in each.facts.items():
            console.print(Text.assemble((f"  {printable(name)}: ", "dim"), printable(fact)))
        for post in each.posts:
            brands = ", ".join(post.brands) or "no brand"
            text = printable(post.text)
            shown = text if len(text) <= TEXT_CHARS else f"{text[: TEXT_CHARS - 1]}…"
            console.print(Text.assemble((f"  {utc(post.ts_ms):%d %b %H:%M:%S} UTC  {brands}  ", "dim"), shown))


def _ago(now_ms: int, at_ms: int | None) -> str:
    return "" if at_ms is None else f"{span(max(0, now_ms - at_ms) / 1000)} ago"


def _state(state: str) -> Text:
    return Text(state.replace("_", " "), _STYLES.get(state, ""))


def _table(*heads: str) -> Table:
    table = screen_table()
    for head in heads:
        is_number = head in {"posts", "matching", "skipped", "bad", "posts/min", "behind", "gaps"}
        is_address = head == "reads"
        table.add_column(
            head,
            no_wrap=not is_address,
            overflow="fold" if is_address else "ellipsis",
            justify="right" if is_number else "left",
        )
    return table


def _print_whole(console: Console, table: Table) -> None:
    """Print a table without cutting a cell in a narrow terminal: addresses are folded, or else lines are longer."""
    usual, boundless = console.width, console.options.update(max_width=UNBOUNDED)
    excess = Measurement.get(console, boundless, table).maximum - usual
    for column in table.columns:
        if excess > 0 and not column.no_wrap:
            column.max_width = max(SHORT_CHARS, max(len(str(cell)) for cell in column.cells) - excess)
    console.width = max(usual, Measurement.get(console, boundless, table).maximum)
    console.print(table)
    console.width = usual


def _unbound(console: Console) -> None:
    if not console.is_terminal:
        console.width = UNBOUNDED
