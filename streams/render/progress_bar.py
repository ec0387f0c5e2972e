"""Progress bars on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from streams.sources.base import Source


@contextmanager
def progress_bar(source: Source, shown: bool | None = None) -> Iterator[Callable[[], None]]:
    """Show how much of a source has been read, and yield a function that updates the bar.

    Parameters
    ----------
    source
        Its name, consumed bytes and total bytes are shown.
    shown
        As for `bar`.
    """
    with bar(source.name, "bytes", shown) as show:
        yield lambda: show(source.consumed_bytes, source.total_bytes)


@contextmanager
def bar(
    name: str, unit: Literal["bytes", "records"], shown: bool | None = None
) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar on stderr, and yield a function that sets it to an amount done and a total (None if unknown).

    Parameters
    ----------
    name
        Text before the bar.
    unit
        Unit of both amounts.
    shown
        Whether to show the bar; by default if stderr is a terminal.
    """
    if not (sys.stderr.isatty() if shown is None else shown):
        yield lambda _done, _total: None
        return
    with _rich_bars(unit) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _rich_bars(unit: Literal["bytes", "records"]) -> Progress:
    # Imported where a bar is shown: backtests and their many processes do without rich.
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    counts = (rich.DownloadColumn(), rich.TransferSpeedColumn()) if unit == "bytes" else (rich.MofNCompleteColumn(),)
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), *counts, rich.TimeRemainingColumn())
    return rich.Progress(*columns, console=Console(stderr=True))
