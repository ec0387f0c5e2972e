"""Bounded memory of recent keys, for whatever has to recognise repeats: the one structure for all of them."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class RecentSet(Generic[K]):
    """The keys of the last `size` entries, first in, first out.

    An entry is evicted when `size` newer ones have been added; a key is gone when its last entry is. The two ways to
    add differ in what is an entry:

    - `add` enters every record, repeats and records without a key included. The set is then a function of the last
      `size` records alone, and reading as many again restores it exactly.
    - `add_new` enters a key only if it is not there. The set then holds `size` distinct keys however often each one
      repeats, and the repeats of a key do not keep it any longer.

    Parameters
    ----------
    size
        Number of entries that are kept; 0 keeps none.

    Examples
    --------
    >>> recent = RecentSet(2)
    >>> [recent.add(key) for key in ("a", "b", "a", "c", "d", "a")]
    [False, False, True, False, False, False]
    >>> recent = RecentSet(2)
    >>> [recent.add_new(key) for key in ("a", "b", "a", "c", "a")]
    [True, True, False, True, True]
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: deque[K | None] = deque()
        self._count: dict[K, int] = {}

    def __contains__(self, key: K) -> bool:
        """Return whether a recent entry has this key."""
        return key in self._count

    def __len__(self) -> int:
        """Return the number of distinct keys."""
        return len(self._count)

    def add(self, key: K | None) -> bool:
        """Add an entry, None for one without a key, and return whether its key was there before."""
        repeated = key is not None and key in self._count
        if self._size:
            if len(self._entries) == self._size:
                self._evict(self._entries.popleft())
            self._entries.append(key)
            if key is not None:
                self._count[key] = self._count.get(key, 0) + 1
        return repeated

    def add_new(self, key: K) -> bool:
        """Add an entry for a key unless there is one, and return whether the key is new."""
        if key in self._count:
            return False
        self.add(key)
        return True

    def _evict(self, key: K | None) -> None:
        if key is None:
            return
        left = self._count[key] - 1
        if left:
            self._count[key] = left
        else:
            self._forget(key)

    def _forget(self, key: K) -> None:
        del self._count[key]


class RecentMap(RecentSet[K], Generic[K, V]):
    """A `RecentSet` whose keys have a value each: the newest one, until the key is gone.

    Examples
    --------
    >>> recent = RecentMap(2)
    >>> for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
    ...     recent.put_new(key, value)
    >>> recent.get("a"), recent.get("b"), recent.get("c")
    (None, 2, 4)
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._values: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return the value of a key, None if the key is not there."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Add an entry, as `RecentSet.add`, and set the value of its key."""
        self.add(key)
        self._set(key, value)

    def put_new(self, key: K, value: V) -> None:
        """Set the value of a key, and add an entry for it unless there is one, as `RecentSet.add_new`."""
        self.add_new(key)
        self._set(key, value)

    def _set(self, key: K, value: V) -> None:
        if key in self:  # it is not if no entries are kept
            self._values[key] = value

    def _forget(self, key: K) -> None:
        super()._forget(key)
        self._values.pop(key, None)
