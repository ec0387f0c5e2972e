"""Reads a listing of Reddit from its newest entry back to a moment, and finds out whether it reaches that moment.

Reddit's listings are in order of time, and end after some 1,000 entries. Asking for what is ``before`` an entry would
need fewer requests, but answers with nothing for ever once that entry was deleted; so a moment is compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.errors import SourceUnavailable
from streams.sources.live.reddit.things import Odd, Thing, read_thing

if TYPE_CHECKING:
    from streams.records.gaps import GapCause
    from streams.sources.live.reddit.api import RedditApi

PAGE: Final = 100
"""Largest page."""

MAX_ENTRIES: Final = 1_100
"""Entries after which no more are asked for; Reddit itself ends a listing sooner."""

_SIZES: Final = (PAGE, 10, 1)
"""Sizes of pages, of which the next is tried where one can't be used: what a single entry spoils gets small."""

_UNUSABLE: Final = frozenset({"bad_body", "too_large"})
_MAX_REQUESTS: Final = 60
_LAST: Final = 3
_ENOUGH: Final = 2
"""Of the last entries so many must be older than a moment for it to be reached: Reddit sometimes shows an old entry
among new ones."""


class Listing(NamedTuple):
    """What was read of a listing.

    Parameters
    ----------
    things
        Posts, the newest first.
    others
        Entries that are no posts.
    is_whole
        Whether it has all entries that there are.
    cause
        Why it ends.
    """

    things: list[Thing]
    others: list[Odd]
    is_whole: bool
    cause: GapCause = "no_overlap"

    def missing(self, since_ms: int) -> tuple[int, int] | None:
        """Return the span after a moment of which entries may be missing, None if all of them are there."""
        newer = [each.known.created_ms for each in self.things if each.known.created_ms > since_ms]
        if self.is_whole or not newer or self.reaches(since_ms) or self._ends_by(since_ms):
            return None
        return since_ms, min(newer)

    def reaches(self, since_ms: int) -> bool:
        """Return whether it goes back beyond a moment."""
        last = self.things[-_LAST:]
        return sum(0 < each.known.created_ms < since_ms for each in last) >= _ENOUGH

    def _ends_by(self, since_ms: int) -> bool:
        return self.cause == "no_overlap" and bool(self.things) and self.things[-1].known.created_ms <= since_ms


async def read_back(api: RedditApi, path: str, since_ms: int | None, *, include_reposts: bool) -> Listing:
    """Read a listing back to a moment.

    Parameters
    ----------
    api
        The API.
    path
        Path of the listing, such as ``/r/nordtel+acme/new``.
    since_ms
        The moment, milliseconds since the epoch; None for the newest page alone.
    include_reposts
        Whether crossposts are posts.

    Raises
    ------
    SourceError
        If a page can't be read; one that an entry spoils is an end of the listing, if there is anything before it.
    """
    found: dict[str, Thing] = {}
    others: list[Odd] = []
    sizes = list(_SIZES)
    after, tried = "", 0
    for _ in range(_MAX_REQUESTS):
        query = {"limit": str(sizes[0])} | ({"after": after} if after else {})
        try:
            children, following = entries_of(await api.get(path, query), api.source)
        except SourceUnavailable as error:
            if error.reason not in _UNUSABLE or (len(sizes) == 1 and not found):
                raise
            if len(sizes) == 1:
                return Listing(list(found.values()), others, is_whole=False, cause="oversized")
            sizes.pop(0)
            continue
        for child in children:
            each = read_thing(child, include_reposts=include_reposts)
            if isinstance(each, Thing):
                found.setdefault(each.name, each)
            else:
                others.append(each)
        listing = Listing(list(found.values()), others, is_whole=False)
        if since_ms is None or listing.reaches(since_ms):
            return listing
        if not children and after and tried < _LAST and len(found) > tried + 1:
            tried += 1  # the entry to continue after was deleted meanwhile
            after = listing.things[-1 - tried].name
        elif not following or following == after or len(found) + len(others) >= MAX_ENTRIES:
            return listing._replace(is_whole=not following and len(found) + len(others) < PAGE)
        else:
            after, tried = following, 0
    return Listing(list(found.values()), others, is_whole=False)


def entries_of(page: dict[str, Any], source: str) -> tuple[list[Any], str]:
    """Return the entries of a page, and the name to continue after, empty if there is none.

    Raises
    ------
    SourceUnavailable
        If the page is no listing.
    """
    data = page.get("data")
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(children, list):
        raise SourceUnavailable(source, "bad_body", "Reddit answers with what is no listing")
    after = data.get("after")
    return children, after if isinstance(after, str) else ""
