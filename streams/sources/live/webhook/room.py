"""Limits on what waits in memory, in all and for each sender."""

from __future__ import annotations

from collections import Counter


class Room:
    """Posts and bytes that may be held at once.

    A sender may hold a share of them, so that one of several leaves room for the others. Whoever holds nothing may hold
    one request of any size.

    Parameters
    ----------
    posts, size
        Limits for all senders together, in posts and in bytes.
    share
        Part of the limits that one sender may hold.

    Examples
    --------
    >>> room = Room(posts=10, size=1_000, share=0.5)
    >>> room.take("a", posts=4), room.take("a", posts=2), room.take("b", posts=6)
    (True, False, True)
    >>> room.give_back("a", posts=4)
    >>> room.take("a", posts=4)
    True
    """

    def __init__(self, posts: int, size: int, share: float) -> None:
        self._posts, self._bytes, self._share = posts, size, share
        self._posts_of: Counter[str] = Counter()
        self._bytes_of: Counter[str] = Counter()

    @property
    def is_full(self) -> bool:
        """Return whether all of it is taken."""
        return self._posts_of.total() >= self._posts or self._bytes_of.total() >= self._bytes

    @property
    def held(self) -> tuple[int, int]:
        """Return the posts and the bytes that are held."""
        return self._posts_of.total(), self._bytes_of.total()

    def take(self, sender: str, *, posts: int = 0, size: int = 0) -> bool:
        """Take room for a sender; return false if there is none."""
        if not self.has(sender, posts=posts, size=size):
            return False
        self._posts_of[sender] += posts
        self._bytes_of[sender] += size
        return True

    def has(self, sender: str, *, posts: int = 0, size: int = 0) -> bool:
        """Return whether there is room for a sender."""
        own_posts, own_bytes = self._posts_of[sender], self._bytes_of[sender]
        return (
            (not own_posts or own_posts + posts <= self._posts * self._share)
            and (not own_bytes or own_bytes + size <= self._bytes * self._share)
            and (not own_posts or self._posts_of.total() + posts <= self._posts)
            and (not own_bytes or self._bytes_of.total() + size <= self._bytes)
        )

    def give_back(self, sender: str, *, posts: int = 0, size: int = 0) -> None:
        """Give room back that was taken."""
        for held, amount in ((self._posts_of, posts), (self._bytes_of, size)):
            held[sender] -= amount
            if not held[sender]:
                del held[sender]
