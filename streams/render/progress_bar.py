"""Progress bars on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from streams.sources.base import Source


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
def bar(name: str, unit: Literal["bytes", "records"], shown: bool | None = None) -> Iterator[ShowAmount]:
    """Show a bar on stderr, and yield a function that updates it.

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
        yield lambda _done, _total, _name=name: None
        return
    with _rich_bars(unit) as bars:
        task = bars.add_task(name, total=None)

        def show(done: int, total: int | None, name: str = name) -> None:
            bars.update(task, completed=done, total=total, description=name)

        yield show


def _rich_bars(unit: Literal["bytes", "records"]) -> Progress:
    # Imported where a bar is shown: backtests and their many processes do without rich.
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    counts = (rich.DownloadColumn(), rich.TransferSpeedColumn()) if unit == "bytes" else (rich.MofNCompleteColumn(),)
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), *counts, rich.TimeRemainingColumn())
    return rich.Progress(*columns, console=Console(stderr=True))
