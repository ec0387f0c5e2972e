"""Files and directories of commands: distinct paths, outputs whose errors name the file, temporary directories."""

from __future__ import annotations

import io
import os
import shutil
import signal
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from streams.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import ReadableBuffer

_OWNER_ONLY: Final = stat.S_IRUSR | stat.S_IWUSR

_TERMINATING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


def ensure_distinct_paths(read: Iterable[Path | None], written: Iterable[Path | None]) -> None:
    """Check that no output would overwrite an input or another output.

    Parameters
    ----------
    read, written
        Files given to a command; None for an option that was not given. Devices and pipes may be given repeatedly.

    Raises
    ------
    InputError
        Naming the file, before anything is written.
    """
    inputs = {_identity(path) for path in read if path}
    outputs = set()
    for path in written:
        this = _identity(path) if path else None
        if this is None:
            continue
        if this in inputs:
            raise InputError(f"{path}: is read, so nothing can be written there; name another file")
        if this in outputs:
            raise InputError(f"{path}: is named for two outputs; name another file for one of them")
        outputs.add(this)


def _identity(path: Path) -> tuple[int, int] | Path | None:
    try:
        found = path.stat()
    except OSError:
        return path.resolve()
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def open_output(path: Path) -> io.BufferedRandom:
    """Open a file for writing and for reading back, which nobody but its owner may read afterwards.

    Outputs hold ids, links and excerpts of what people wrote. A file that exists is emptied and becomes as private as a
    new one; devices and pipes are left as they are.

    Raises
    ------
    OutputError
        If it can't be written; also from `write`, `flush` and `close`.
    """
    try:
        return io.BufferedRandom(_Output(path, "w+", opener=_private))
    except OSError as error:
        raise OutputError(path, error) from error


def _private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, _OWNER_ONLY)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        with suppress(PermissionError):  # of a file that belongs to somebody else, who decides
            os.fchmod(descriptor, _OWNER_ONLY)
    return descriptor


class _Output(io.FileIO):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(Path(str(self.name)), error) from error


@contextmanager
def temporary_directory(prefix: str) -> Iterator[Path]:
    """Yield an empty directory that is removed afterwards, even if a signal ends the process.

    Use it in the main thread only, because it installs signal handlers.

    Examples
    --------
    >>> with temporary_directory("doctest-") as directory:
    ...     inside = (directory / "file").write_text("x"), directory.exists()
    >>> inside, directory.exists()
    ((1, True), False)
    """
    with TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as directory:

        def remove_and_terminate(number: int, _frame: object) -> None:
            shutil.rmtree(directory, ignore_errors=True)
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

        unhandled = [number for number in _TERMINATING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
        for number in unhandled:
            signal.signal(number, remove_and_terminate)
        try:
            yield Path(directory)
        finally:
            for number in unhandled:
                signal.signal(number, signal.SIG_DFL)
