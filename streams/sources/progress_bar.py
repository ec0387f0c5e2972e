"""How far a source has been read, on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Readable(Protocol):
    """What is read from its beginning to its end, such as a source."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def consumed_bytes(self) -> int:
        """How much has been read."""

    @property
    def total_bytes(self) -> int | None:
        """Of how much, None if that is not known."""


@contextmanager
def progress_bar(source: Readable, shown: bool | None = None) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr and yield what brings it up to date.

    Parameters
    ----------
    source
        Tells what it has consumed of how much.
    shown
        Whether to show it; by default if stderr is a terminal.
    """
    if not (sys.stderr.isatty() if shown is None else shown):
        yield lambda: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(source.name, total=source.total_bytes)
        yield lambda: bar.update(task, completed=source.consumed_bytes)
