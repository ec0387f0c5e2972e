"""Files of posts, and what a source yields of them."""

from __future__ import annotations

import gzip
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from streams.sources.base import Line, Source

MAX_BYTES: Final = 65_536
"""As `ingest.max_record_bytes`."""


def write(path: Path, content: bytes) -> Path:
    """Write a file, compressed if its name ends in .gz."""
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def lines_of(source: Source) -> list[Line]:
    """Return all lines of a source."""
    return list(chain.from_iterable(source.chunks()))


def data_of(source: Source) -> list[bytes]:
    """Return the data of all lines of a source."""
    return [line.data for line in lines_of(source)]
