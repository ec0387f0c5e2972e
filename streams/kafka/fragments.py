"""Entries of any size in records of bounded size.

A large value is written as fragments under keys of their own, and the entry's own record says how many there are. All
of them are written in one transaction, so a reader sees either all or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from streams.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FRAGMENT_BYTES: Final = 524_288
"""Largest value of a record: half of Kafka's default of 1 MiB."""

_KEY: Final = b"\x01fragment:%d:%b"
_PREFIX: Final = b"\x01fragment:"


class Fragments:
    """Splits the values of entries, and knows which entries were split.

    Examples
    --------
    >>> fragments = Fragments(5)
    >>> records = dict(fragments.split(b"a", b"1234567"))
    >>> records
    {b'\\x01fragment:0:a': b'12345', b'\\x01fragment:1:a': b'67', b'a': b'{"v":"fragments","count":2}'}
    >>> fragments.joined(records)
    {b'a': b'1234567'}
    >>> list(fragments.split(b"a", b"1"))
    [(b'\\x01fragment:0:a', None), (b'\\x01fragment:1:a', None), (b'a', b'1')]
    """

    def __init__(self, largest: int = FRAGMENT_BYTES) -> None:
        self._largest = largest
        self._counts: dict[bytes, int] = {}

    def split(self, key: bytes, value: bytes | None) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield key and value of the records to write for an entry, with None for those to delete."""
        before = self._counts.pop(key, 0)
        needed = 0 if value is None or len(value) <= self._largest else -(-len(value) // self._largest)
        for number in range(max(before, needed)):
            first = number * self._largest
            yield _KEY % (number, key), value[first : first + self._largest] if value and number < needed else None
        if needed:
            self._counts[key] = needed
            value = orjson.dumps({"v": "fragments", "count": needed})
        yield key, value

    def joined(self, records: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Return the entries of all records of some partitions, and remember which were split.

        Raises
        ------
        RecordError
            If a fragment is missing.
        """
        entries = {key: value for key, value in records.items() if not key.startswith(_PREFIX)}
        for key in {key[len(_PREFIX) :].partition(b":")[2] for key in records if key.startswith(_PREFIX)}:
            self._join(key, entries, records)
        return entries

    def _join(self, key: bytes, entries: dict[bytes, bytes], records: Mapping[bytes, bytes]) -> None:
        try:
            count = self._counts[key] = orjson.loads(entries[key])["count"]
            entries[key] = b"".join(records[_KEY % (number, key)] for number in range(count))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError("damaged_state", f"a fragment of the entry {key!r} is missing ({error})") from error
