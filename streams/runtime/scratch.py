"""Folders for what is not to be kept."""

from __future__ import annotations

import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """An empty folder that is gone afterwards, also if a signal ends the process; to be used in the main thread.

    Examples
    --------
    >>> with scratch("doctest-") as folder:
    ...     inside = (folder / "file").write_text("x"), folder.exists()
    >>> inside, folder.exists()
    ((1, True), False)
    """
    with TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:

        def end(number: int, _frame: object) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

        unhandled = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
        for number in unhandled:
            signal.signal(number, end)
        try:
            yield Path(folder)
        finally:
            for number in unhandled:
                signal.signal(number, signal.SIG_DFL)
