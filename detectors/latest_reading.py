"""A cache of one reading: a closed bucket is scored and then learned, and needs to be read only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.base import Bucket

Reading = TypeVar("Reading")


class LatestReading(Generic[Reading]):
    """The reading of the latest bucket.

    Parameters
    ----------
    read
        Computes the reading of a bucket from what was learned so far.

    Examples
    --------
    >>> from detectors.base import Bucket
    >>> latest = LatestReading(lambda bucket: print("reads") or bucket.count)
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
        """Return the reading of a bucket; it is not computed again for the same object."""
        if self._bucket is not bucket or self._reading is None:
            self._bucket, self._reading = bucket, self._read(bucket)
        return self._reading

    def forget(self) -> None:
        """Drop the reading, because something was learned."""
        self._bucket = self._reading = None
