"""A disk of a few kilobytes, and the time when nothing more fits; only root may mount one."""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONLY_ROOT: Final = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@contextmanager
def small_disk(at: Path, kilobytes: int) -> Iterator[None]:
    """A file system of that size."""
    at.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", at], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """While nothing more fits."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            for size in (1 << 20, 4_096, 1):
                with_room = True
                while with_room:
                    with_room = _fits(file.fileno(), size)
            yield
        finally:
            filler.unlink()


def _fits(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"x" * size) == size
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
