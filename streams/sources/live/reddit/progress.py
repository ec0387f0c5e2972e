"""How far the listings of a source of Reddit have been read, and the posts that were read of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.units import HOUR_MS
from streams.core.recent import RecentSet
from streams.sources.live.base import Skipped
from streams.sources.live.reddit.things import Known, change
from streams.sources.live.saved import number_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config.sources.reddit import RedditSettings
    from streams.sources.live.base import Item, Position
    from streams.sources.live.reddit.things import Odd, Thing

SAVED: Final = 1_000
"""Newest posts of a listing that are part of the position: as many as a listing has."""

MAX_KNOWN: Final = 10_000
"""Largest number of posts of a listing that are remembered, and looked at again."""

MAX_ODD: Final = 500
"""Entries of a listing that are no posts, such as defects, which are remembered so that each is reported once."""

_FUTURE_MS: Final = 24 * HOUR_MS


class RedditPart(NamedTuple):
    """A listing that is read.

    Parameters
    ----------
    name
        Last part of its path, and name of the part in gaps.
    kind
        Beginning of the names of its entries.
    """

    name: str
    kind: str


POSTS: Final = RedditPart("new", "t3")
COMMENTS: Final = RedditPart("comments", "t1")


class ListingProgress:
    """The progress in one listing.

    Parameters
    ----------
    part
        The listing.
    saved
        What an earlier position has of it.
    reread_hours
        Age up to which posts are remembered beyond the newest ones.

    Attributes
    ----------
    newest, newest_ms
        Name of the newest post that was read, and when it was written; empty and 0 if none was.
    floor_ms
        Unknown posts from before it were read and are forgotten, or are from before the first reading.
    known
        Posts that were read, the newest last.
    """

    def __init__(self, part: RedditPart, saved: Any, reread_hours: float) -> None:
        fields = saved if isinstance(saved, dict) else {}
        self.part = part
        self._keep_ms = round(reread_hours * HOUR_MS)
        self.newest = str(fields.get("newest", ""))
        self.newest_ms = number_in(fields, "newest_ms")
        self.floor_ms = number_in(fields, "floor_ms")
        seen = fields.get("seen")
        names = seen.split() if isinstance(seen, str) else []
        self.known: dict[str, Known] = dict(_restored(name, part.kind) for name in names[-MAX_KNOWN:])
        self._odd: RecentSet[str] = RecentSet(MAX_ODD)

    def begin(self, things: Sequence[Thing], now_ms: int) -> None:
        """Note where the first reading begins."""
        if not things:
            self.newest_ms = now_ms
        self.floor_ms = min((each.known.created_ms for each in things), default=0)

    def take(self, thing: Thing, now_ms: int, *, any_age: bool = False) -> Item | None:
        """Remember a thing, and return what is new of it; None if nothing is.

        Parameters
        ----------
        thing
            The thing.
        now_ms
            The clock, milliseconds since the epoch.
        any_age
            Whether it may be from before `floor_ms` and not have been read.
        """
        item = change(thing, self.known.get(thing.name))
        is_old = 0 < thing.known.created_ms < self.floor_ms  # without a usable time it is a bad record
        if thing.name not in self.known and is_old and not any_age:
            item = Skipped("backdated")
        self.known[thing.name] = thing.known
        if self.newest_ms < thing.known.created_ms <= now_ms + _FUTURE_MS:
            self.newest, self.newest_ms = thing.name, thing.known.created_ms
        return item

    def take_odd(self, odd: Odd) -> Item | None:
        """Remember an entry that is no post, and return what it is; None if it was reported before."""
        return odd.item if self._odd.add_new(odd.key) else None

    def forget(self, now_ms: int) -> None:
        """Forget the oldest posts that are neither among the newest nor looked at again."""
        while len(self.known) > SAVED:
            name, known = next(iter(self.known.items()))
            if len(self.known) <= MAX_KNOWN and known.created_ms >= now_ms - self._keep_ms:
                return
            self.floor_ms = max(self.floor_ms, known.created_ms)
            del self.known[name]

    def as_json(self) -> dict[str, Any]:
        """Return the progress as a part of the position."""
        dropped = list(islice(self.known.values(), max(0, len(self.known) - SAVED)))
        saved = [_saved(*each) for each in islice(self.known.items(), len(dropped), None)]
        return {
            "newest": self.newest,
            "newest_ms": self.newest_ms,
            "floor_ms": max(self.floor_ms, *(known.created_ms for known in dropped[-1:]), 0),
            "seen": " ".join(filter(None, saved)),
        }


class RedditProgress:
    """The state that becomes the position of a batch.

    Parameters
    ----------
    settings
        Settings of the source.
    position
        The position of an earlier batch; None for a source that has never been read.

    Attributes
    ----------
    listings
        Progress in each listing.
    unreadable
        Since when a subreddit that is not readable may have posts that were not read, milliseconds since the epoch.
    """

    def __init__(self, settings: RedditSettings, position: Position | None) -> None:
        saved = position or {}
        parts = (POSTS, COMMENTS) if settings.comments else (POSTS,)
        self.listings = [ListingProgress(part, saved.get(part.name), settings.reread_hours) for part in parts]
        found = saved.get("unreadable")
        closed: dict[str, Any] = found if isinstance(found, dict) else {}
        self.unreadable = {name: number_in(closed, name) for name in closed if name in settings.subreddits}

    def as_position(self) -> Position:
        """Return the position."""
        position: dict[str, Any] = {each.part.name: each.as_json() for each in self.listings}
        return position | ({"unreadable": dict(self.unreadable)} if self.unreadable else {})


def _saved(name: str, known: Known) -> str:
    """Return a post in a position: its id, ``-`` if it has no author, ``~`` and the second of its newest version.

    >>> _saved("t3_hozvuc", Known(1, 1_594_424_700_000, "anonymous")), _saved("t3_hozvuc", Known(state="there"))
    ('hozvuc-~1594424700', 'hozvuc')
    """
    if known.state == "removed":
        return ""
    edited = f"~{known.edited_ms // 1000}" if known.edited_ms else ""
    return name.partition("_")[2] + ("-" if known.state == "anonymous" else "") + edited


def _restored(saved: str, kind: str) -> tuple[str, Known]:
    """Return the name of a post of a position, and what is known of it; when it was written is not.

    >>> _restored("hozvuc-~1594424700", "t3")
    ('t3_hozvuc', Known(created_ms=0, edited_ms=1594424700999, state='anonymous', absences=0))
    """
    name, _, edited = saved.partition("~")
    is_number = edited.isascii() and edited.isdecimal() and len(edited) <= 12
    edited_ms = int(edited) * 1000 + 999 if is_number else 0
    return f"{kind}_{name.rstrip('-')}", Known(0, edited_ms, "anonymous" if name.endswith("-") else "there")
