"""Snapshots as bytes: kind, version, the learned numbers as doubles, and a checksum.

Layout, little-endian: ``FWD`` | length of the kind (u8) | kind (ascii) | version (u16) | count (u32) | doubles | CRC-32
(u32). Doubles keep every bit of the state, so a restored detector continues exactly as its writer would have. They
represent integers up to 2**53, such as milliseconds since the epoch, exactly.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from detectors.base import OutdatedSnapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

_MAGIC: Final = b"FWD"
_CHECKSUM_BYTES: Final = 4


def pack(kind: str, version: int, values: Sequence[float]) -> bytes:
    """Encode the numbers a detector of this kind has learned.

    >>> unpack("volume", 1, (2,), pack("volume", 1, [1.5, -2.0]))
    (1.5, -2.0)
    """
    name = kind.encode("ascii")
    head = _MAGIC + struct.pack(f"<B{len(name)}sHI", len(name), name, version, len(values))
    body = head + struct.pack(f"<{len(values)}d", *values)
    return body + struct.pack("<I", zlib.crc32(body))


def unpack(kind: str, version: int, sizes: Container[int], snapshot: bytes) -> tuple[float, ...]:
    """Decode a snapshot of the same kind and version with one of some numbers of values; the inverse of `pack`.

    Raises
    ------
    OutdatedSnapshot
        If the bytes are of an earlier version.
    SnapshotError
        If they are damaged, of another kind, or of a newer version.
    """
    body, checksum = snapshot[:-_CHECKSUM_BYTES], snapshot[-_CHECKSUM_BYTES:]
    if not body.startswith(_MAGIC) or struct.pack("<I", zlib.crc32(body)) != checksum:
        raise SnapshotError(f"damaged snapshot of {len(snapshot)} bytes: delete this detector's state to restart it")
    length = body[len(_MAGIC)]
    start = len(_MAGIC) + 1
    found = body[start : start + length].decode("ascii", errors="replace")
    if found != kind:
        raise SnapshotError(f"snapshot of a detector of kind {found!r}, expected {kind!r}")
    found_version, count = struct.unpack_from("<HI", body, start + length)
    if found_version > version:
        raise SnapshotError(
            f"snapshot of {kind!r} has version {found_version}, this firewatch reads up to {version}: "
            "upgrade before you go on"
        )
    if found_version < version:
        raise OutdatedSnapshot(
            f"snapshot of {kind!r} has version {found_version}, which this firewatch no longer reads"
        )
    if count not in sizes:
        raise SnapshotError(f"snapshot of {kind!r} holds {count} numbers, expected {sizes}: its layout differs")
    return struct.unpack_from(f"<{count}d", body, start + length + 6)
