"""Keys of the entries of the state of detection. No brand id contains a null byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE_KEY: Final = b"\x00failures:%b"
"""Note of the failures of a brand's detectors."""

PROGRESS_KEY: Final = b"\x00partition:%d"
"""Progress of a partition."""

ENVELOPES_KEY: Final = b"\x00waiting:%d"
"""All pending envelopes of a partition, as earlier versions saved them."""

ENVELOPE_KEY: Final = b"\x00waiting:%d\x00%012d"
"""One pending envelope of a partition; the keys sort in the order of arrival."""

CHUNK_KEY: Final = b"%b\x00%012d"
"""Chunk of the pending mentions of a brand; it sorts after the brand, whose key is its id."""

Kind = Literal["note", "progress", "envelopes", "envelope", "brand", "chunk"]


class StateKey(NamedTuple):
    """A key, taken apart.

    Parameters
    ----------
    kind
        Kind of the entry.
    owner
        Brand id, or number of the partition.
    number
        Number of an envelope or a chunk, else 0.
    """

    kind: Kind
    owner: bytes
    number: int = 0

    def home(self, of_brand: Callable[[bytes], int]) -> int:
        """Return the partition of the entry; `of_brand` returns that of a brand."""
        return int(self.owner) if self.kind in {"progress", "envelopes", "envelope"} else of_brand(self.owner)


_PREFIXES: Final[dict[bytes, Kind]] = {b"failures": "note", b"partition": "progress", b"waiting": "envelopes"}


def parsed(key: bytes) -> StateKey | None:
    r"""Take a key apart; None if it is none of firewatch's.

    >>> parsed(b"nordtel"), parsed(b"nordtel\x00000000000003")
    (StateKey(kind='brand', owner=b'nordtel', number=0), StateKey(kind='chunk', owner=b'nordtel', number=3))
    >>> parsed(b"\x00waiting:2"), parsed(b"\x00waiting:2\x00000000000017")
    (StateKey(kind='envelopes', owner=b'2', number=0), StateKey(kind='envelope', owner=b'2', number=17))
    >>> parsed(b"\x00failures:nordtel")
    StateKey(kind='note', owner=b'nordtel', number=0)
    """
    kind: Kind | None = "brand"
    name = key
    if key.startswith(b"\x00"):
        prefix, _, name = key[1:].partition(b":")
        kind = _PREFIXES.get(prefix)
    owner, separator, number = name.partition(b"\x00")
    if separator:
        kind = "chunk" if kind == "brand" else "envelope" if kind == "envelopes" else None
    of_partition = kind in {"progress", "envelopes", "envelope"}
    if kind is None or (separator and not number.isdigit()) or (of_partition and not owner.isdigit()):
        return None
    return StateKey(kind, owner, int(number or 0))
