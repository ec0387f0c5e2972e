"""Progress of long work: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from streams.sources.base import Source


Unit = Literal["bytes", "records", "minutes"]

FIRST_LINE_SECONDS: Final = 15.0
"""Duration of the work from which lines are written where there is no terminal."""

LINE_SECONDS: Final = 30.0
"""Time between two such lines."""


class ShowAmount(Protocol):
    """A function that sets a bar to an amount done and a total (None if unknown), and may rename it."""

    def __call__(self, done: int, total: int | None, name: str = ..., /) -> None:
        """Update the bar."""


@contextmanager
def progress_bar(source: Source, shown: bool | None = None) -> Iterator[Callable[[], None]]:
    """Show how much of a source has been read, and yield a function that updates the bar.

    Parameters
    ----------
    source
        Its name, activity, consumed bytes and total bytes are shown.
    shown
        As for `bar`.
    """
    with bar(source.name, "bytes", shown) as show:

        def show_source() -> None:
            name = f"{source.name}: {source.activity}" if source.activity else source.name
            show(source.consumed_bytes, source.total_bytes, name)

        yield show_source


@contextmanager
def bar(name: str, unit: Unit, shown: bool | None = None) -> Iterator[ShowAmount]:
    """Show progress on stderr, and yield a function that updates it.

    A terminal gets a bar. Anything else, such as the log of a CI run, gets a line now and then once the work has taken
    `FIRST_LINE_SECONDS`, so that nobody takes a long run for one that hangs.

    Parameters
    ----------
    name
        Text before the amounts.
    unit
        Unit of both amounts.
    shown
        Whether to show a bar; by default if stderr is a terminal.
    """
    if shown is None and not sys.stderr.isatty():
        yield _Lines(name, unit)
        return
    if shown is False:
        yield lambda _done, _total, _name=name: None
        return
    with _rich_bars(unit) as bars:
        task = bars.add_task(name, total=None)

        def show(done: int, total: int | None, name: str = name) -> None:
            bars.update(task, completed=done, total=total, description=name)

        yield show


class _Lines:
    """Writes a line of progress to stderr now and then."""

    def __init__(self, name: str, unit: Unit) -> None:
        self._name = name
        self._unit = unit
        self._started = time.monotonic()
        self._next = self._started + FIRST_LINE_SECONDS

    def __call__(self, done: int, total: int | None, name: str | None = None, /) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LINE_SECONDS
        print(progress_line(name or self._name, self._unit, done, total, now - self._started), file=sys.stderr)


def progress_line(name: str, unit: Unit, done: int, total: int | None, seconds: float) -> str:
    """Return a line of progress: how much is done, its share, and about how long the rest takes at the same speed.

    Examples
    --------
    >>> progress_line("posts.jsonl", "bytes", 30_000_000, 120_000_000, 20.0)
    'posts.jsonl: 30.0 of 120.0 MB, 25 %, about 60 s left'
    >>> progress_line("social.mentions", "records", 1_200, None, 20.0)
    'social.mentions: 1,200 records'
    """

    def amount(value: int) -> str:
        return f"{value / 1e6:,.1f}" if unit == "bytes" else f"{value:,}"

    word = "MB" if unit == "bytes" else unit
    if not total or not 0 < done <= total:
        return f"{name}: {amount(done)} {word}"
    left = seconds * (total - done) / done
    return f"{name}: {amount(done)} of {amount(total)} {word}, {100 * done / total:.0f} %, about {left:,.0f} s left"


def _rich_bars(unit: Unit) -> Progress:
    # Imported where a bar is shown: backtests and their many processes do without rich.
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415

    def line() -> Column:
        return Column(no_wrap=True)

    counts = (
        (rich.DownloadColumn(table_column=line()), rich.TransferSpeedColumn(table_column=line()))
        if unit == "bytes"
        else (rich.MofNCompleteColumn(table_column=line()),)
    )
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), *counts, rich.TimeRemainingColumn())
    return rich.Progress(*columns, console=Console(stderr=True))
