"""Read small files that a user names, so that every failure is a message: none blocks, none fills the memory."""

from __future__ import annotations

import os
import select
import stat
import time
from typing import TYPE_CHECKING, Final

from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 64 * 2**20
"""Largest size of a file; a config of 10,000 brands has some 2 MiB."""

PIPE_SECONDS: Final = 5.0
"""Longest wait for the other end of a pipe, such as that of the shell's ``<(...)``."""

_CHUNK: Final = 2**20


def read_file(path: Path) -> bytes:
    """Return the content of a regular file or of a pipe.

    Raises
    ------
    ConfigError
        If the file can't be read, is too large, or is a pipe into which nothing is written.
    """
    try:
        # Non-blocking, since opening a pipe would otherwise wait for its other end for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _content(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise ConfigError(["no such file"], path) from None
    except OSError as error:
        raise ConfigError([f"can't be read: {error.strerror or error}"], path) from error
    except ValueError as error:
        raise ConfigError([f"can't be read: {error}"], path) from error


def read_text(path: Path) -> str:
    """Return the content of a file of UTF-8, with or without a byte order mark.

    Raises
    ------
    ConfigError
        If the file can't be read, or is not UTF-8; the problem names the line.
    """
    return decoded(read_file(path), path)


def decoded(content: bytes, path: Path) -> str:
    """Return the text of UTF-8, with or without a byte order mark.

    Raises
    ------
    ConfigError
        If the bytes are not UTF-8; the problem names the line.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8: byte 0x{content[error.start]:02x} (line {line}); save the file as UTF-8"
        raise ConfigError([problem], path) from error


def _content(descriptor: int) -> bytes:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise ValueError("it is a folder")
    deadline = time.monotonic() + PIPE_SECONDS
    parts: list[bytes] = []
    size = 0
    while size <= MAX_BYTES:
        if not stat.S_ISREG(mode):
            _await_data(descriptor, deadline)
        part = os.read(descriptor, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise ValueError(f"it has more than {MAX_BYTES >> 20} MiB")


def _await_data(descriptor: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1_000):
        raise ValueError(f"it is a pipe into which nothing has been written for {PIPE_SECONDS:g} s")
