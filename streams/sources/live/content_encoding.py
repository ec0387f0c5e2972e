"""Decompression of HTTP bodies as they arrive: bounded while inflating, whatever the sender claims."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ACCEPTED: Final = "gzip, deflate"
"""Encodings that are asked for, in the header ``Accept-Encoding``."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15
"""Values of ``wbits`` for the three formats; servers send both of the last two as ``deflate`` (RFC 9110, 8.4.1.2)."""


ENCODINGS: Final = frozenset({"gzip", "deflate", "zstd"})
"""Encodings that can be decompressed."""

_ZSTD_WINDOW_LOG: Final = 23
"""Largest window of zstd as a content encoding, 8 MiB (RFC 9659, 3)."""


class BodyError(ValueError):
    """A body can't be decompressed, or is too large; the message completes ``it answers with ...``."""


class BodyTooLarge(BodyError):
    """A body has more bytes than are accepted."""


class BodyInflater:
    """Decompresses one body block by block.

    Parameters
    ----------
    encoding
        The header ``Content-Encoding``; empty for none.
    max_bytes
        Largest body after decompression. No more than that is held, however little a bomb of zeros takes on the wire.
    accepted
        Encodings that are expected, of `ENCODINGS`.

    Raises
    ------
    BodyError
        If the encoding is unknown.

    Examples
    --------
    >>> import gzip
    >>> inflater = BodyInflater("gzip", max_bytes=1_000)
    >>> inflater.add(gzip.compress(b"two ") + gzip.compress(b"members"))
    >>> inflater.finish()
    b'two members'
    """

    def __init__(
        self, encoding: str, max_bytes: int, accepted: Collection[str] = frozenset({"gzip", "deflate"})
    ) -> None:
        self._encoding = encoding.strip().lower().removeprefix("x-") or "identity"
        if self._encoding not in {"identity", *accepted}:
            raise BodyError(f"a body in the encoding {self._encoding[:40]!r}, which was not asked for")
        self._max_bytes = max_bytes
        self._body = bytearray()
        self._head = b""
        self._inflate: zlib._Decompress | None = None
        self._frame: zstd.ZstdDecompressor | None = None
        self._has_padding = False

    def add(self, block: bytes) -> None:
        """Take the next bytes of the body.

        Raises
        ------
        BodyError
            If they can't be decompressed; `BodyTooLarge` if there are too many.
        """
        if self._encoding == "identity":
            self._keep(block)
            return
        try:
            for part in self._frames(block) if self._encoding == "zstd" else self._inflated(block):
                self._keep(part)
        except (zlib.error, zstd.ZstdError) as error:
            is_wide = isinstance(error, zstd.ZstdError) and "memory" in str(error)
            raise BodyError("a zstd window of more than 8 MiB" if is_wide else "a damaged body") from None

    def finish(self) -> bytes:
        """Return the whole body.

        Raises
        ------
        BodyError
            If it is compressed and its end is missing.
        """
        last = self._inflate or self._frame
        if (self._head and last is None) or (last is not None and not last.eof):
            raise BodyError("a body whose end is missing")
        return bytes(self._body)

    def so_far(self) -> bytes:
        """Return what has been decompressed, whether or not more is to come."""
        return bytes(self._body)

    def _keep(self, part: bytes) -> None:
        self._body += part
        if len(self._body) > self._max_bytes:
            raise BodyTooLarge(f"more than {self._max_bytes:,} bytes")

    def _inflated(self, block: bytes) -> Iterator[bytes]:
        rest = self._head + block
        self._head = b""
        while rest and not self._has_padding:
            inflate = self._inflate
            if inflate is None or inflate.eof:
                if len(rest) < 2:
                    self._head = rest
                    return
                is_another = inflate is not None
                if is_another and (self._encoding != "gzip" or not rest.startswith(_GZIP_MAGIC)):
                    self._has_padding = True  # behind the last member; browsers ignore it too
                    return
                self._inflate = inflate = zlib.decompressobj(_GZIP if self._encoding == "gzip" else _deflate(rest))
            yield inflate.decompress(rest, self._max_bytes + 1 - len(self._body))
            rest = inflate.unconsumed_tail or inflate.unused_data

    def _frames(self, block: bytes) -> Iterator[bytes]:
        rest = block
        while rest:
            if self._frame is None or self._frame.eof:
                limit: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
                self._frame = zstd.ZstdDecompressor(options=limit)
            frame = self._frame
            yield frame.decompress(rest, self._max_bytes + 1 - len(self._body))
            while not (frame.eof or frame.needs_input):
                yield frame.decompress(b"", self._max_bytes + 1 - len(self._body))
            rest = frame.unused_data if frame.eof else b""


def _deflate(head: bytes) -> int:
    """Return the format of a body that is called ``deflate``, by its first two bytes (RFC 1950, 2.2)."""
    return _ZLIB if head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0 else _RAW
