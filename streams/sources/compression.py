"""Decompression of blocks of bytes by their first bytes, whatever the name of the file says."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from streams.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

MAX_BLOCK_BYTES: Final = 262_144
"""Most bytes that one step of decompression yields, except of gzip: there about a thousand times `_INPUT_BYTES`."""

_INPUT_BYTES: Final = 16_384
"""Compressed bytes that are given to a decompressor at once."""

_MAGIC_BYTES: Final = 8
"""First bytes from which a kind of compression is recognised."""

_ZSTD_WINDOW_LOG: Final = 31
"""Largest window of zstd; archives packed by ``zstd --long=31`` need it, and 2 GiB of memory."""

_DAMAGE: Final = (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError)


class _Decompressor(Protocol):
    """The interface that `bz2`, `lzma` and `zstd` share."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Gzip:
    """The decompressor of gzip with that interface."""

    needs_input = True

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, _max_length: int = -1) -> bytes:
        return self._inflate.decompress(data)


class Compression(NamedTuple):
    """A kind of compression.

    Parameters
    ----------
    name
        Name for messages.
    suffix
        Usual end of the names of such files.
    magics
        First bytes of such a stream, one of them.
    decompressor
        Function that returns a decompressor of one stream.
    """

    name: str
    suffix: str
    magics: tuple[bytes, ...]
    decompressor: Callable[[], _Decompressor]

    def begins(self, data: bytes) -> bool:
        """Return whether `data` begins a stream of this kind."""
        return data.startswith(self.magics)


def _zstd() -> _Decompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


COMPRESSIONS: Final = (
    Compression("gzip", ".gz", (b"\x1f\x8b",), _Gzip),
    Compression("zstd", ".zst", (b"\x28\xb5\x2f\xfd", *(b"%c\x2a\x4d\x18" % first for first in range(80, 96))), _zstd),
    Compression("bzip2", ".bz2", tuple(b"BZh%d" % level for level in range(1, 10)), bz2.BZ2Decompressor),
    Compression("xz", ".xz", (b"\xfd7zXZ\x00", b"\x5d\x00\x00"), lzma.LZMADecompressor),
)


def compression_of(data: bytes) -> Compression | None:
    """Return the kind of compression of a stream that begins with `data`, None if it is none of `COMPRESSIONS`."""
    return next((kind for kind in COMPRESSIONS if kind.begins(data)), None)


def first_bytes(
    blocks: Iterator[bytes], count: int, enough: Callable[[bytes, bool], bool] = lambda _head, _pauses: False
) -> Generator[bytes, None, bytes]:
    """Return the first blocks, joined, and yield the empty blocks among them.

    Parameters
    ----------
    blocks
        The blocks; an empty one means that nothing came for a while.
    count
        Number of bytes that are always enough.
    enough
        Function that decides whether fewer are, given them and whether nothing came for a while.
    """
    head = b""
    for block in blocks:
        head += block
        if len(head) >= count or (head and enough(head, not block)):
            break
        if not block:
            yield block
    return head


def decompressed(blocks: Iterator[bytes], name: str, on_end: Callable[[str], None]) -> Iterator[bytes]:
    """Yield blocks decompressed, or as they are if they are not compressed; streams may follow one another.

    Parameters
    ----------
    blocks
        Blocks of the input; an empty one, which means that nothing came for a while, is passed on.
    name
        Name of the source, for messages.
    on_end
        Function that is called with a message if the last stream ends too early or is followed by other bytes; it may
        raise.

    Raises
    ------
    InputError
        If a stream is damaged.
    """
    head = yield from first_bytes(blocks, _MAGIC_BYTES)
    kind = compression_of(head)
    if kind is None:
        yield head
        yield from blocks
        return
    decompressor = kind.decompressor()
    rest = b""
    for block in chain([head], blocks):
        if not block:
            yield block
        for start in range(0, len(block), _INPUT_BYTES):
            rest += block[start : start + _INPUT_BYTES]
            while rest:
                if decompressor.eof:
                    rest = rest.lstrip(b"\0")  # padding between streams
                    if len(rest) < _MAGIC_BYTES:
                        break
                    if not kind.begins(rest):
                        on_end(f"bytes after the end of the {kind.name} stream are not {kind.name}")
                        return
                    decompressor = kind.decompressor()
                yield from _output(decompressor, rest, f"{name}: the {kind.name} stream")
                rest = decompressor.unused_data if decompressor.eof else b""
    if not decompressor.eof:
        on_end(f"the {kind.name} stream is cut short, its rest is missing")
    elif rest:
        on_end(f"bytes after the end of the {kind.name} stream are not {kind.name}")


def _output(decompressor: _Decompressor, data: bytes, what: str) -> Iterator[bytes]:
    more = True
    while more:
        try:
            block = decompressor.decompress(data, MAX_BLOCK_BYTES)
        except _DAMAGE as error:
            raise InputError(f"{what} can't be decompressed ({error})") from error
        more = not (decompressor.needs_input or decompressor.eof)
        data = b""
        yield block
