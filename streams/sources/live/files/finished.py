"""What becomes of files that are complete and whose posts Kafka has."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.sources.live.base import ItemOutcome
    from streams.sources.live.files.scan import FoundFile


class FinishedFiles:
    """Moves or deletes files once their posts have been acknowledged.

    Parameters
    ----------
    done
        What becomes of them.
    folder
        Where they are moved to.
    """

    def __init__(self, done: Literal["keep", "move", "delete"], folder: Path | None) -> None:
        self._done = done
        self._folder = None if folder is None else folder.expanduser()
        self._due: list[FoundFile] = []

    def after(self, file: FoundFile, *, failed: bool = False) -> Callable[[Sequence[ItemOutcome] | None], None] | None:
        """Return what to call when the last batch of a file has been acknowledged; None if files stay.

        A file that could not be read to its end stays, so that somebody can look at it.
        """
        return None if self._done == "keep" or failed else partial(self._acknowledged, file)

    def _acknowledged(self, file: FoundFile, outcomes: Sequence[ItemOutcome] | None) -> None:
        if outcomes is not None:
            self._due.append(file)

    def clear_away(self) -> None:
        """Move or delete the files that are due; one that has changed since it was read stays."""
        due, self._due = self._due, []
        for file in due:
            with suppress(OSError):
                status = os.stat(file.path)  # noqa: PTH116
                is_same = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) == file[1:]
                if is_same and self._done == "delete":
                    Path(file.path).unlink()
                elif is_same and self._folder is not None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    shutil.move(file.path, _free(self._folder / Path(file.path).name))


def _free(path: Path) -> Path:
    """Return a path that no file has."""
    number = 0
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
