"""Compression of what tests write."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from typing import TYPE_CHECKING, Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable


def zstd_packed(data: bytes, window_log: int = 0) -> bytes:
    """Compress by zstd as its command does, with a checksum; 0 is the default window."""
    options: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
    if window_log:
        options[zstd.CompressionParameter.window_log] = window_log
    return zstd.compress(data, options=options)


def raw_deflate(data: bytes) -> bytes:
    """Compress as servers do that take ``deflate`` at its word: without the head of zlib (RFC 9110, 8.4.1.2)."""
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


PACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "zstd": zstd_packed,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
"""A function that compresses, by the name of each kind."""
