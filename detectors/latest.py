"""What a detector made of the latest bucket: a closed one is scored and then learned, and need be read only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.base import Bucket

Reading = TypeVar("Reading")


class Latest(Generic[Reading]):
    """Remembers one reading.

    Parameters
    ----------
    read
        Makes a reading of a bucket from what was learned so far.

    Examples
    --------
    >>> from detectors.base import Bucket
    >>> latest = Latest(lambda bucket: print("reads") or bucket.count)
    >>> bucket = Bucket(start_ms=0, length_ms=300_000, count=3)
    >>> latest.of(bucket) + latest.of(bucket)
    reads
    6
    """

    __slots__ = ("_bucket", "_read", "_reading")

    def __init__(self, read: Callable[[Bucket], Reading]) -> None:
        self._read = read
        self._bucket: Bucket | None = None
        self._reading: Reading | None = None

    def of(self, bucket: Bucket) -> Reading:
        """The reading of the bucket; of the very same object it is not made again."""
        if self._bucket is not bucket or self._reading is None:
            self._bucket, self._reading = bucket, self._read(bucket)
        return self._reading

    def forget(self) -> None:
        """Something was learned: the reading no longer holds."""
        self._bucket = self._reading = None
