"""How far something has been read, on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.sources.base import Source


@contextmanager
def progress_bar(source: Source, shown: bool | None = None) -> Iterator[Callable[[], None]]:
    """Show how far a source has been read; yields what brings the bar up to date.

    Parameters
    ----------
    source
        Tells what it has consumed of how much.
    shown
        As for `bar`.
    """
    with bar(source.name, "bytes", shown) as show:
        yield lambda: show(source.consumed_bytes, source.total_bytes)


@contextmanager
def bar(
    name: str, unit: Literal["bytes", "records"], shown: bool | None = None
) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar on stderr; yields what sets it to so much of how much, None if that is not known.

    Parameters
    ----------
    name
        Of what is read.
    unit
        In which is counted.
    shown
        Whether to show it; by default if stderr is a terminal.
    """
    if not (sys.stderr.isatty() if shown is None else shown):
        yield lambda _done, _total: None
        return
    counts = (DownloadColumn(), TransferSpeedColumn()) if unit == "bytes" else (MofNCompleteColumn(),)
    columns = (TextColumn("{task.description}"), BarColumn(), *counts, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
